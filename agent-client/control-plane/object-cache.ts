/** What the control plane last said about everything that concerns the node. */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { PollReply, RemovedObject } from '../../schema/protocol/agent.ts';

export interface CacheChange {
  readonly resource: GroupResource;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Absent: it is gone. */
  readonly object?: UntypedObject;
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

export class ObjectCache {
  readonly #objects = new Map<GroupResource, Map<string, UntypedObject>>();

  get(resource: GroupResource, namespace: string, name: string): UntypedObject | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name));
  }

  list(resource: GroupResource, namespace?: string): UntypedObject[] {
    const all = [...(this.#objects.get(resource)?.values() ?? [])];
    return namespace === undefined ? all : all.filter((o) => o.metadata.namespace === namespace);
  }

  /** Fills the cache from the checkpoint. */
  restore(objects: readonly { readonly resource: GroupResource; readonly object: UntypedObject }[]): void {
    for (const { resource, object } of objects) this.put(resource, object);
  }

  put(resource: GroupResource, object: UntypedObject): void {
    const { namespace = '', name = '' } = object.metadata;
    const kept = this.#objects.get(resource) ?? new Map<string, UntypedObject>();
    kept.set(keyOf(namespace, name), object);
    this.#objects.set(resource, kept);
  }

  /** Takes a reply in; a full one replaces everything. The changes, removals first. */
  apply(reply: PollReply): CacheChange[] {
    const removed = [...reply.removed, ...(reply.full ? this.#missingFrom(reply) : [])];
    const changes: CacheChange[] = [];
    for (const gone of removed) {
      const kept = this.#objects.get(gone.resource);
      const key = keyOf(gone.namespace, gone.name);
      const object = kept?.get(key);
      // An object deleted and made again under its name has another uid: only the named one is gone.
      if (!object || (gone.uid && object.metadata.uid && object.metadata.uid !== gone.uid)) continue;
      kept?.delete(key);
      changes.push({
        resource: gone.resource,
        namespace: gone.namespace,
        name: gone.name,
        uid: object.metadata.uid ?? gone.uid,
      });
    }
    for (const { resource, object } of reply.objects) {
      const { namespace = '', name = '', uid = '' } = object.metadata;
      const before = this.get(resource, namespace, name);
      if (before?.metadata.resourceVersion === object.metadata.resourceVersion && before?.metadata.uid === uid)
        continue;
      if (before && before.metadata.uid !== uid)
        changes.push({ resource, namespace, name, uid: before.metadata.uid ?? '' });
      this.put(resource, object);
      changes.push({ resource, namespace, name, uid, object });
    }
    return changes;
  }

  #missingFrom(reply: PollReply): RemovedObject[] {
    const named = new Set(
      reply.objects.map(
        (o) => `${o.resource}|${keyOf(o.object.metadata.namespace ?? '', o.object.metadata.name ?? '')}`,
      ),
    );
    const missing: RemovedObject[] = [];
    for (const [resource, kept] of this.#objects) {
      for (const object of kept.values()) {
        const { namespace = '', name = '', uid = '' } = object.metadata;
        if (!named.has(`${resource}|${keyOf(namespace, name)}`)) missing.push({ resource, namespace, name, uid });
      }
    }
    return missing;
  }
}
