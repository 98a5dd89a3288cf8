/**
 * The one shape of a namespaced controller. It runs inside the shard's commit, on the transaction's
 * own view, whenever an object it is `for`, one that such an object owns, or one that `watches` maps
 * to it has changed: no cache can be stale and no conflict can occur.
 */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';
import type { StoreReader } from '../registry/transaction.ts';

/** A Kubernetes Event to record about an object; repeats are counted on one Event (as client-go's correlator does). */
export interface EventRecord {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `reportingController` and `source.component`, e.g. `deployment-controller`. */
  readonly component: string;
  readonly regarding: UntypedObject;
}

/** A write a controller decides on. They pass the registry: defaulting, admission, validation. */
export type ControllerWrite = (
  | { readonly op: 'create'; readonly resource: GroupResource; readonly object: UntypedObject }
  /** Replaces the object (or only its status); the view's object was current, so no conflict is possible. */
  | {
      readonly op: 'update';
      readonly resource: GroupResource;
      readonly object: UntypedObject;
      readonly subresource?: 'status' | 'finalize';
    }
  | {
      readonly op: 'delete';
      readonly resource: GroupResource;
      readonly name: string;
      readonly options?: DeleteOptions;
    }
  | { readonly op: 'event'; readonly event: EventRecord }
) & {
  /** What to do instead, should the registry refuse (quota, validation). The rest of the pass is dropped and the key retried later. */
  readonly onRefused?: (status: Status) => readonly ControllerWrite[];
  /** Follow-up once it went through, given the stored object. */
  readonly onDone?: (stored: UntypedObject) => readonly ControllerWrite[];
};

export interface ReconcileResult {
  readonly writes: readonly ControllerWrite[];
  /** Look again at this time (ms since the epoch) even if nothing changes. */
  readonly requeueAt?: number;
}

export interface ControllerContext {
  /** ms since the epoch. */
  readonly now: number;
  /** A random lower-case suffix of `length` from upstream's safe alphabet. */
  randomSuffix(length: number): string;
}

export interface Controller {
  readonly name: string;
  /** Keys are names of objects of this resource. */
  readonly for: GroupResource;
  /** A change of such an object is a change of its controller owner, if that is of resource `for`. */
  readonly owns: readonly GroupResource[];
  /** Other objects whose changes concern this controller, and whom. `previous` is absent on creation. */
  readonly watches?: readonly {
    /** `*`: every resource. */
    readonly resource: GroupResource;
    keys(
      object: UntypedObject,
      previous: UntypedObject | undefined,
      view: StoreReader,
      type: 'ADDED' | 'MODIFIED' | 'DELETED',
      resource: GroupResource,
    ): readonly string[];
  }[];
  /** Called also when the object is gone (`view.get` gives undefined). One pass writes spec or status, never both. */
  reconcile(view: StoreReader, name: string, context: ControllerContext): ReconcileResult;
}

export const defineController = (controller: Controller): Controller => controller;
