import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ApiCalls, eventually } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { LABELS, supportsApiOperations } from './api-operations.ts';
import { ResourceClient } from './resource-client.ts';

let cluster: RunningCluster;
let calls: ApiCalls;
let namespace: string;
let tests = 0;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
  calls = new ApiCalls(cluster);
});
beforeEach(async () => {
  tests += 1;
  namespace = `apps-${tests}`;
  await new ResourceClient(calls, { plural: 'namespaces' }).create({ metadata: { name: namespace } });
  const accounts = new ResourceClient(calls, { plural: 'serviceaccounts', namespace });
  await eventually('the default account', async () => ((await accounts.isGone('default')) ? undefined : true));
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const namespaced = (plural: string, group: string): ResourceClient =>
  new ResourceClient(calls, { plural, group, namespace });

const podSpec = { restartPolicy: 'OnFailure', containers: [{ name: 'c', image: 'busybox', command: ['true'] }] };

test('CronJob should support CronJob API operations', async () => {
  const cronJob = (name: string) => ({
    metadata: { name, labels: LABELS },
    spec: {
      schedule: '0 0 31 2 *',
      concurrencyPolicy: 'Allow',
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 0,
      jobTemplate: { spec: { template: { spec: podSpec } } },
    },
  });
  const status = (lastScheduleTime: string) => ({ lastScheduleTime });
  await supportsApiOperations({
    calls,
    client: namespaced('cronjobs', 'batch'),
    objects: [cronJob('test-api-1'), cronJob('test-api-2'), cronJob('test-api-3')],
    statuses: [status('2024-01-01T00:00:00Z'), status('2024-01-01T00:00:01Z')],
  });
});

test('Job should manage the lifecycle of a job', async () => {
  const client = namespaced('jobs', 'batch');
  const query = { labelSelector: 'e2e-job-label=lifecycle' };
  const start = (await client.everywhere().list(query)).metadata.resourceVersion;
  const watch = await client.watch({ ...query, resourceVersion: start });
  await client.create({
    metadata: { name: 'lifecycle', labels: { 'e2e-job-label': 'lifecycle' } },
    spec: { suspend: true, parallelism: 2, completions: 4, backoffLimit: 6, template: { spec: podSpec } },
  });
  await watch.until('ADDED');

  const patched = await client.patch('lifecycle', 'strategic', { metadata: { labels: { lifecycle: 'patched' } } });
  expect(patched.metadata.labels).toMatchObject({ lifecycle: 'patched' });
  await watch.until('MODIFIED', ({ metadata }) => metadata.labels.lifecycle === 'patched');

  await client.update('lifecycle', ({ metadata, spec }) => {
    metadata.annotations = { ...metadata.annotations, updated: 'true' };
    spec.suspend = false;
  });
  await watch.until('MODIFIED', ({ metadata }) => metadata.annotations?.updated === 'true');
  expect((await client.everywhere().list(query)).items).toHaveLength(1);
  const pods = new ResourceClient(calls, { plural: 'pods', namespace });
  await eventually('two pods', async () => ((await pods.list()).items.length === 2 ? true : undefined));

  await client.deleteCollection(query, { propagationPolicy: 'Background' });
  await watch.until('DELETED', ({ metadata }) => metadata.name === 'lifecycle');
  watch.close();
  expect((await client.everywhere().list(query)).items).toEqual([]);
  await eventually('no pods', async () => ((await pods.list()).items.length === 0 ? true : undefined));
});
