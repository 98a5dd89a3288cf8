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

/** Not ready and alive until shown otherwise; not started until known. */
export const initialProbeState = (kind: ProbeKind): ProbeState => ({
  verdict: kind === 'liveness' ? 'success' : kind === 'readiness' ? 'failure' : 'unknown',
  last: undefined,
  run: 0,
});

/** One more result; the verdict flips only at its threshold. */
export function afterProbe(state: ProbeState, result: 'success' | 'failure', thresholds: ProbeThresholds): ProbeState {
  const run = state.last === result ? state.run + 1 : 1;
  const reached = run >= (result === 'success' ? thresholds.success : thresholds.failure);
  return { verdict: reached ? result : state.verdict, last: result, run };
}
