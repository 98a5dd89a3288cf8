import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Answer, ListRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import { LeasedPools } from '../../schema/protocol/value-lease.ts';
import { definitionOf } from '../../schema/resources/lookup.ts';
import { admissionChain } from '../admission/chain.ts';
import { rbacOpinion } from '../authz/rbac.ts';
import { aggregatedRules } from '../controllers/cluster-role-aggregation.ts';
import { executeWrite } from '../registry/execute.ts';
import { MemoryTransaction } from '../registry/memory-transaction.ts';
import { findCreateSubresource } from '../registry/subresources/create-subresources.ts';
import { apiEndpointSlice } from './api-service.ts';
import { bootstrapCluster } from './bootstrap-cluster.ts';
import { maintained } from './upkeep.ts';

const URL = 'https://192.0.2.7:6443';

/** Shards in memory, written through the real registry. */
function cluster() {
  const shards = new Map<string, MemoryTransaction>();
  const shard = (namespace: string): MemoryTransaction => {
    const known = shards.get(namespace);
    if (known !== undefined) return known;
    const made = new MemoryTransaction(namespace);
    for (const object of shards.get('')?.list('namespaces') ?? []) {
      made.configuration.push({ resource: 'namespaces', object });
    }
    shards.set(namespace, made);
    return made;
  };
  const writes: string[] = [];
  const random = (length: number) => 'x'.repeat(length);
  const execute = (request: WriteRequest): Answer => {
    writes.push(`${request.verb} ${request.resource}`);
    return executeWrite(request, shard(request.namespace), {
      now: 0,
      newUid: () => 'uid',
      randomSuffix: random,
      definition: definitionOf,
      createSubresource: findCreateSubresource,
      admission: admissionChain({ randomSuffix: random }),
      pools: new LeasedPools({
        clusterIPs: { free: [], named: ['10.96.0.1'], refused: {}, isFull: false },
        nodePorts: { free: [], named: [], refused: {}, isFull: false },
      }),
    });
  };
  // Ten items make a part.
  const list = ({ namespace, resource, continue: token }: ListRequest): Answer => {
    const from = Number(token);
    const items = shard(namespace).list(resource);
    const metadata = items.length > from + 10 ? { continue: String(from + 10) } : {};
    const part = items.slice(from, from + 10);
    return { code: 200, body: JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata, items: part }) };
  };
  return {
    shard,
    writes,
    run: (apiServerUrl = URL) =>
      bootstrapCluster(
        {
          serves: (resource) => definitionOf(resource) !== undefined,
          list: async (request) => list(request),
          writeAll: async (_namespace, requests) => requests.map(execute),
        },
        { apiServerUrl },
      ),
  };
}

describe('bootstrap', () => {
  it('makes what every cluster has', async () => {
    const { shard, run } = cluster();
    await run();
    expect(
      shard('')
        .list('namespaces')
        .map(({ metadata }) => metadata.name),
    ).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    expect(shard('kube-system').get('secrets', 'service-account-signing-keys')).toBeDefined();
    expect(shard('default').get('services', 'kubernetes')?.['spec']).toMatchObject({ clusterIP: '10.96.0.1' });
    expect(shard('default').get('endpointslices.discovery.k8s.io', 'kubernetes')).toMatchObject({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.7'] }],
      ports: [{ port: 6443 }],
    });
    expect(shard('').get('clusterroles.rbac.authorization.k8s.io', 'cluster-admin')?.metadata).toMatchObject({
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    });
    expect(shard('').list('priorityclasses.scheduling.k8s.io')).toHaveLength(2);
  });

  it('changes nothing when everything is there', async () => {
    const { run, writes } = cluster();
    await run();
    writes.length = 0;
    await run();
    expect(writes).toEqual([]);
  });

  it('follows the API to another address', async () => {
    const { run, shard, writes } = cluster();
    await run();
    writes.length = 0;
    await run('https://192.0.2.8:6443');
    expect(writes).toEqual(['update endpointslices.discovery.k8s.io', 'update endpoints']);
    expect(shard('default').get('endpointslices.discovery.k8s.io', 'kubernetes')).toMatchObject({
      endpoints: [{ addresses: ['192.0.2.8'] }],
    });
  });

  it('puts back a rule that was taken out of a default role', async () => {
    const { run, shard, writes } = cluster();
    await run();
    const key = 'clusterroles.rbac.authorization.k8s.io';
    const viewer = structuredClone(shard('').get(key, 'system:basic-user') as UntypedObject);
    viewer['rules'] = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
    shard('').put(key, viewer);
    writes.length = 0;
    await run();
    expect(writes).toEqual([`update ${key}`]);
    expect(shard('').get(key, 'system:basic-user')?.['rules']).toHaveLength(3);
  });

  it('lets namespace editors work but not grant', async () => {
    const { run, shard } = cluster();
    await run();
    const list = (resource: string) => shard('').list(`${resource}.rbac.authorization.k8s.io`);
    const roles = list('clusterroles');
    const fill = (all: readonly UntypedObject[]) =>
      all.map((role) => (role['aggregationRule'] ? { ...role, rules: aggregatedRules(role, all) } : role));
    // Twice, as the controller comes to do: edit takes what view took.
    const filled = fill(fill(roles));
    const editors = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'editors', namespace: 'shop' },
      roleRef: { kind: 'ClusterRole', name: 'edit', apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [{ kind: 'User', name: 'jane' }],
    };
    const view = {
      clusterRoles: filled,
      clusterRoleBindings: list('clusterrolebindings'),
      roles: [],
      roleBindings: [editors],
    };
    const may = (verb: string, apiGroup: string, resource: string) =>
      rbacOpinion(
        {
          user: { username: 'jane', uid: '', groups: ['system:authenticated'], extra: {} },
          verb,
          apiGroup,
          apiVersion: 'v1',
          resource,
          subresource: '',
          namespace: 'shop',
          name: '',
          path: '',
          resourceRequest: true,
        },
        view,
      ).decision;
    expect(may('create', 'apps', 'deployments')).toBe('allow');
    expect(may('list', '', 'pods')).toBe('allow');
    expect(may('create', 'authorization.k8s.io', 'selfsubjectaccessreviews')).toBe('allow');
    expect(may('create', 'rbac.authorization.k8s.io', 'rolebindings')).toBe('no-opinion');
    expect(may('list', '', 'nodes')).toBe('no-opinion');
  });
});

describe("the API's endpoints", () => {
  it.each(['', 'not a url', 'https://127.0.0.1:6443', 'https://localhost:6443', 'https://[::1]:6443'])(
    'are left out when pods could not reach %j',
    (url) => {
      expect(apiEndpointSlice(url)).toBeUndefined();
    },
  );

  it('may be a name', () => {
    expect(apiEndpointSlice('https://api.example.com')).toMatchObject({
      addressType: 'FQDN',
      endpoints: [{ addresses: ['api.example.com'] }],
      ports: [{ port: 443 }],
    });
  });
});

describe('upkeep', () => {
  it('leaves roles alone whose owner has opted out', () => {
    const role: UntypedObject = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'x', annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
      rules: [],
    };
    const wanted = { ...role, metadata: { name: 'x' }, rules: [{ verbs: ['get'] }] };
    expect(maintained('add', role, wanted)).toBeUndefined();
  });
});
