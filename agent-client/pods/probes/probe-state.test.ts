import { expect, test } from 'vitest';
import { afterProbe, initialProbeState, type ProbeState } from './probe-state.ts';

const THRESHOLDS = { success: 2, failure: 3 };
const run = (state: ProbeState, results: string): string[] =>
  [...results].map((letter) => {
    state = afterProbe(state, letter === '+' ? 'success' : 'failure', THRESHOLDS);
    return state.verdict;
  });

test('readiness begins as failure, liveness as success, startup as unknown', () => {
  expect((['readiness', 'liveness', 'startup'] as const).map((kind) => initialProbeState(kind).verdict)).toEqual([
    'failure',
    'success',
    'unknown',
  ]);
});

test('a container that was ready stays so when another agent takes over', () => {
  const known = { started: true, ready: true };
  expect((['readiness', 'liveness', 'startup'] as const).map((kind) => initialProbeState(kind, known).verdict)).toEqual(
    ['success', 'success', 'success'],
  );
});

test('a verdict flips only at its threshold, and other results start the count anew', () => {
  expect(run(initialProbeState('readiness'), '+-++--+---')).toEqual([
    ...['failure', 'failure', 'failure', 'success'],
    ...['success', 'success', 'success', 'success', 'success', 'failure'],
  ]);
});
