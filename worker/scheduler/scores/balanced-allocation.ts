import { SCORE_MAX, type Score } from '../score.ts';

/** Half the distance between the used shares of CPU and memory: 0 is balanced. */
function imbalance(milliCpu: number, memoryBytes: number, cpuCapacity: number, memoryCapacity: number): number {
  if (cpuCapacity === 0 || memoryCapacity === 0) return 0;
  return Math.abs(Math.min(1, milliCpu / cpuCapacity) - Math.min(1, memoryBytes / memoryCapacity)) / 2;
}

/** Prefers nodes whose use of CPU and memory the pod evens out. Source: plugins/noderesources/balanced_allocation.go. */
export const balancedAllocation: Score = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare({ requested: { milliCpu, memoryBytes } }) {
    if (milliCpu === 0 && memoryBytes === 0) return undefined;
    return {
      score({ requested, allocatable }) {
        const cpu = allocatable.milliCpu;
        const memory = allocatable.memoryBytes;
        const before = imbalance(requested.milliCpu, requested.memoryBytes, cpu, memory);
        const after = imbalance(requested.milliCpu + milliCpu, requested.memoryBytes + memoryBytes, cpu, memory);
        const balance = (share: number) => Math.trunc((1 - share) * SCORE_MAX);
        return SCORE_MAX / 2 + Math.trunc((SCORE_MAX / 2 + balance(after) - balance(before)) / 2);
      },
    };
  },
};
