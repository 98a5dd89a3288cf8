/**
 * The contract between the shard, which commits batches, and the controllers' runtime, which runs
 * inside them. See `run-controllers.ts` for the runtime itself.
 */
import type { GroupResource, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Result } from '../../../schema/meta/status.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import type { Controller, ControllerContext, ControllerWrite } from '../controller.ts';

/** One `put` or `remove` of the running transaction. */
export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: GroupResource;
  readonly name: string;
  /** After the change; for DELETED the last state. */
  readonly object: UntypedObject;
  /** Before the change; absent for ADDED. */
  readonly previous?: UntypedObject;
}

/** One (controller, key) that is to be looked at. */
export interface WorkItem {
  readonly controller: string;
  readonly key: string;
  /** How often in a row it failed or was throttled; absent: never. */
  readonly failures?: number;
}

/** When a (controller, key) is to be looked at again although nothing changes. Replaces the key's earlier timer. */
export interface ControllerTimer extends WorkItem {
  /** ms since the epoch; undefined: the key needs no timer any more, forget an earlier one. */
  readonly at: number | undefined;
}

/** A bug or a refusal worth a line in the log; the key is retried by a timer. */
export interface ControllerFailure extends WorkItem {
  readonly message: string;
}

/** The writes the runtime passes on: events have become creates and updates of `events`. */
export type AppliedWrite = Exclude<ControllerWrite, { readonly op: 'event' }>;

export interface ControllerRun {
  readonly controllers: readonly Controller[];
  readonly view: StoreReader;
  readonly context: ControllerContext;
  /** Continued from the batch before, due timers, and what activation or drain ask for. */
  readonly work: readonly WorkItem[];
  /**
   * Every `put` and `remove` of the transaction since the last call, oldest first: at the first call
   * the callers' own writes, later what the controllers wrote.
   */
  takeChanges(): readonly ObjectChange[];
  /** Through the registry: defaulting, admission, validation, storing. Under `system:controller:<controller>`. */
  applyWrite(write: AppliedWrite, controller: string): Result<UntypedObject>;
  /** False once the batch has no room (revisions, time, bytes) for another write. Asked before each. */
  hasRoom(): boolean;
}

export interface ControllerRunResult {
  /** Not reached: to be given as `work` to the next batch, which should follow at once. */
  readonly work: readonly WorkItem[];
  /** To be persisted in the same transaction. At most one per key. */
  readonly timers: readonly ControllerTimer[];
  readonly failures: readonly ControllerFailure[];
}
