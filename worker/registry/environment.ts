/**
 * What the registry needs from outside: time, randomness, the kinds and the admission chain. The
 * shard composes one per batch; everything in it is synchronous.
 */
import type { GroupResource, KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition, SignerVerb, ValuePools } from '../../schema/meta/resource.ts';
import type { SignatureVerifier } from '../../schema/meta/signature.ts';
import type { Result, Status } from '../../schema/meta/status.ts';
import type { DeleteOptions, WriteRequest } from '../../schema/protocol/shard.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { StoreReader, StoreTransaction } from './transaction.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** What admission plugins see. Source: apiserver pkg/admission Attributes. */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation;
  readonly resource: GroupResource;
  readonly definition: ResourceDefinition;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** Empty while `generateName` has not been resolved (mutating plugins on create). */
  readonly name: string;
  /** Empty for cluster-scoped resources. */
  readonly namespace: string;
  /** The new object in its stored form (a Scale, Binding … on those subresources); mutating plugins change it in place. Absent on DELETE. */
  readonly object: KubeObject | undefined;
  /** The stored object on UPDATE and DELETE. */
  readonly oldObject: UntypedObject | undefined;
  readonly deleteOptions: DeleteOptions | undefined;
  readonly dryRun: boolean;
  readonly user: UserInfo;
  /** Of the Node of a user that is a node; absent: there is none. */
  readonly writerNodeUid: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** Whether the user may use that signer of certificates. */
  mayUseSigner(verb: SignerVerb, signerName: string): boolean;
  /** Adds a text to the `Warning` headers of the answer. */
  warn(text: string): void;
  /** Adds an annotation to the request's audit event (not to the object); the first value of a key counts. */
  annotate(key: string, value: string): void;
  /**
   * A write to be done together with the request's own, should that come to pass (what quotas count).
   * For validating plugins.
   */
  alsoWrite(write: (tx: StoreTransaction) => void): void;
}

/** The plugins in upstream's order; a Status refuses the request. */
export interface AdmissionChain {
  admit(attributes: AdmissionAttributes, reader: StoreReader): Status | undefined;
  validate(attributes: AdmissionAttributes, reader: StoreReader): Status | undefined;
}

/** Lets everything pass; for tests of other parts. */
export const openAdmission: AdmissionChain = { admit: () => undefined, validate: () => undefined };

/**
 * A subresource that is written by creating an object of its own kind on it (pods/binding,
 * pods/eviction): it decides from the decoded body, writes last, and gives the object to answer.
 */
export interface CreateSubresource {
  readonly resource: GroupResource;
  readonly subresource: string;
  /** The body's apiVersion, kind and type name in the field table. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: string;
  create(
    request: WriteRequest & { verb: 'create'; name: string },
    body: UntypedObject,
    tx: StoreTransaction,
    env: RegistryEnvironment,
  ): Result<KubeObject>;
}

export interface RegistryEnvironment {
  /** ms since the epoch; one value for the whole batch. */
  readonly now: number;
  newUid(): string;
  /** A random lower-case suffix of `length` from upstream's safe alphabet. */
  randomSuffix(length: number): string;
  definition(resource: GroupResource): ResourceDefinition | undefined;
  createSubresource(resource: GroupResource, subresource: string): CreateSubresource | undefined;
  readonly admission: AdmissionChain;
  /** Absent: signatures cannot be verified, so none is taken. */
  readonly verifySignature?: SignatureVerifier;
  /**
   * The cluster-wide values leased to this batch; absent where no lease is at hand. Then (and when the
   * lease does not suffice) a kind that draws values makes the request fail with `LeaseExhausted`, to be
   * repeated under a larger lease.
   */
  readonly pools?: ValuePools;
}
