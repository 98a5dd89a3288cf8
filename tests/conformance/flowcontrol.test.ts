/** The behaviour of upstream's `API priority and fairness` conformance tests. Source: test/e2e/apimachinery/flowcontrol.go. */
import { KubeConfig, Watch } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiCalls, eventually } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { create, done, expectDiscovered, get, list, MERGE_PATCH, replace } from './object-lifecycle.ts';

const GROUP = 'flowcontrol.apiserver.k8s.io';
const ROOT = `/apis/${GROUP}/v1`;

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const everyPath = [{ verbs: ['*'], nonResourceURLs: ['*'] }];

const CASES = [
  {
    plural: 'flowschemas',
    kind: 'FlowSchema',
    spec: {
      matchingPrecedence: 10_000,
      priorityLevelConfiguration: { name: 'global-default' },
      distinguisherMethod: { type: 'ByUser' },
      rules: [{ subjects: [{ kind: 'User', user: { name: 'nobody' } }], nonResourceRules: everyPath }],
    },
    patch: { matchingPrecedence: 9999 },
    update: (spec: { matchingPrecedence: number }) => {
      spec.matchingPrecedence = 9000;
    },
  },
  {
    plural: 'prioritylevelconfigurations',
    kind: 'PriorityLevelConfiguration',
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    patch: { limited: { nominalConcurrencyShares: 4 } },
    update: (spec: { limited: { nominalConcurrencyShares: number } }) => {
      spec.limited.nominalConcurrencyShares = 6;
    },
  },
] as const;

describe.each(CASES)('[Conformance] should support $kind API operations', ({ plural, kind, spec, patch, update }) => {
  const collection = `${ROOT}/${plural}`;
  const label = 'example-e2e';

  test('through discovery, every verb, watches and the status', async () => {
    await expectDiscovered(calls, GROUP, 'v1', [plural, `${plural}/status`]);
    const template = { metadata: { generateName: 'e2e-example-', labels: { [label]: 'x' } }, spec };
    await create(calls, collection, template);
    await create(calls, collection, template);
    const created = await create(calls, collection, template);
    const path = `${collection}/${created.metadata.name}`;
    expect((await get(calls, path)).metadata.uid).toBe(created.metadata.uid);
    expect(await list(calls, collection, `${label}=x`)).toHaveLength(3);

    const { metadata } = await get(calls, `${collection}?labelSelector=${label}%3Dx`);
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const seen: string[] = [];
    const watch = await new Watch(config).watch(
      collection,
      { labelSelector: `${label}=x`, resourceVersion: metadata.resourceVersion },
      (type, object) => seen.push(`${type} ${object.metadata.annotations?.patched ?? ''}`),
      () => {},
    );

    const body = { metadata: { annotations: { patched: 'true' } }, spec: patch };
    const patched = done(await calls.call('PATCH', path, { body, headers: MERGE_PATCH }));
    expect(patched).toMatchObject({ metadata: { annotations: { patched: 'true' }, generation: 2 }, spec: patch });
    const updated = await replace(calls, path, (object) => {
      object.metadata.annotations.updated = 'true';
      update(object.spec);
    });
    expect(updated.metadata.annotations).toMatchObject({ patched: 'true', updated: 'true' });
    await eventually('the watched change', async () => (seen.includes('MODIFIED true') ? true : undefined));
    expect(seen.every((event) => event.startsWith('MODIFIED'))).toBe(true);
    watch.abort();

    expect(await get(calls, `${path}/status`)).toMatchObject({ kind, metadata: { uid: created.metadata.uid } });
    const conditions = [{ type: 'PatchStatusFailed', status: 'False', reason: 'e2e' }];
    const status = done(
      await calls.call('PATCH', `${path}/status`, { body: { status: { conditions } }, headers: MERGE_PATCH }),
    );
    expect(status.status.conditions).toContainEqual(expect.objectContaining({ type: 'PatchStatusFailed' }));
    const statusUpdated = await replace(calls, `${path}/status`, (object) => {
      object.status.conditions.push({ type: 'StatusUpdateFailed', status: 'False', reason: 'E2E' });
    });
    expect(statusUpdated.status.conditions).toContainEqual(expect.objectContaining({ type: 'StatusUpdateFailed' }));

    done(await calls.call('DELETE', path));
    expect((await calls.call('GET', path)).code).toBe(404);
    expect(await list(calls, collection, `${label}=x`)).toHaveLength(2);
    done(await calls.call('DELETE', `${collection}?labelSelector=${label}%3Dx`));
    expect(await list(calls, collection, `${label}=x`)).toEqual([]);
  });
});

test('every cluster has the mandatory and the suggested objects, each leading to a level', async () => {
  const table = await cluster.kubectl(['get', 'flowschemas', '--no-headers']);
  expect(
    table.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/).slice(0, 4).join(' ')),
  ).toEqual([
    'exempt exempt 1 <none>',
    'probes exempt 2 <none>',
    'system-leader-election leader-election 100 ByUser',
    'system-node-high node-high 400 ByUser',
    'system-nodes system 500 ByUser',
    'kube-controller-manager workload-high 800 ByNamespace',
    'kube-scheduler workload-high 800 ByNamespace',
    'kube-system-service-accounts workload-high 900 ByNamespace',
    'service-accounts workload-low 9000 ByUser',
    'global-default global-default 9900 ByUser',
    'catch-all catch-all 10000 ByUser',
  ]);
  expect(
    table.stdout
      .split('\n')
      .filter(Boolean)
      .every((line) => line.endsWith('False')),
  ).toBe(true);
  const levels = await cluster.kubectl(['get', 'prioritylevelconfigurations', '-o', 'name']);
  expect(levels.stdout.split('\n').filter(Boolean)).toHaveLength(8);
});

test('a mandatory object cannot be changed, and comes back', async () => {
  const path = `${ROOT}/flowschemas/catch-all`;
  const body = { spec: { matchingPrecedence: 7 } };
  expect((await calls.call('PATCH', path, { body, headers: MERGE_PATCH })).code).toBe(422);
  const { uid } = (await get(calls, path)).metadata;
  done(await calls.call('DELETE', path));
  const again = await eventually('the schema', async () => {
    const answer = await calls.call('GET', path);
    return answer.code === 200 ? answer.json : undefined;
  });
  expect(again.metadata.uid).not.toBe(uid);
});

test('requests are classified by the FlowSchemas and PriorityLevelConfigurations there are', async () => {
  const level = await create(calls, `${ROOT}/prioritylevelconfigurations`, {
    metadata: { name: 'e2e-testing-prioritylevel' },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } },
  });
  const schema = await create(calls, `${ROOT}/flowschemas`, {
    metadata: { name: 'e2e-testing-flowschema' },
    spec: {
      matchingPrecedence: 1000,
      priorityLevelConfiguration: { name: 'e2e-testing-prioritylevel' },
      distinguisherMethod: { type: 'ByUser' },
      rules: [{ subjects: [{ kind: 'User', user: { name: 'noxu' } }], nonResourceRules: everyPath }],
    },
  });
  const told = async (username: string) => {
    const { headers } = await calls.call('GET', '/version', { headers: { 'impersonate-user': username } });
    return [headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']];
  };
  await eventually('the schema', async () => ((await told('noxu'))[0] === schema.metadata.uid ? true : undefined));
  expect(await told('noxu')).toEqual([schema.metadata.uid, level.metadata.uid]);
  const globalDefault = await get(calls, `${ROOT}/flowschemas/global-default`);
  expect((await told('foo'))[0]).toBe(globalDefault.metadata.uid);
});
