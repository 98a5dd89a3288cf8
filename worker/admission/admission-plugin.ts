import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { StoreReader } from '../registry/transaction.ts';

/** What an admission plugin sees of a write. Source: apiserver's admission.Attributes. */
export interface AdmissionAttributes {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly resource: GroupResource;
  readonly subresource: string;
  /** Kind of the written object, e.g. `Pod`. */
  readonly kind: string;
  readonly namespace: string;
  /** Empty on a create by generateName until the name is made. */
  readonly name: string;
  /** The object to be stored (or the body of a subresource, e.g. a Binding); `admit` may change it. Absent on delete. */
  readonly object?: UntypedObject;
  /** The stored object. Absent on create. */
  readonly oldObject?: UntypedObject;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** On DELETE. */
  readonly deleteOptions?: DeleteOptions;
}

/** What a plugin may use that is neither the request nor the store. */
export interface AdmissionContext {
  /** ms since the epoch. */
  readonly now: number;
  /** `length` random characters of upstream's safe alphabet. */
  randomSuffix(length: number): string;
  /** Collects texts for the `Warning` header. */
  warn?(text: string): void;
}

/**
 * One admission plugin. `admit` may change `attributes.object`, `validate` only looks; both run inside
 * the shard's transaction and are synchronous. A returned Status refuses the request.
 */
export interface AdmissionPlugin {
  readonly name: string;
  admit?(attributes: AdmissionAttributes, reader: StoreReader, context: AdmissionContext): Status | undefined;
  validate?(attributes: AdmissionAttributes, reader: StoreReader, context: AdmissionContext): Status | undefined;
}
