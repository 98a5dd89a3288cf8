import {
  CoreV1Api,
  type Informer,
  KubeConfig,
  type KubernetesListObject,
  makeInformer,
  type ObjectCache,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { eventually } from './api-calls.ts';

let cluster: RunningCluster;
let config: KubeConfig;
let core: CoreV1Api;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 0, runtime: 'simulated' });
  config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
});
afterAll(() => cluster?.remove());

const namespace = 'default';
const labelSelector = 'followed=yes';
const PATHS = { one: `/api/v1/namespaces/${namespace}/configmaps`, all: '/api/v1/configmaps' } as const;

const put = (name: string, value: string) =>
  core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name, labels: { followed: 'yes' } }, data: { value } },
  });
const change = (name: string, value: string) =>
  core.patchNamespacedConfigMap({ namespace, name, body: [{ op: 'replace', path: '/data/value', value }] });
const drop = (name: string) => core.deleteNamespacedConfigMap({ namespace, name });

const list = (path: string): (() => Promise<KubernetesListObject<V1ConfigMap>>) =>
  path === PATHS.all
    ? () => core.listConfigMapForAllNamespaces({ labelSelector })
    : () => core.listNamespacedConfigMap({ namespace, labelSelector });

const held = (cache: ObjectCache<V1ConfigMap>): string[] =>
  cache
    .list()
    .map(({ metadata, data }) => `${metadata?.name}=${data?.['value']}`)
    .sort();

function notes(informer: Informer<V1ConfigMap>): string[] {
  const seen: string[] = [];
  informer.on('add', ({ metadata }) => seen.push(`add ${metadata?.name}`));
  informer.on('update', ({ metadata }) => seen.push(`update ${metadata?.name}`));
  informer.on('delete', ({ metadata }) => seen.push(`delete ${metadata?.name}`));
  return seen;
}

test.each(Object.values(PATHS))(
  'an informer on %s holds what the server holds, through a restart of the control plane',
  async (path) => {
    const informer = makeInformer(config, path, list(path), labelSelector);
    const seen = notes(informer);
    // What a program is to do by the library's documentation when the connection fails.
    informer.on('error', () => setTimeout(() => void informer.start().catch(() => undefined), 200));
    await put('stays', '1');
    await put('goes', '1');
    await informer.start();
    expect(held(informer)).toEqual(['goes=1', 'stays=1']);
    await change('stays', '2');
    await eventually('the update', async () => (seen.includes('update stays') ? true : undefined));

    process.kill(cluster.pids().controlPlane, 'SIGKILL');
    await eventually('the next control plane', async () => {
      await drop('goes');
      return true;
    });
    await put('comes', '1');
    await eventually('the same objects', async () => (held(informer).join() === 'comes=1,stays=2' ? true : undefined));
    expect(seen).toContain('delete goes');
    await change('comes', '2');
    await drop('stays');
    await eventually('what came after', async () => (held(informer).join() === 'comes=2' ? true : undefined));
    await informer.stop();
    await drop('comes');
  },
);
