/**
 * A namespaced shard's copy of the cluster-scoped objects that its commits depend on. The reserve reply
 * says how new it must be; a batch refreshes it before it commits.
 */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ConfigReply } from '../../schema/protocol/shard.ts';

/** Cluster-scoped kinds that admission and controllers in namespaces look at (beside the Namespace itself). */
export const CONFIG_RESOURCES: readonly GroupResource[] = [
  'priorityclasses.scheduling.k8s.io',
  'runtimeclasses.node.k8s.io',
  'storageclasses.storage.k8s.io',
  'ingressclasses.networking.k8s.io',
  'deviceclasses.resource.k8s.io',
];

const configured: ReadonlySet<GroupResource> = new Set(['namespaces', ...CONFIG_RESOURCES]);

/** Whether namespaces' commits depend on objects of that kind. */
export const isConfigResource = (resource: GroupResource): boolean => configured.has(resource);

export class ConfigCopy {
  readonly #fetch: (revision: number) => Promise<ConfigReply>;
  #revision = -1;
  #objects: ReadonlyMap<string, UntypedObject> = new Map();

  /** `fetch` asks the cluster shard. */
  constructor(fetch: (revision: number) => Promise<ConfigReply>) {
    this.#fetch = fetch;
  }

  /** Throws for kinds that are not copied: there they are never found. */
  get(resource: GroupResource, name: string): UntypedObject | undefined {
    if (!isConfigResource(resource)) throw new Error(`${resource} is not copied to the namespaces' shards`);
    return this.#objects.get(`${resource}\n${name}`);
  }

  /** All copied objects of a kind. */
  list(resource: GroupResource): readonly UntypedObject[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${resource}\n`)).map(([, object]) => object);
  }

  /** Makes the copy at least as new as `revision`; rejects when the cluster shard does not answer. */
  async refresh(revision: number): Promise<void> {
    if (this.#revision >= revision) return;
    const reply = await this.#fetch(revision);
    this.#revision = reply.revision;
    this.#objects = new Map(
      reply.objects.map(({ resource, name, text }) => [`${resource}\n${name}`, JSON.parse(text) as UntypedObject]),
    );
  }
}
