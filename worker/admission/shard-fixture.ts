/** A namespace's shard in memory with the whole admission chain, for the plugins' tests. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { Answer, WriteRequest } from '../../schema/protocol/shard.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import { definitionOf, definitionOfKind } from '../../schema/resources/lookup.ts';
import type { RegistryEnvironment } from '../registry/environment.ts';
import { executeWrite } from '../registry/execute.ts';
import { MemoryTransaction } from '../registry/memory-transaction.ts';
import { findCreateSubresource } from '../registry/subresources/create-subresources.ts';
import { admissionChain } from './chain.ts';

export const NOW = Date.parse('2026-11-21T12:00:00Z');

const groupOf = (apiVersion: string): string => apiVersion.split('/').slice(0, -1).join('/');

export class ShardFixture {
  readonly tx = new MemoryTransaction('shop', 10);
  now = NOW;
  #serial = 0;
  #seen = 0;
  readonly #states = new Map<string, UntypedObject>();

  /** `configuration`: cluster-scoped objects; the Namespace is there anyway, with these labels. */
  constructor(labels: Record<string, string> = {}, configuration: readonly UntypedObject[] = []) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } };
    for (const object of [namespace, ...configuration]) {
      const resource = definitionOfKind(groupOf(object.apiVersion), object.kind)?.key ?? '';
      this.tx.configuration.push({ resource, object });
    }
    this.tx.put('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
  }

  environment(): RegistryEnvironment {
    return {
      now: this.now,
      newUid: () => `uid-${++this.#serial}`,
      randomSuffix: (length) => 'x'.repeat(length),
      definition: definitionOf,
      createSubresource: findCreateSubresource,
      admission: admissionChain({ randomSuffix: (length) => 'abcdefgh'.slice(0, length) }),
      verifySignature: () => true,
    };
  }

  write(request: Partial<WriteRequest> & Pick<WriteRequest, 'resource' | 'verb'>): Answer {
    const definition = definitionOf(request.resource);
    const apiVersion = definition?.group ? `${definition.group}/${definition.version}` : 'v1';
    const common = { apiVersion, namespace: 'shop', user: systemUser('test'), dryRun: false, fieldManager: 'test' };
    return executeWrite({ ...common, ...request } as WriteRequest, this.tx, this.environment());
  }

  /** Creates as after decoding: with defaults. */
  create(resource: string, body: object, request: object = {}): Answer {
    const object = structuredClone(body) as UntypedObject;
    if (!('subresource' in request)) definitionOf(resource)?.defaults?.(object);
    return this.write({ resource, verb: 'create', body: JSON.stringify(object), ...request } as never);
  }

  update(resource: string, body: UntypedObject, request: object = {}): Answer {
    const name = body.metadata.name ?? '';
    return this.write({ resource, verb: 'update', name, body: JSON.stringify(body), ...request } as never);
  }

  /** What has changed since the last call, as controllers are told. */
  takeChanges() {
    const fresh = this.tx.changes.slice(this.#seen);
    this.#seen = this.tx.changes.length;
    return fresh.map(({ type, resource, object }) => {
      const name = object.metadata.name ?? '';
      const previous = this.#states.get(`${resource}/${name}`);
      this.#states.set(`${resource}/${name}`, object);
      return { type, resource, name, object, ...(type === 'MODIFIED' && previous ? { previous } : {}) };
    });
  }

  /** The stored object as a copy that may be changed. */
  stored(resource: string, name: string): UntypedObject {
    return structuredClone(this.tx.get(resource, name)) as UntypedObject;
  }
}

/** What a request that went through answered. */
export function accepted<T = UntypedObject>(answer: Answer): T {
  if (answer.code >= 300) throw new Error(answer.body);
  return JSON.parse(answer.body) as T;
}

export const refused = (answer: Answer): Status => JSON.parse(answer.body) as Status;

export const podOf = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
});

/** A pod of one container with these resources. */
export const sizedPod = (name: string, resources: object, spec: object = {}) =>
  podOf(name, { containers: [{ name: 'main', image: 'nginx', resources }], ...spec });
