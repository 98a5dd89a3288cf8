/**
 * The store as one batch sees it: reads see the batch's own writes; nothing reaches storage before
 * `flush`, so that a failed request is undone in memory and leaves its neighbours alone.
 */
import { encodeObject } from '../../schema/meta/encode-object.ts';
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import { requestEntityTooLarge, type Status } from '../../schema/meta/status.ts';
import { textAtRevision } from '../../schema/meta/text-at-revision.ts';
import type { Change, SelectableMeta } from '../../schema/protocol/change.ts';
import { LeasedPools, type LeaseMark } from '../../schema/protocol/value-lease.ts';
import type { StoreTransaction } from '../registry/transaction.ts';
import type { ShardStore } from '../storage/shard-store.ts';
import {
  type Body,
  type Entry,
  OBJECT_CACHE_BYTES_MAX,
  ObjectDirectory,
  ownersText,
  parseOwners,
} from './object-directory.ts';

/** Of one object's text in UTF-8. Source: etcd --max-request-bytes. */
export const OBJECT_BYTES_MAX = 1_572_864;

/**
 * Of that text and what lies beside it in a row to be looked at alone: 2 MB, less what names and a seal
 * take. A larger row would fail the whole batch. Source: Cloudflare's limits of SQLite in Durable Objects.
 */
const ROW_BYTES_MAX = 2_000_000 - 16_384;

/** The reserved span is used up: the request has to be repeated under a larger one. */
export class SpanExhausted extends Error {}

/** A put that storage cannot take; the request is undone and answered with the status. */
export class WriteRefused extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

/** One change of the running batch, with the parsed states for the controllers. */
export interface PendingChange extends Change {
  readonly object: UntypedObject;
  readonly previousObject: UntypedObject | undefined;
  readonly previousBody: Body | undefined;
}

/** UTF-8 takes at most three bytes for a UTF-16 unit: short texts need not be measured. */
const isLonger = (texts: readonly string[], bytesMax: number): boolean =>
  texts.reduce((sum, { length }) => sum + length, 0) * 3 > bytesMax &&
  texts.reduce((sum, text) => sum + new TextEncoder().encode(text).byteLength, 0) > bytesMax;

const tooLarge = (bytesMax: number): WriteRefused =>
  new WriteRefused(requestEntityTooLarge(`Request entity too large: limit is ${bytesMax}`));

/** A point to come back to. */
export interface Mark {
  readonly journal: number;
  readonly changes: number;
  readonly next: number;
  readonly lease: LeaseMark;
}

interface Undo {
  readonly entry: Entry;
  /** Undefined: the entry did not exist. */
  readonly before: Omit<Entry, 'resource' | 'name'> | undefined;
}

export interface WorkingSetOptions {
  readonly namespace: string;
  readonly store: ShardStore;
  /** What selectors look at; see SelectableMeta. */
  selectable(resource: GroupResource, object: UntypedObject): SelectableMeta;
  /** The shard's copy of cluster-scoped configuration. Not asked by the cluster shard. */
  config(resource: GroupResource, name: string): UntypedObject | undefined;
  configList?(resource: GroupResource): readonly UntypedObject[];
}

export class WorkingSet implements StoreTransaction {
  readonly namespace: string;
  readonly #options: WorkingSetOptions;
  readonly #directory: ObjectDirectory;
  #next = 0;
  #last = -1;
  #journal: Undo[] = [];
  #changes: PendingChange[] = [];
  #textLength = 0;
  #pools = new LeasedPools(undefined);

  constructor(options: WorkingSetOptions) {
    this.namespace = options.namespace;
    this.#options = options;
    this.#directory = new ObjectDirectory(options.store.objectHeads());
  }

  /** Starts a batch under the revisions `first` to `last`. */
  begin(first: number, last: number, pools = new LeasedPools(undefined)): void {
    this.#pools = pools;
    this.#next = first;
    this.#last = last;
    this.#journal = [];
    this.#changes = [];
    this.#textLength = 0;
  }

  /** The cluster-wide values leased to the batch. */
  get pools(): LeasedPools {
    return this.#pools;
  }

