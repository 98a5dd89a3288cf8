/** A namespace's shard for tests: a store in memory, and a registry that knows just what the tests need. */
import { cloneJson } from '../../../schema/meta/json-value.ts';
import type { GroupResource, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { alreadyExists, fail, notFound, ok, type Result, type Status } from '../../../schema/meta/status.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import { MemoryTransaction } from '../../registry/memory-transaction.ts';
import type { Controller } from '../controller.ts';
import type { AppliedWrite, ControllerFailure, ControllerTimer, ObjectChange, WorkItem } from './controller-run.ts';
import { runControllers } from './run-controllers.ts';

export class TestShard {
  readonly store = new MemoryTransaction('shop');
  now = Date.UTC(2026, 0, 1);
  /** Refuses a write instead of applying it. */
  refuse: (write: AppliedWrite) => Status | undefined = () => undefined;
  readonly writes: AppliedWrite[] = [];
  readonly failures: ControllerFailure[] = [];
  timers = new Map<string, ControllerTimer>();
  pending: readonly WorkItem[] = [];
  readonly #controllers: readonly Controller[];
  readonly #changes: ObjectChange[] = [];
  #serial = 0;

  constructor(controllers: readonly Controller[]) {
    this.#controllers = controllers;
  }

  /** Runs the controllers until nothing is left to do, in batches of at most `roomPerBatch` writes. */
  settle(work: readonly WorkItem[] = [], roomPerBatch = Number.POSITIVE_INFINITY): void {
    this.pending = work;
    for (let batch = 0; batch < 1000; batch++) {
      this.batch(roomPerBatch);
      if (this.pending.length === 0) return;
    }
    throw new Error('the controllers do not come to rest');
  }

  /** One batch. */
  batch(room: number): void {
    let left = room;
    const result = runControllers({
      controllers: this.#controllers,
      view: this.store,
      context: { now: this.now, randomSuffix: (length) => this.#suffix(length) },
      work: this.pending,
      takeChanges: () => this.#changes.splice(0),
      hasRoom: () => left > 0,
      applyWrite: (write) => {
        left -= 1;
        return this.apply(write);
      },
    });
    this.pending = result.work;
    this.failures.push(...result.failures);
    for (const timer of result.timers) {
      const key = `${timer.controller}/${timer.key}`;
      if (timer.at === undefined) this.timers.delete(key);
      else this.timers.set(key, timer);
    }
  }

  /** Lets time pass, running what falls due on the way. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = [...this.timers.values()]
        .filter(({ at }) => (at as number) <= end)
        .sort((a, b) => (a.at as number) - (b.at as number))[0];
      if (!next) break;
      this.now = Math.max(this.now, next.at as number);
      this.timers.delete(`${next.controller}/${next.key}`);
      this.settle([next]);
    }
    this.now = end;
  }

  apply(write: AppliedWrite): Result<UntypedObject> {
    const refusal = this.refuse(write);
    if (refusal) return fail(refusal);
    this.writes.push(write);
    switch (write.op) {
      case 'create':
        return this.#create(write.resource, cloneJson(write.object));
      case 'update':
        return this.#update(write.resource, cloneJson(write.object), write.subresource);
      case 'delete':
        return this.#delete(write);
    }
  }

  create(resource: GroupResource, object: UntypedObject): UntypedObject {
    return must(this.apply({ op: 'create', resource, object }));
  }

  /** Changes an object in place, as a client's update (or status update) would. */
  change<T = UntypedObject>(
    resource: GroupResource,
    name: string,
    edit: (object: T) => void,
    subresource?: 'status',
  ): void {
    const object = cloneJson(this.store.get(resource, name) as UntypedObject);
    edit(object as T);
    must(this.apply({ op: 'update', resource, object, ...(subresource ? { subresource } : {}) }));
  }

  remove(
    resource: GroupResource,
    name: string,
    options: { propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'; gracePeriodSeconds?: number } = {},
  ): void {
    must(this.apply({ op: 'delete', resource, name, options }));
  }

  events(): readonly string[] {
    return this.store.list('events').map((event) => `${event.reason}: ${event.message}`);
  }

  #create(resource: GroupResource, object: UntypedObject): Result<UntypedObject> {
    const { metadata } = object;
    metadata.name ??= `${metadata.generateName}${this.#suffix(5)}`;
    if (this.store.get(resource, metadata.name)) return fail(alreadyExists(resource, metadata.name));
    metadata.uid = `uid-${++this.#serial}`;
    metadata.namespace = 'shop';
    metadata.creationTimestamp = formatTime(this.now);
    metadata.generation = 1;
    delete object.status;
    if (resource === 'pods') object.status = { phase: 'Pending' };
    return ok(this.#put(resource, object));
  }

  #update(resource: GroupResource, object: UntypedObject, subresource: string | undefined): Result<UntypedObject> {
    const name = object.metadata.name ?? '';
    const stored = this.store.get(resource, name);
    if (!stored) return fail(notFound(resource, name));
    const next: UntypedObject =
      subresource === 'status' ? { ...object, spec: stored.spec } : { ...object, status: stored.status };
    if (JSON.stringify(next.spec) !== JSON.stringify(stored.spec)) {
      next.metadata = { ...next.metadata, generation: (stored.metadata.generation ?? 0) + 1 };
    }
    if (
      next.metadata.deletionTimestamp &&
      !next.metadata.finalizers?.length &&
      next.metadata.deletionGracePeriodSeconds === undefined
    ) {
      return ok(this.#take(resource, name));
    }
    return ok(this.#put(resource, next));
  }

  #delete({ resource, name, options }: AppliedWrite & { op: 'delete' }): Result<UntypedObject> {
    const stored = this.store.get(resource, name);
    if (!stored) return fail(notFound(resource, name));
    const next = cloneJson(stored);
    const { propagationPolicy } = options ?? {};
    const added =
      propagationPolicy === 'Foreground' ? ['foregroundDeletion'] : propagationPolicy === 'Orphan' ? ['orphan'] : [];
    const finalizers = [...new Set([...(next.metadata.finalizers ?? []), ...added])];
    const isGraceful = resource === 'pods' && options?.gracePeriodSeconds !== 0;
    if (finalizers.length === 0 && !isGraceful) return ok(this.#take(resource, name));
    next.metadata.deletionTimestamp ??= formatTime(this.now);
    if (isGraceful) next.metadata.deletionGracePeriodSeconds = 30;
    if (finalizers.length > 0) next.metadata.finalizers = finalizers;
    return ok(this.#put(resource, next));
  }

  #put(resource: GroupResource, object: UntypedObject): UntypedObject {
    const previous = this.store.get(resource, object.metadata.name ?? '');
    const stored = this.store.put(resource, object);
    const name = stored.metadata.name ?? '';
    this.#changes.push({ type: previous ? 'MODIFIED' : 'ADDED', resource, name, object: stored, previous });
    return stored;
  }

  #take(resource: GroupResource, name: string): UntypedObject {
    const previous = this.store.get(resource, name);
    const object = this.store.remove(resource, name);
    this.#changes.push({ type: 'DELETED', resource, name, object, previous });
    return object;
  }

  #suffix(length: number): string {
    return String(++this.#serial).padStart(length, '0');
  }
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.status.message);
  return result.value;
}
