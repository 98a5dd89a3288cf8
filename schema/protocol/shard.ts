/**
 * What the API Worker and the hub ask of a shard. All messages are plain data: they cross Worker RPC.
 * Bodies travel as JSON text, already decoded from YAML or protobuf and checked against the kind's
 * field table by the API Worker.
 */
import type { GroupResource, KubeObject } from '../meta/object-meta.ts';
import type { Permission } from '../meta/resource.ts';
import type { Status } from '../meta/status.ts';
import type { Change, SelectableMeta } from './change.ts';
import type { SealReport } from './seal-report.ts';
import type { UserInfo } from './user-info.ts';

/** meta/v1 DeleteOptions, decoded. */
export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  preconditions?: { uid?: string; resourceVersion?: string };
  orphanDependents?: boolean;
  dryRun?: string[];
}

/** What every request to objects carries. */
export interface RequestTarget {
  readonly resource: GroupResource;
  /** The served apiVersion of the request (`v1`, `events.k8s.io/v1`); the answer is in this version. */
  readonly apiVersion: string;
  /** Empty for cluster-scoped resources. */
  readonly namespace: string;
  readonly subresource?: string;
  readonly user: UserInfo;
}

/** What the authorizer said to a permission that a write turned out to need. */
export interface Verdict {
  readonly permission: Permission;
  /** Why not; absent: allowed. */
  readonly refusal?: string;
}

interface WriteBase extends RequestTarget {
  readonly dryRun: boolean;
  /** Of the Node of a user that is a node, where pods are created: their shard holds no Nodes. Absent: there is none. */
  readonly writerNodeUid?: string | undefined;
  /** Answers to the questions of an earlier try. */
  readonly verdicts?: readonly Verdict[];
  /** Never empty: the query's fieldManager, or the user agent's first part. */
  readonly fieldManager: string;
}

/** How unknown and duplicate fields that a patch brings are treated. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export type WriteRequest =
  | (WriteBase & { readonly verb: 'create'; readonly name?: string; readonly body: string })
  | (WriteBase & {
      readonly verb: 'update';
      readonly name: string;
      readonly body: string;
      /** The authorizer's refusal to create, which counts if the PUT would have to (kinds with create on update). */
      readonly createRefused?: Status;
    })
  | (WriteBase & {
      readonly verb: 'patch';
      readonly name: string;
      readonly patchType: PatchType;
      /** The patch as JSON; an apply's configuration too, whatever it came as. */
      readonly body: string;
      readonly force: boolean;
      readonly fieldValidation: FieldValidation;
      /** An apply's: what strict decoding found, in upstream's words. */
      readonly strictError?: string;
      /** An apply's: the authorizer's refusal to create, which counts if it would have to. */
      readonly createRefused?: Status;
      /** The resourceVersion the object must have, or '' where there must be none: else 409. */
      readonly onlyAt?: string;
    })
  | (WriteBase & { readonly verb: 'delete'; readonly name: string; readonly options: DeleteOptions })
  | (WriteBase & {
      readonly verb: 'deletecollection';
      readonly options: DeleteOptions;
      readonly labelSelector: string;
      readonly fieldSelector: string;
    });

export interface GetRequest extends RequestTarget {
  readonly verb: 'get';
  readonly name: string;
  readonly resourceVersion: string;
}

export interface ListRequest extends RequestTarget {
  readonly verb: 'list';
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
}

export type ReadRequest = GetRequest | ListRequest;

