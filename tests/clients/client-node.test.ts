import { AppsV1Api, CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { eventually } from './api-calls.ts';

let cluster: RunningCluster;
let config: KubeConfig;
let core: CoreV1Api;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
  config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
});
afterAll(() => cluster?.remove());

const configMap = (name: string, data: Record<string, string>): V1ConfigMap => ({ metadata: { name }, data });

test('typed create, read, replace, list and delete', async () => {
  const created = await core.createNamespacedConfigMap({ namespace: 'default', body: configMap('typed', { a: '1' }) });
  expect(created.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
  const replaced = await core.replaceNamespacedConfigMap({
    namespace: 'default',
    name: 'typed',
    body: { ...created, data: { a: '2' } },
  });
  expect(replaced.data).toEqual({ a: '2' });
  await expect(
    core.replaceNamespacedConfigMap({ namespace: 'default', name: 'typed', body: created }),
  ).rejects.toMatchObject({ code: 409 });
  const list = await core.listNamespacedConfigMap({ namespace: 'default', labelSelector: '', limit: 500 });
  expect(list.items.map((item) => item.metadata?.name)).toContain('typed');
  await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'typed' });
  await expect(core.readNamespacedConfigMap({ namespace: 'default', name: 'typed' })).rejects.toMatchObject({
    code: 404,
  });
});

test('pages of a list are one snapshot', async () => {
  for (let n = 0; n < 7; n += 1)
    await core.createNamespacedConfigMap({ namespace: 'kube-public', body: configMap(`page-${n}`, {}) });
  const first = await core.listNamespacedConfigMap({
    namespace: 'kube-public',
    limit: 3,
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
  });
  expect(first.items).toHaveLength(3);
  await core.deleteNamespacedConfigMap({ namespace: 'kube-public', name: 'page-6' });
  const names = first.items.map((item) => item.metadata?.name);
  let token = first.metadata?._continue;
  while (token) {
    const next = await core.listNamespacedConfigMap({
      namespace: 'kube-public',
      limit: 3,
      _continue: token,
      fieldSelector: 'metadata.name!=kube-root-ca.crt',
    });
    names.push(...next.items.map((item) => item.metadata?.name));
    expect(next.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
    token = next.metadata?._continue;
  }
  expect(names).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `page-${n}`));
});

test('an informer over all namespaces follows adds, updates and deletes', async () => {
  const seen: string[] = [];
  const informer = makeInformer<V1ConfigMap>(config, '/api/v1/configmaps', () => core.listConfigMapForAllNamespaces());
  informer.on('add', (object) => seen.push(`add ${object.metadata?.name}`));
  informer.on('update', (object) => seen.push(`update ${object.metadata?.name}`));
  informer.on('delete', (object) => seen.push(`delete ${object.metadata?.name}`));
  await informer.start();
  await core.createNamespacedConfigMap({ namespace: 'default', body: configMap('followed', { a: '1' }) });
  await core.patchNamespacedConfigMap({
    namespace: 'default',
    name: 'followed',
    body: [{ op: 'add', path: '/data/b', value: '2' }],
  });
  await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'followed' });
  await eventually('all three', async () =>
    seen.filter((line) => line.endsWith(' followed')).length >= 3 ? true : undefined,
  );
  expect(seen.filter((line) => line.endsWith(' followed'))).toEqual([
    'add followed',
    'update followed',
    'delete followed',
  ]);
  await informer.stop();
});

test('a Deployment becomes available', async () => {
  const apps = config.makeApiClient(AppsV1Api);
  await apps.createNamespacedDeployment({
    namespace: 'default',
    body: {
      metadata: { name: 'typed' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'typed' } },
        template: {
          metadata: { labels: { app: 'typed' } },
          spec: { containers: [{ name: 'main', image: 'registry.example/app:1' }] },
        },
      },
    },
  });
  const status = await eventually('three available', async () => {
    const { status: now } = await apps.readNamespacedDeployment({ namespace: 'default', name: 'typed' });
    return now?.availableReplicas === 3 ? now : undefined;
  });
  expect(status.conditions?.map((condition) => `${condition.type}=${condition.status}`).sort()).toEqual([
    'Available=True',
    'Progressing=True',
  ]);
  const scale = await apps.readNamespacedDeploymentScale({ namespace: 'default', name: 'typed' });
  expect(scale.status).toMatchObject({ replicas: 3, selector: 'app=typed' });
  await apps.deleteNamespacedDeployment({ namespace: 'default', name: 'typed' });
});
