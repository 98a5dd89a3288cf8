/** A store transaction in memory: the test double of the registry's and the controllers' tests. */
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { StoreTransaction } from './transaction.ts';

export interface MemoryChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: GroupResource;
  readonly object: UntypedObject;
}

export class MemoryTransaction implements StoreTransaction {
  readonly namespace: string;
  /** What was written, in order. */
  readonly changes: MemoryChange[] = [];
  /** Cluster-scoped objects that `config` shows. */
  readonly configuration: { resource: GroupResource; object: UntypedObject }[] = [];
  readonly #objects = new Map<GroupResource, Map<string, UntypedObject>>();
  #revision: number;

  constructor(namespace: string, firstRevision = 1) {
    this.namespace = namespace;
    this.#revision = firstRevision - 1;
  }

  get(resource: GroupResource, name: string): UntypedObject | undefined {
    return this.#objects.get(resource)?.get(name);
  }

  list(resource: GroupResource): readonly UntypedObject[] {
    const objects = [...(this.#objects.get(resource)?.values() ?? [])];
    return objects.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  }

  ownedBy(uid: string, resource?: GroupResource): readonly { resource: GroupResource; object: UntypedObject }[] {
    return this.#all().filter(
      (entry) =>
        (!resource || entry.resource === resource) &&
        entry.object.metadata.ownerReferences?.some((owner) => owner.uid === uid),
    );
  }

  byUid(uid: string): { resource: GroupResource; object: UntypedObject } | undefined {
    return this.#all().find((entry) => entry.object.metadata.uid === uid);
  }

  config(resource: GroupResource, name: string): UntypedObject | undefined {
    if (this.namespace === '') return this.get(resource, name);
    return this.configuration.find((entry) => entry.resource === resource && entry.object.metadata.name === name)
      ?.object;
  }

  configList(resource: GroupResource): readonly UntypedObject[] {
    if (this.namespace === '') return this.list(resource);
    return this.configuration.filter((entry) => entry.resource === resource).map(({ object }) => object);
  }

  put(resource: GroupResource, object: UntypedObject): UntypedObject {
    const stored = cloneJson(object);
    stored.metadata.resourceVersion = String(++this.#revision);
    const objects = this.#objects.get(resource) ?? new Map<string, UntypedObject>();
    this.#objects.set(resource, objects);
    const name = stored.metadata.name ?? '';
    this.changes.push({ type: objects.has(name) ? 'MODIFIED' : 'ADDED', resource, object: stored });
    objects.set(name, stored);
    return stored;
  }

  remove(resource: GroupResource, name: string): UntypedObject {
    const existing = this.get(resource, name);
    if (!existing) throw new Error(`${resource} ${name} is not there to be removed`);
    const last = { ...existing, metadata: { ...existing.metadata, resourceVersion: String(++this.#revision) } };
    this.#objects.get(resource)?.delete(name);
    this.changes.push({ type: 'DELETED', resource, object: last });
    return last;
  }

  #all(): { resource: GroupResource; object: UntypedObject }[] {
    return [...this.#objects].flatMap(([resource, objects]) =>
      [...objects.values()].map((object) => ({ resource, object })),
    );
  }
}