/** An HTTP answer to be: a status code and JSON text (an object, a list or a Status). */
export interface Answer {
  readonly code: number;
  readonly body: string;
  readonly warnings?: readonly string[];
  /** The write waits for verdicts on these and has done nothing: it is to be sent again with them. */
  readonly questions?: readonly Permission[];
  /** What admission says for the audit log. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** How watch events are to be written. `table` and `partial` need no knowledge of the client. */
export type WatchFormat = 'object' | 'table' | 'partial';

/** A watch's parameters; sent as JSON in the `x-zeroplane-watch` header of a `fetch` to shard or hub. */
export interface WatchRequest {
  readonly resource: GroupResource;
  readonly apiVersion: string;
  /** Empty: all namespaces (hub), or a cluster-scoped resource (cluster shard). */
  readonly namespace: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'NotOlderThan';
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** Seconds after which the server ends the watch; always set. */
  readonly timeoutSeconds: number;
  readonly format: WatchFormat;
  /** `table` only: whether rows carry Object, Metadata or None. */
  readonly includeObject?: 'Object' | 'Metadata' | 'None';
}

/** The shard's RPC surface. Watches come by `fetch` (see WatchRequest), all else by these. */
export interface ShardRpc {
  write(request: WriteRequest): Promise<Answer>;
  /** Independent writes in one call, answered in order: bindings, status reports. */
  writeAll(requests: readonly WriteRequest[]): Promise<readonly Answer[]>;
  read(request: ReadRequest): Promise<Answer>;
  /** Independent reads in one call, answered in order: what the hub's mailboxes deliver to a node. */
  readAll(requests: readonly ReadRequest[]): Promise<readonly Answer[]>;
  /** Live objects of one resource as of `revision` (exactly), in name order, after `afterName`. */
  snapshot(request: SnapshotRequest): Promise<SnapshotPage>;
  /** The same as part of a list's text: what the hub puts together for lists over all namespaces. */
  listPart(request: ListPartRequest): Promise<ListPart>;
  /** Changes with `after < revision <= through`, oldest first; `expired` when history no longer reaches. */
  changesBetween(request: ChangesRequest): Promise<ChangesPage>;
  /** Asked by the hub about a span that stays open, and at a new epoch. */
  resolveSpans(request: ResolveRequest): Promise<ResolveReply>;
  /** Asks a namespace's shard to delete all it holds (namespace life cycle); says what remains. */
  drain(request: DrainRequest): Promise<DrainReply>;
  /** Tells a namespace's shard that its Namespace exists: what every namespace has from its start is created. */
  activate(): Promise<void>;
  /** Dependents of a cluster-scoped owner that is gone. */
  ownerDeleted(uid: string): Promise<void>;
  /** Cluster shard only: the configuration a namespace's shard keeps a copy of. */
  config(request: ConfigRequest): Promise<ConfigReply>;
  /** Goes on bringing rows under the key that seals at present, and says how far that is. */
  sealing(): Promise<SealReport>;
  /** Cluster shard only: resolves once the objects every cluster has from its start are there. */
  ready(): Promise<boolean>;
}

export interface SnapshotRequest {
  readonly resource: GroupResource;
  readonly revision: number;
  readonly afterName: string;
  /** 0: no limit but the page's bytes; below 0: no items, only `remaining`. */
  readonly limit: number;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface SnapshotPage {
  /** Stored JSON text and selectors of each object, in name order. */
  readonly items: readonly { readonly name: string; readonly text: string; readonly meta: SelectableMeta }[];
  readonly more: boolean;
  /** When `more`: the `afterName` of the next page. */
  readonly lastName: string;
  /** Objects after `lastName`, whatever the selectors say. */
  readonly remaining: number;
  /** True: `revision` is older than the kept history. */
  readonly expired: boolean;
  /** An object cannot be opened: the page is empty and this is the answer. */
  readonly unreadable?: Status;
}

export interface ListPartRequest extends SnapshotRequest {
  /** Items are written in this version. */
  readonly apiVersion: string;
}

export interface ListPart {
  /** List items, separated by commas. */
  readonly text: string;
  readonly count: number;
  readonly more: boolean;
  /** When `more`: the `afterName` of the next part. */
  readonly lastName: string;
  /** Objects after `lastName`, whatever the selectors say. */
  readonly remaining: number;
  readonly expired: boolean;
  /** An object cannot be opened: the page is empty and this is the answer. */
  readonly unreadable?: Status;
}

export interface ChangesRequest {
  readonly resource: GroupResource | undefined;
  readonly after: number;
  readonly through: number;
}

export interface ChangesPage {
  readonly changes: readonly Change[];
  /** All changes up to here are in; below the request's `through` when the page is full: ask again. */
  readonly through: number;
  /** The history does not reach back to `after`; then there are no changes. */
  readonly expired: boolean;
  /** An object cannot be opened: the page is empty and this is the answer. */
  readonly unreadable?: Status;
}

export interface ResolveRequest {
  readonly epoch: number;
  /** The changes above this revision are wanted. */
  readonly releasedThrough: number;
  /** The highest revision handed out: every reservation up to it that was not committed is void from now on. */
  readonly through: number;
}

/** After it, the shard commits nothing under a reservation of a revision up to the request's `through`. */
export interface ResolveReply {
  /** Committed ones with `releasedThrough < revision <= complete`, oldest first. */
  readonly changes: readonly Change[];
  /** The request's `through`, or less when the message is full: ask again from there. */
  readonly complete: number;
  /** Some of them are no longer in the history: the hub cannot go on with its stream. */
  readonly expired?: boolean;
}

/** The cluster-scoped objects that commits in a namespace depend on. Asked of the cluster shard. */
export interface ConfigRequest {
  /** The namespace whose own Namespace object is wanted. */
  readonly namespace: string;
  /** The copy must be at least as new as this. */
  readonly revision: number;
}

export interface ConfigReply {
  /** The copy is current as of this revision. */
  readonly revision: number;
  readonly objects: readonly { readonly resource: GroupResource; readonly name: string; readonly text: string }[];
}

export interface DrainRequest {
  readonly namespaceUid: string;
}

export interface DrainReply {
  /** Objects left, by resource, with the finalizers that hold them. */
  readonly remaining: Readonly<Record<GroupResource, number>>;
  readonly finalizers: Readonly<Record<string, number>>;
}

export type { KubeObject };
