import type { RequestMetrics } from './metrics/request-metrics.ts';

/** What the composition root gives the request path. */
export interface HttpRuntime {
  readonly metrics: RequestMetrics;
  /** ms since the epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Unpredictable bytes, for credentials. */
  randomBytes(count: number): Uint8Array;
  newUid(): string;
  sleep(ms: number): Promise<void>;
  /** Goes on with a task when the request that began it has been answered. */
  background(task: Promise<void>): void;
  /** What `task` comes to, or `late()` when it takes longer than `ms`; the task itself goes on. */
  within<T>(ms: number, task: Promise<T>, late: () => T): Promise<T>;
}
