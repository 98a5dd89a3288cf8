/**
 * A part of the hub that follows the merged stream: the scheduler's cache, node mailboxes, node life
 * cycle. Consumers are restored from the shards when the hub wakes and then see every released change
 * of their resources once, in revision order.
 */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { Answer, ReadRequest, WriteRequest } from '../../schema/protocol/shard.ts';

export interface HubConsumer {
  readonly resources: ReadonlySet<GroupResource>;
  /** Those of `resources` that `restore` needs; absent: all. What is left out is only followed. */
  readonly restored?: ReadonlySet<GroupResource>;
  /** All live objects of `resources` as ADDED changes, as of `revision`. Called once, before `apply`. */
  restore(objects: readonly Change[], revision: number): void;
  /** Released changes of `resources`, in order. Must not throw; may call `HubServices`. */
  apply(changes: readonly Change[], revision: number): void;
  /** The hub's alarm, at least every second while anything asked for it. */
  tick?(now: number): void;
}

/** What the hub offers its consumers. */
export interface HubServices {
  now(): number;
  /** Independent writes, grouped by shard, one call each; answers in the order given. Never rejects. */
  writeAll(requests: readonly WriteRequest[]): Promise<readonly Answer[]>;
  /** Reads of the latest state, grouped by shard, one call each; answers in the order given. Never rejects. */
  readAll(requests: readonly ReadRequest[]): Promise<readonly Answer[]>;
  /** Calls `tick` of all consumers no later than `at` (ms since the epoch). */
  wakeAt(at: number): void;
  /** Runs after the current batch of changes was given to every consumer; keeps the hub awake meanwhile. */
  defer(task: () => Promise<void>): void;
}