  /** Revisions left. */
  room(): number {
    return this.#last - this.#next + 1;
  }

  mark(): Mark {
    return {
      journal: this.#journal.length,
      changes: this.#changes.length,
      next: this.#next,
      lease: this.#pools.mark(),
    };
  }

  /** Undoes everything since the mark. */
  rollback(mark: Mark): void {
    while (this.#journal.length > mark.journal) this.#undo(this.#journal.pop() as Undo);
    this.#changes.length = mark.changes;
    this.#next = mark.next;
    this.#pools.restore(mark.lease);
  }

  /** Characters of text the batch has written, undone ones included. */
  textLength(): number {
    return this.#textLength;
  }

  /** The batch's changes so far, oldest first. */
  changes(): readonly PendingChange[] {
    return this.#changes;
  }

  /** Writes the batch to storage. Within the store's transaction. */
  flush(): void {
    const { store } = this.#options;
    const touched = new Map<Entry, boolean>();
    for (const { entry, before } of this.#journal) if (!touched.has(entry)) touched.set(entry, before !== undefined);
    // An entry that was removed and created again is two entries of one key: the later one decides.
    for (const [entry, existed] of touched) {
      const live = this.#directory.get(entry.resource, entry.name);
      if (live === entry) this.#flushEntry(entry);
      else if (existed && live === undefined) store.removeObject(entry.resource, entry.name);
    }
    for (const change of this.#changes) {
      store.appendChange({
        revision: change.revision,
        type: change.type,
        resource: change.resource,
        name: change.name,
        previousMeta: change.previousBody?.metaText ?? null,
        previousText: change.previousBody?.text ?? null,
      });
    }
  }

  /** After the flush: the batch is over, memory is trimmed. */
  end(): void {
    this.begin(0, -1);
    this.#directory.trim(OBJECT_CACHE_BYTES_MAX);
  }

  /** Every resource that has objects. */
  resources(): readonly GroupResource[] {
    return this.#directory.resources();
  }

  /** How many objects of the resource there are. */
  count(resource: GroupResource): number {
    return this.#directory.list(resource).length;
  }

  get(resource: GroupResource, name: string): UntypedObject | undefined {
    const entry = this.#directory.get(resource, name);
    return entry && this.#object(entry);
  }

  list(resource: GroupResource): readonly UntypedObject[] {
    return this.#directory.list(resource).map((entry) => this.#object(entry));
  }

  ownedBy(uid: string, resource?: GroupResource): readonly { resource: GroupResource; object: UntypedObject }[] {
    const entries = [...this.#directory.ownedBy(uid)].filter(
      (entry) => resource === undefined || entry.resource === resource,
    );
    return entries.map((entry) => ({ resource: entry.resource, object: this.#object(entry) }));
  }

  unowned(resource: GroupResource): readonly UntypedObject[] {
    return [...this.#directory.unowned(resource)].map((entry) => this.#object(entry));
  }

  byUid(uid: string): { resource: GroupResource; object: UntypedObject } | undefined {
    const entry = this.#directory.byUid(uid);
    return entry && { resource: entry.resource, object: this.#object(entry) };
  }

  config(resource: GroupResource, name: string): UntypedObject | undefined {
    return this.namespace === '' ? this.get(resource, name) : this.#options.config(resource, name);
  }

  configList(resource: GroupResource): readonly UntypedObject[] {
    return this.namespace === '' ? this.list(resource) : (this.#options.configList?.(resource) ?? []);
  }

  put(resource: GroupResource, object: UntypedObject, isForOwners = false): UntypedObject {
    const name = object.metadata.name ?? '';
    if (name === '') throw new Error(`an object of ${resource} without a name cannot be stored`);
    const refusal = this.#options.store.refusal(resource);
    if (refusal) throw new WriteRefused(refusal);
    const revision = this.#nextRevision();
    object.metadata.resourceVersion = String(revision);
    let text = encodeObject(object);
    if (isLonger([text], OBJECT_BYTES_MAX) && object.metadata.managedFields && !isForOwners) {
      delete object.metadata.managedFields;
      text = encodeObject(object);
    }
    if (isLonger([text], OBJECT_BYTES_MAX)) throw tooLarge(OBJECT_BYTES_MAX);
    const meta = this.#options.selectable(resource, object);
    const metaText = JSON.stringify(meta);
    if (isLonger([text, metaText, ownersText(object)], ROW_BYTES_MAX)) throw tooLarge(ROW_BYTES_MAX);
    const body: Body = { text, meta, metaText, object };
    const existing = this.#directory.get(resource, name);
    const previousBody = existing && this.#body(existing);
    if (existing) this.#replace(existing, revision, body);
    else this.#create(resource, name, revision, body);
    this.#append({ type: existing ? 'MODIFIED' : 'ADDED', resource, name, revision, body, previousBody });
    return object;
  }

  remove(resource: GroupResource, name: string): UntypedObject {
    const entry = this.#directory.get(resource, name);
    if (!entry) throw new Error(`${resource} ${name} is not there to be removed`);
    const previousBody = this.#body(entry);
    const revision = this.#nextRevision();
    const text = textAtRevision(previousBody.text, revision);
    const object = JSON.parse(text) as UntypedObject;
    const body: Body = { ...previousBody, object, text };
    this.#journal.push({ entry, before: { ...entry } });
    this.#directory.unlink(entry);
    this.#append({ type: 'DELETED', resource, name, revision, body, previousBody });
    return object;
  }

  #append(written: {
    type: Change['type'];
    resource: GroupResource;
    name: string;
    revision: number;
    body: Body;
    previousBody: Body | undefined;
  }): void {
    const { type, resource, name, revision, body, previousBody } = written;
    this.#textLength += body.text.length;
    this.#changes.push({
      revision,
      type,
      resource,
      namespace: this.namespace,
      name,
      text: body.text,
      meta: body.meta,
      ...(type === 'MODIFIED' && previousBody
        ? { previous: { text: previousBody.text, meta: previousBody.meta } }
        : {}),
      object: body.object,
      previousObject: previousBody?.object,
      previousBody,
    });
  }

  #nextRevision(): number {
    if (this.#next > this.#last) throw new SpanExhausted(`all revisions up to ${this.#last} are used`);
    return this.#next++;
  }

  #create(resource: GroupResource, name: string, revision: number, body: Body): void {
    const entry: Entry = {
      resource,
      name,
      revision,
      uid: body.object.metadata.uid ?? '',
      ...parseOwners(ownersText(body.object)),
      body,
    };
    this.#journal.push({ entry, before: undefined });
    this.#directory.link(entry);
    this.#directory.use(entry);
  }

  #replace(entry: Entry, revision: number, body: Body): void {
    this.#journal.push({ entry, before: { ...entry } });
    this.#assign(entry, {
      revision,
      uid: body.object.metadata.uid ?? '',
      ...parseOwners(ownersText(body.object)),
      body,
    });
  }

  #assign(entry: Entry, state: Omit<Entry, 'resource' | 'name'>): void {
    this.#directory.unindex(entry);
    const { revision, uid, controller, owners, body } = state;
    Object.assign(entry, { revision, uid, controller, owners, body });
    this.#directory.index(entry);
    this.#directory.use(entry);
  }

  #undo({ entry, before }: Undo): void {
    if (before === undefined) this.#directory.unlink(entry);
    else if (this.#directory.get(entry.resource, entry.name) === entry) this.#assign(entry, before);
    else {
      this.#directory.link(entry);
      this.#directory.use(entry);
    }
  }

  #flushEntry(entry: Entry): void {
    const body = this.#body(entry);
    this.#options.store.putObject({
      resource: entry.resource,
      name: entry.name,
      revision: entry.revision,
      uid: entry.uid,
      owners: ownersText(body.object),
      meta: body.metaText,
      text: body.text,
    });
  }

  #body(entry: Entry): Body {
    return this.#directory.body(entry, (resource, name) => this.#options.store.object(resource, name));
  }

  #object(entry: Entry): UntypedObject {
    return this.#body(entry).object;
  }
}
