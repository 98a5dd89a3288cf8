import type { FieldError } from './field-error.ts';
import type { GroupResource, KubeObject, UntypedObject } from './object-meta.ts';
import type { SignatureVerifier } from './signature.ts';
import type { Status } from './status.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** Every verb, in the order discovery lists them. */
export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/**
 * A column of `kubectl get`, as upstream's printers define it (pkg/printers/internalversion).
 * `priority` 0 is always shown, 1 only with `-o wide`. The first column (`Name`, format `name`)
 * is declared by each kind like any other.
 */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description: string;
  readonly priority?: number;
}

/** A cell's value. Ages are printed by the server as `5m`, relative to `now`. */
export type Cell = string | number | boolean | null;

export interface TableDefinition<T> {
  readonly columns: readonly PrinterColumn[];
  /** One row's cells in column order. `now` in ms since the epoch. */
  cells(object: T, now: number): readonly Cell[];
  /** How the rows of a list are ordered, where not by name. Lists that come in parts are ordered part by part. */
  order?(a: T, b: T): number;
}

/** What a user may do with requests to a signer of certificates. Source: certificates.k8s.io signers. */
export type SignerVerb = 'approve' | 'sign' | 'attest';

/** Whether the writer may do what a write turns out to need beyond itself. */
export interface FurtherAuthorization {
  /** The request's own: `update` or `patch`. */
  readonly verb: string;
  /** The request's own. */
  readonly namespace: string;
  /** Why not; undefined: allowed. */
  refusal(permission: Permission): string | undefined;
}

/** On the request's resource unless it names another. An empty namespace: in all of them; an empty name: on all objects. */
export interface Permission {
  readonly verb: string;
  /** With `resource`: of something else than what is written. */
  readonly apiGroup?: string;
  readonly resource?: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** What a strategy may know beyond the object. No I/O. */
export interface StrategyContext {
  /** ms since the epoch. */
  readonly now: number;
  readonly user: {
    readonly username: string;
    readonly groups: readonly string[];
    readonly uid?: string;
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  /** Whether the user may use that signer; absent: no. */
  readonly mayUseSigner?: (verb: SignerVerb, signerName: string) => boolean;
  /** Absent: no signature can be verified, so none is taken. */
  readonly verifySignature?: SignatureVerifier | undefined;
  /** The labels of the request's namespace; undefined where that is not known. */
  namespaceLabels?(): Readonly<Record<string, string>> | undefined;
  /** Absent: the writer may do everything. */
  readonly authorization?: FurtherAuthorization;
  /** The apiVersion the request came in (`events.k8s.io/v1`); the stored form's when absent. */
  readonly apiVersion?: string;
}

/**
 * Rules of one way to write a kind: the object itself, or one of its subresources.
 * `next` is always a private copy and may be changed in place; `previous` never.
 */
export interface UpdateStrategy<T> {
  /** Puts back what this path may not change (e.g. status on a main update, spec on a status update). */
  prepareForUpdate?(next: T, previous: T, context: StrategyContext): void;
  /** All errors of the new object, those of forbidden changes included. */
  validateUpdate(next: T, previous: T, context: StrategyContext): FieldError[];
  /** Warnings for the `Warning` header. */
  warnings?(next: T, previous: T | undefined): string[];
}

/** `scale` of a kind: where it keeps replicas and its selector. Source: autoscaling/v1 Scale. */
export interface ScaleSubresource<T> {
  replicas(object: T): number;
  statusReplicas(object: T): number;
  /** The label selector in its string form. */
  selector(object: T): string;
  setReplicas(object: T, replicas: number): void;
}

/** How one of a kind's served versions differs from its stored form. */
export interface ServedVersion {
  readonly group: string;
  readonly version: string;
  /** Type name in the generated field table, e.g. `EventsV1Event`. */
  readonly schema: string;
  /** Whole-object conversions; both take a private copy. Absent: the stored form, with other apiVersion. */
  toStored?(object: UntypedObject): UntypedObject;
  fromStored?(object: UntypedObject): UntypedObject;
  /** Defaulting of this version's wire form, if it differs from the stored form's. */
  defaults?(object: UntypedObject): void;
  /**
   * The field labels this version's field selectors may use, each with the stored form's name for it
   * (`regarding.name` → `involvedObject.name`). Absent: those of the stored form.
   */
  readonly fieldLabels?: Readonly<Record<string, string>>;
}

/**
 * Values that are unique over the whole cluster (service addresses, node ports), as one request sees
 * them: what is taken stays taken for the rest of the batch if the request succeeds.
 */
export interface ValuePool {
  /** Takes that value, or says in upstream's words why it cannot be had. */
  claim(value: string): string | undefined;
  /** Takes a free value; undefined when none is left. */
  next(): string | undefined;
}

/** Names of the pools. Source: registry/core/service ipallocator, portallocator. */
export type PoolName = 'clusterIPs' | 'nodePorts';
export type ValuePools = Readonly<Record<PoolName, ValuePool>>;

/** How a kind draws from cluster-wide pools. Source: registry/core/service/storage (beginCreate, beginUpdate). */
export interface PoolAllocation<T> {
  /**
   * Fills `next` from the pools, or refuses the request. Runs after mutating admission and before
   * prepareForCreate/prepareForUpdate, on the object itself only (not on status).
   */
  allocate(next: T, previous: T | undefined, pools: ValuePools): Status | undefined;
  /** The values a stored object holds; they are free again once it does not, or is gone. */
  held(object: T): Readonly<Record<PoolName, readonly string[]>>;
  /** At most how many values, and which by name, writing this decoded body may take. */
  demand(body: T): Readonly<Record<PoolName, { readonly count: number; readonly named: readonly string[] }>>;
}

/** What graceful deletion of a kind means (pods; others are removed at once). */
export interface GracefulDeletion<T> {
  /**
   * The grace period in seconds for this delete, or 0 for removal at once.
   * Source: registry/core/pod/strategy.go CheckGracefulDelete.
   */
  gracePeriodSeconds(object: T, requested: number | undefined): number;
}

/**
 * A kind whose deletion waits for more than metadata.finalizers and is marked in its status
 * (namespaces: spec.finalizers, phase Terminating). Source: registry/core/namespace/storage.
 */
export interface HeldDeletion<T> {
  /** True while the object may not be removed yet. */
  isHeld(object: T): boolean;
  /** Marks a private copy on its first delete; the registry sets deletionTimestamp. */
  markDeleting(object: T): void;
}

/**
 * Everything the system knows about a built-in kind. A kind is data: routes, discovery, OpenAPI,
 * tables, the registry's verbs and the generic tests derive from it.
 *
 * Write path (upstream's order): decode → `defaults` → mutating admission → `prepareForCreate`/
 * `prepareForUpdate` → `validate`/`validateUpdate` → validating admission → store.
 */
export interface ResourceDefinition<T extends KubeObject = UntypedObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  readonly verbs: readonly Verb[];
  /** Storage key: `plural` or `plural.group`. */
  readonly key: GroupResource;
  /** Type name in the generated field table (client-node's), e.g. `V1Pod`. */
  readonly schema: string;
  /** Other versions or groups under which the same stored objects are served. */
  readonly alsoServed: readonly ServedVersion[];

