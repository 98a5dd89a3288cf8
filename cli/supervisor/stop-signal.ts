export interface StopSignal {
  readonly requested: boolean;
  readonly signalled: Promise<void>;
}

/** Ctrl-C, `zeroplane down`, or the terminal going away. */
export function stopSignal(): StopSignal {
  let requested = false;
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        requested = true;
        resolve();
      });
    }
  });
  return {
    get requested() {
      return requested;
    },
    signalled,
  };
}
