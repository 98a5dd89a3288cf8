/** How simulated containers behave: delays, failures and ends, by options and by annotations of the pod. */

/** All delays in ms. Rates are probabilities from 0 to 1. */
export interface SimulatedOptions {
  readonly sandboxDelayMs: number;
  readonly pullDelayMs: number;
  readonly createDelayMs: number;
  readonly startDelayMs: number;
  readonly stopDelayMs: number;
  readonly sandboxFailureRate: number;
  readonly pullFailureRate: number;
  readonly startFailureRate: number;
  /** Images that are there from the start; all others have to be pulled. */
  readonly images: readonly string[];
  /** 0 to 1; drives every injected failure, so that a run can be repeated. */
  random(): number;
}

export const SIMULATED_DEFAULTS: Omit<SimulatedOptions, 'random'> = {
  sandboxDelayMs: 0,
  pullDelayMs: 0,
  createDelayMs: 0,
  startDelayMs: 0,
  stopDelayMs: 0,
  sandboxFailureRate: 0,
  pullFailureRate: 0,
  startFailureRate: 0,
  images: [],
};

/** Containers of pods with it end after that many ms: `simulated.zeroplane.dev/exit-after-ms`, one container by `/exit-after-ms.NAME`. */
export const EXIT_AFTER_ANNOTATION = 'simulated.zeroplane.dev/exit-after-ms';
/** With which code they end; 0 when absent. */
export const EXIT_CODE_ANNOTATION = 'simulated.zeroplane.dev/exit-code';
/** Pulls of this pod's images fail with the annotation's value as message. */
export const PULL_ERROR_ANNOTATION = 'simulated.zeroplane.dev/pull-error';

export interface SimulatedEnd {
  readonly afterMs: number;
  readonly exitCode: number;
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** When and how a container of a pod with these annotations ends by itself; init containers succeed at once by default. */
export function simulatedEnd(
  annotations: Readonly<Record<string, string>>,
  container: string,
  role: string,
): SimulatedEnd | undefined {
  const after = numberOf(annotations[`${EXIT_AFTER_ANNOTATION}.${container}`]);
  const general = role === 'main' ? numberOf(annotations[EXIT_AFTER_ANNOTATION]) : role === 'init' ? 0 : undefined;
  const afterMs = after ?? general;
  if (afterMs === undefined) return undefined;
  const code =
    numberOf(annotations[`${EXIT_CODE_ANNOTATION}.${container}`]) ??
    (role === 'main' ? numberOf(annotations[EXIT_CODE_ANNOTATION]) : 0);
  return { afterMs, exitCode: code ?? 0 };
}