  /** Upstream's name rule; returns messages (empty: fine). `prefix` when checking generateName. */
  validateName(name: string, prefix: boolean): string[];
  /** Sets defaults in place on a decoded object of the stored version. */
  defaults?(object: T): void;
  /** Clears what a client may not set, sets what creation sets (phase, generation is the registry's). */
  prepareForCreate?(object: T, context: StrategyContext): void;
  /** All errors but those of ObjectMeta, which the registry checks for every kind. */
  validate(object: T, context: StrategyContext): FieldError[];
  readonly update: UpdateStrategy<T>;
  /** Present when the kind has a `status` subresource. */
  readonly status?: UpdateStrategy<T>;
  readonly scale?: ScaleSubresource<T>;
  /**
   * Further subresources that are the same object written under other rules (`finalize`,
   * `ephemeralcontainers`, `resize`, `approval`): get, update and patch.
   */
  readonly updateSubresources: Readonly<Record<string, UpdateStrategy<T>>>;

  /** What every request to the kind is warned of, e.g. `v1 Endpoints is deprecated in v1.33+; …`. */
  readonly deprecation?: string;

  /** True: PUT to a missing name creates it. */
  readonly allowCreateOnUpdate: boolean;
  /** True: an update without resourceVersion overwrites. */
  readonly allowUnconditionalUpdate: boolean;
  /**
   * True: the registry sets metadata.generation to 1 on create and raises it when anything but
   * metadata and status changes (and on the first delete of an object kept by finalizers or grace).
   */
  readonly hasGeneration: boolean;
  readonly gracefulDeletion?: GracefulDeletion<T>;
  readonly heldDeletion?: HeldDeletion<T>;
  readonly poolAllocation?: PoolAllocation<T>;
  /** True: a delete answers the object as it was, not a Status (pods, services, serviceaccounts). */
  readonly returnsDeletedObject: boolean;
  /**
   * What a delete without propagationPolicy does; `Unsupported`: never finalized by the garbage
   * collector (events). Source: each strategy's DefaultGarbageCollectionPolicy.
   */
  readonly defaultPropagation: 'Background' | 'Orphan' | 'Unsupported';

  /** Fields beyond metadata.name and metadata.namespace that field selectors may use, with values. */
  selectableFields?(object: T): Record<string, string>;
  /** The names `selectableFields` can give, so that an unknown one is refused. */
  readonly selectableFieldNames: readonly string[];
  /** What is said of a field label the kind does not have, where upstream has words of its own for it. */
  unknownFieldLabel?(label: string): string;
  readonly table: TableDefinition<T>;
}

type Defaulted =
  | 'listKind'
  | 'shortNames'
  | 'categories'
  | 'verbs'
  | 'key'
  | 'alsoServed'
  | 'updateSubresources'
  | 'allowCreateOnUpdate'
  | 'allowUnconditionalUpdate'
  | 'hasGeneration'
  | 'returnsDeletedObject'
  | 'defaultPropagation'
  | 'selectableFieldNames';

export type ResourceOptions<T extends KubeObject> = Omit<ResourceDefinition<T>, Defaulted> &
  Partial<Pick<ResourceDefinition<T>, Defaulted>>;

/** Declares a kind, filling in what most kinds share. */
export function defineResource<T extends KubeObject>(options: ResourceOptions<T>): ResourceDefinition<T> {
  return {
    listKind: `${options.kind}List`,
    shortNames: [],
    categories: [],
    verbs: ALL_VERBS,
    key: options.group ? `${options.plural}.${options.group}` : options.plural,
    alsoServed: [],
    updateSubresources: {},
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: true,
    hasGeneration: false,
    returnsDeletedObject: false,
    defaultPropagation: 'Background',
    selectableFieldNames: [],
    ...options,
  };
}
