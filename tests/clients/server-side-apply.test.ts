import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import {
  type CommandResult,
  hasKubectl,
  KUBECTL,
  type RunningCluster,
  startCluster,
} from '../cluster/running-cluster.ts';
import { ApiCalls } from './api-calls.ts';
import { KubectlSession } from './kubectl-session.ts';

interface Shape {
  readonly replicas?: number;
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const deployment = (name: string, { replicas, image = 'nginx:1', labels = {} }: Shape): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name, ...labels } },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } },
    },
  });

const configMap = (name: string, data: Readonly<Record<string, string>>): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

if (!hasKubectl()) console.log(`SKIPPED: tests with kubectl, because ${KUBECTL} is not installed`);

describe.skipIf(!hasKubectl())('kubectl apply --server-side', () => {
  let cluster: RunningCluster;
  let calls: ApiCalls;

  const run = (args: string, stdin?: string): Promise<CommandResult> => cluster.kubectl(args.split(' '), stdin);
  /** Runs kubectl and expects success; gives what it printed. */
  async function kubectl(args: string, stdin?: string): Promise<string> {
    const result = await run(args, stdin);
    expect(result.code, `kubectl ${args}\n${result.stderr}${result.stdout}`).toBe(0);
    return result.stdout;
  }
  const get = async (what: string): Promise<UntypedObject> =>
    JSON.parse(await kubectl(`get ${what} -o json --show-managed-fields`)) as UntypedObject;
  const owners = ({ metadata }: UntypedObject): string[] =>
    (metadata.managedFields ?? []).map(({ manager, operation, subresource }) =>
      [manager, operation, subresource].filter(Boolean).join(' '),
    );
  const replicasOf = (object: UntypedObject) => (object as unknown as { spec: { replicas: number } }).spec.replicas;

  beforeAll(async () => {
    cluster = await startCluster();
    calls = new ApiCalls(cluster);
  });
  afterAll(async () => {
    await calls?.close();
    await cluster?.remove();
  });

  test('[SSA2] creates, and changes nothing when applied again', async () => {
    const config = JSON.stringify(configMap('plain', { a: '1' }));
    expect(await kubectl('apply --server-side -f -', config)).toBe('configmap/plain serverside-applied\n');
    const first = await get('configmap plain');
    expect(owners(first)).toEqual(['kubectl Apply']);
    await kubectl('apply --server-side -f -', config);
    expect(await get('configmap plain')).toEqual(first);
    // What people look at by default does not show owners.
    expect(await kubectl('get configmap plain -o yaml')).not.toContain('managedFields');
  });

  test('[SSA3] a conflict says who owns what, and can be forced', async () => {
    await kubectl('apply --server-side --field-manager=one -f -', deployment('web', { replicas: 0 }));
    const refused = await run('apply --server-side --field-manager=two -f -', deployment('web', { replicas: 1 }));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('error: Apply failed with 1 conflict: conflict with "one": .spec.replicas\n');
    expect(refused.stderr).toContain('--force-conflicts');

    const both = await run(
      'apply --server-side --field-manager=two -f -',
      deployment('web', { replicas: 1, image: 'nginx:2' }),
    );
    expect(both.stderr).toContain(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.replicas\n- .spec.template.spec.containers[name="main"].image\n',
    );
    const force = 'apply --server-side --field-manager=two --force-conflicts -f -';
    await kubectl(force, deployment('web', { replicas: 0, image: 'nginx:2' }));
    const forced = await get('deployment web');
    expect(owners(forced).filter((owner) => owner.endsWith('Apply'))).toEqual(['one Apply', 'two Apply']);
  });

  test('[SSA4] what is no longer applied is taken away, unless another owns it too', async () => {
    const config = (data: Record<string, string>) => JSON.stringify(configMap('shared', data));
    await kubectl('apply --server-side --field-manager=one -f -', config({ a: '1', b: '1', c: '1' }));
    await kubectl('apply --server-side --field-manager=two -f -', config({ b: '1' }));
    await kubectl('apply --server-side --field-manager=one -f -', config({ a: '1' }));
    expect((await get('configmap shared'))['data']).toEqual({ a: '1', b: '1' });
  });

  test('dry runs and diffs store nothing', async () => {
    await kubectl('apply --server-side -f -', JSON.stringify(configMap('dry', { a: '1' })));
    const before = await get('configmap dry');
    const changed = JSON.stringify(configMap('dry', { a: '2' }));
    expect(await kubectl('apply --server-side --dry-run=server -f -', changed)).toBe(
      'configmap/dry serverside-applied (server dry run)\n',
    );
    const diff = await run('diff --server-side -f -', changed);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/^-\s+a: "1"\n\+\s+a: "2"$/m);
    expect((await run('diff --server-side -f -', JSON.stringify(configMap('dry', { a: '1' })))).code).toBe(0);
    expect(await get('configmap dry')).toEqual(before);
  });

  test('[SSA5] takes over from client-side apply, which keeps working beside it', async () => {
    await kubectl('apply -f -', deployment('upgraded', { replicas: 0, labels: { tier: 'front' } }));
    expect(owners(await get('deployment upgraded'))).toContain('kubectl-client-side-apply Update');
    await kubectl('apply --server-side -f -', deployment('upgraded', { replicas: 0, image: 'nginx:2' }));
    const upgraded = await get('deployment upgraded');
    expect(owners(upgraded)).toContain('kubectl Apply');
    expect(owners(upgraded)).not.toContain('kubectl-client-side-apply Update');
    expect(upgraded.metadata.labels).toEqual({ app: 'upgraded' });
    expect(upgraded.metadata.annotations?.[LAST_APPLIED]).toContain('nginx:2');
    expect(await kubectl('apply view-last-applied deployment upgraded')).toContain('nginx:2');

    await kubectl('apply -f -', deployment('upgraded', { replicas: 0, image: 'nginx:3' }));
    expect(await kubectl('get deployment upgraded -o jsonpath={.spec.template.spec.containers[0].image}')).toBe(
      'nginx:3',
    );
  });

  test('takes over from create --save-config', async () => {
    await kubectl('create --save-config -f -', JSON.stringify(configMap('saved', { a: '1', b: '1' })));
    expect(owners(await get('configmap saved'))).toEqual(['kubectl-create Update']);
    await kubectl('apply --server-side -f -', JSON.stringify(configMap('saved', { a: '2', b: '1' })));
    const saved = await get('configmap saved');
    expect(saved['data']).toEqual({ a: '2', b: '1' });
    expect(owners(saved)).toContain('kubectl Apply');
  });

  test('writers of subresources own what they write there', async () => {
    await kubectl('apply --server-side -f -', deployment('scaled', { replicas: 0 }));
    const scale = {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'scaled', namespace: 'default' },
      spec: { replicas: 2 },
    };
    const path = '/apis/apps/v1/namespaces/default/deployments/scaled/scale';
    const applyScale = (query: string) =>
      calls.call('PATCH', `${path}?fieldManager=scaler${query}`, {
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: scale,
      });
    expect((await applyScale('')).json).toMatchObject({
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas',
    });
    expect((await applyScale('&force=true')).json).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } });
    const scaled = await get('deployment scaled');
    expect(replicasOf(scaled)).toBe(2);
    expect(scaled.metadata.managedFields).toContainEqual({
      manager: 'scaler',
      operation: 'Apply',
      apiVersion: 'apps/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      subresource: 'scale',
    });
    await kubectl('scale deployment scaled --replicas=3');
    expect(owners(await get('deployment scaled'))).toContain('kubectl Update scale');

    const status = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'default' },
      status: { conditions: [{ type: 'Tested', status: 'True', reason: 'Yes', message: 'by apply' }] },
    });
    await kubectl('apply --server-side --subresource=status --field-manager=prober -f -', status);
    expect(owners(await get('namespace default'))).toContain('prober Apply status');
    expect(await kubectl('get namespace default -o jsonpath={.status.conditions[*].type}')).toBe('Tested');
  });

  // https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
  test('hands replicas over to an autoscaler', async () => {
    await kubectl('apply --server-side -f -', deployment('handed', { replicas: 3 }));
    const replicasOnly = JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'handed' },
      spec: { replicas: 3 },
    });
    await kubectl('apply --server-side --field-manager=handover-to-hpa --validate=false -f -', replicasOnly);
    await kubectl('apply --server-side -f -', deployment('handed', {}));
    expect(replicasOf(await get('deployment handed'))).toBe(3);
    await kubectl('scale deployment handed --replicas=1');
    await kubectl('apply --server-side -f -', deployment('handed', { image: 'nginx:2' }));
    expect(replicasOf(await get('deployment handed'))).toBe(1);
    expect(owners(await get('deployment handed'))).not.toContain('handover-to-hpa Apply');
  });

  test('sets of applied objects are pruned', async () => {
    const list = (...names: string[]) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: names.map((name) => ({ ...configMap(name, { a: '1' }) })),
      });
    const session = new KubectlSession(cluster, 'sets');
    const apply = 'apply --server-side --prune --applyset=configmaps/set -f -';
    const env = { KUBECTL_APPLYSET: 'true' };
    try {
      await session.open();
      await session.output(apply, { stdin: list('member-a', 'member-b'), env });
      expect(await session.output(apply, { stdin: list('member-a'), env })).toContain('configmap/member-b pruned');
      expect(await session.output('get configmaps -l applyset.kubernetes.io/part-of -o name')).toBe(
        'configmap/member-a\n',
      );
    } finally {
      session.close();
    }
  });
});
