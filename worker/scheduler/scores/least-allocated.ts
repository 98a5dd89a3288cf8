import { SCORE_MAX, type Score } from '../score.ts';

const freeShare = (requested: number, capacity: number): number =>
  requested > capacity ? 0 : Math.trunc(((capacity - requested) * SCORE_MAX) / capacity);

/** The emptier, the better: mean of CPU and memory. Source: plugins/noderesources/least_allocated.go. */
export const leastAllocated: Score = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepare: (pod) => ({
    score({ allocatable, scoredMilliCpu, scoredMemoryBytes }) {
      let sum = 0;
      let count = 0;
      if (allocatable.milliCpu > 0) {
        sum += freeShare(scoredMilliCpu + pod.scoredMilliCpu, allocatable.milliCpu);
        count += 1;
      }
      if (allocatable.memoryBytes > 0) {
        sum += freeShare(scoredMemoryBytes + pod.scoredMemoryBytes, allocatable.memoryBytes);
        count += 1;
      }
      return count === 0 ? 0 : Math.trunc(sum / count);
    },
  }),
};
