import type { Status } from '../../schema/meta/status.ts';
import type { AdmissionAttributes } from '../registry/environment.ts';
import type { StoreReader } from '../registry/transaction.ts';

export type { AdmissionAttributes };

/** What plugins use that is neither the request nor the store. */
export interface AdmissionContext {
  /** `length` random characters of upstream's safe alphabet. */
  randomSuffix(length: number): string;
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
