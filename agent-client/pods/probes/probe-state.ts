/** When a series of probe results counts. Pure. Source: kubelet prober/worker.go. */
export type ProbeKind = 'startup' | 'liveness' | 'readiness';
export type ProbeVerdict = 'success' | 'failure' | 'unknown';

export interface ProbeThresholds {
  readonly success: number;
  readonly failure: number;
}

export interface ProbeState {
  readonly verdict: ProbeVerdict;
  readonly last: 'success' | 'failure' | undefined;
  readonly run: number;
}

/** A container's last known state, when an agent takes it over from an earlier one. */
export interface KnownState {
  readonly started: boolean;
  readonly ready: boolean;
}

/** Not ready and alive until shown otherwise; not started until known. What was known before goes on. */
export const initialProbeState = (kind: ProbeKind, known?: KnownState): ProbeState => ({
  verdict: initialVerdict(kind, known),
  last: undefined,
  run: 0,
});

function initialVerdict(kind: ProbeKind, known: KnownState | undefined): ProbeVerdict {
  switch (kind) {
    case 'liveness':
      return 'success';
    case 'readiness':
      return known?.ready ? 'success' : 'failure';
    case 'startup':
      return known?.started ? 'success' : 'unknown';
  }
}

/** One more result; the verdict flips only at its threshold. */
export function afterProbe(state: ProbeState, result: 'success' | 'failure', thresholds: ProbeThresholds): ProbeState {
  const run = state.last === result ? state.run + 1 : 1;
  const reached = run >= (result === 'success' ? thresholds.success : thresholds.failure);
  return { verdict: reached ? result : state.verdict, last: result, run };
}
