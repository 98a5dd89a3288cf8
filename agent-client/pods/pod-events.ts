import type { Pod } from './pod.ts';

/** Takes events about pods; where they go is the node's matter. */
export interface PodEvents {
  /** `container`: the event is about that container. */
  pod(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void;
}
