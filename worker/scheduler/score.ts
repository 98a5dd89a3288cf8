import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

export const SCORE_MAX = 100;

/** One preference among the nodes that fit. */
export interface Score {
  readonly name: string;
  readonly weight: number;
  /** Looks at the pod once; undefined when it has no such preference. */
  prepare(pod: PodInfo, snapshot: Snapshot): NodeScorer | undefined;
}

export interface NodeScorer {
  score(node: NodeInfo): number;
  /** Brings raw scores into 0..SCORE_MAX, in place; absent: they are there already. */
  normalize?(scores: number[]): void;
}

/** In proportion to the highest; `reverse` where a high raw score is bad. Source: plugins/helper DefaultNormalizeScore. */
export function normalizeByMax(scores: number[], reverse: boolean): void {
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  for (let i = 0; i < scores.length; i++) {
    const part = max === 0 ? 0 : Math.trunc((SCORE_MAX * (scores[i] as number)) / max);
    scores[i] = reverse ? SCORE_MAX - part : part;
  }
}
