/**
 * The behaviour of upstream's storage conformance tests that need the API only, and of storage migrations.
 * Source: test/e2e/storage, test/e2e/apimachinery/storage_version_migration.go.
 */
import { CoreV1Api, KubeConfig, StorageV1Api, Watch } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiCalls, eventually } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import {
  create,
  done,
  expectDiscovered,
  expectLifecycle,
  get,
  gone,
  JSON_PATCH,
  list,
  MERGE_PATCH,
  replace,
  STRATEGIC_PATCH,
} from './object-lifecycle.ts';

const STORAGE = '/apis/storage.k8s.io/v1';
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
const VOLUMES = '/api/v1/persistentvolumes';

let cluster: RunningCluster;
let calls: ApiCalls;
let config: KubeConfig;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 });
  calls = new ApiCalls(cluster);
  config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const attachment = {
  spec: { attacher: 'e2e-test.storage.k8s.io', nodeName: 'node-1', source: { persistentVolumeName: 'pv' } },
};

describe('[Conformance] should run through the lifecycle of a', () => {
  test.each([
    ['StorageClass', 'storageclasses', { provisioner: 'e2e-fake-provisioner' }, STRATEGIC_PATCH],
    [
      'VolumeAttributesClass',
      'volumeattributesclasses',
      { driverName: 'e2e-fake-csi-driver', parameters: { foo: 'bar' } },
      STRATEGIC_PATCH,
    ],
    ['CSINode', 'csinodes', {}, STRATEGIC_PATCH],
    ['VolumeAttachment', 'volumeattachments', attachment, MERGE_PATCH],
  ])('%s', async (_kind, plural, object, patchHeaders) => {
    await expectLifecycle(calls, { collection: `${STORAGE}/${plural}`, object, patchHeaders });
  });

  test('CSIDriver', async () => {
    const client = config.makeApiClient(StorageV1Api);
    const labels = { 'e2e-test': 'drivers' };
    const driverOf = (name: string, ...volumeLifecycleModes: string[]) => ({
      metadata: { name, labels },
      spec: { volumeLifecycleModes, fsGroupPolicy: 'ReadWriteOnceWithFSType' },
    });
    const first = await client.createCSIDriver({ body: driverOf('inline-driver-1', 'Ephemeral') });
    const second = await client.createCSIDriver({ body: driverOf('inline-driver-2', 'Persistent', 'Ephemeral') });
    await expect(client.createCSIDriver({ body: driverOf('inline-driver-1', 'Ephemeral') })).rejects.toMatchObject({
      code: 409,
    });
    expect((await client.readCSIDriver({ name: 'inline-driver-1' })).metadata?.uid).toBe(first.metadata?.uid);
    const path = `${STORAGE}/csidrivers/inline-driver-2`;
    const body = { metadata: { labels: { 'inline-driver-2': 'patched' } } };
    done(await calls.call('PATCH', path, { body, headers: STRATEGIC_PATCH }));
    const updated = await replace(calls, path, ({ metadata }) => {
      metadata.labels['inline-driver-2'] = 'updated';
    });
    expect(updated.metadata).toMatchObject({ uid: second.metadata?.uid, labels: { 'inline-driver-2': 'updated' } });
    expect((await client.listCSIDriver({ labelSelector: 'e2e-test=drivers' })).items).toHaveLength(2);
    await client.deleteCSIDriver({ name: 'inline-driver-1' });
    await client.deleteCollectionCSIDriver({ labelSelector: 'inline-driver-2=updated' });
    await gone(calls, `${STORAGE}/csidrivers`, 'e2e-test=drivers');
  });
});

test('[Conformance] should apply changes to a volumeattachment status', async () => {
  const collection = `${STORAGE}/volumeattachments`;
  const { metadata } = await create(calls, collection, { metadata: { name: 'va-status' }, ...attachment });
  const path = `${collection}/${metadata.name}/status`;
  expect((await get(calls, path)).status).toEqual({ attached: false });
  const patched = done(await calls.call('PATCH', path, { body: { status: { attached: true } }, headers: MERGE_PATCH }));
  expect(patched.status.attached).toBe(true);
  const updated = await replace(calls, path, ({ status }) => {
    status.attached = false;
  });
  expect(updated.status.attached).toBe(false);
  done(await calls.call('DELETE', `${collection}/${metadata.name}`));
});

test('[Conformance] should support CSIStorageCapacities API operations', async () => {
  await expectDiscovered(calls, 'storage.k8s.io', 'v1', ['csistoragecapacities']);
  const collection = `${STORAGE}/namespaces/default/csistoragecapacities`;
  const everywhere = `${STORAGE}/csistoragecapacities`;
  const capacity = (name: string) => ({
    metadata: { name, labels: { test: 'csc' } },
    storageClassName: 'e2e.example.com',
  });
  const { metadata } = await create(calls, collection, capacity('csc1'));
  expect((await calls.call('POST', collection, { body: capacity('csc1') })).code).toBe(409);
  await create(calls, collection, capacity('csc2'));

  const seen: Record<string, string[]> = { [collection]: [], [everywhere]: [] };
  const watches = await Promise.all(
    Object.entries(seen).map(([path, events]) =>
      new Watch(config).watch(
        path,
        { labelSelector: 'test=csc' },
        (type, object) => events.push(`${type} ${Object.keys(object.metadata.annotations ?? {})}`),
        () => {},
      ),
    ),
  );
  await create(calls, collection, capacity('csc3'));
  expect((await get(calls, `${collection}/csc1`)).metadata.uid).toBe(metadata.uid);
  expect(await list(calls, collection, 'test=csc')).toHaveLength(3);
  expect(await list(calls, everywhere, 'test=csc')).toHaveLength(3);
  const body = { metadata: { annotations: { patched: 'true' } } };
  const patched = done(await calls.call('PATCH', `${collection}/csc1`, { body, headers: MERGE_PATCH }));
  patched.metadata.annotations.updated = 'true';
  done(await calls.call('PUT', `${collection}/csc1`, { body: patched }));
  for (const events of Object.values(seen)) {
    await eventually('the changes', async () => (events.at(-1) === 'MODIFIED patched,updated' ? true : undefined));
    expect(events.filter((event) => event.startsWith('ADDED'))).toHaveLength(3);
  }
  for (const watch of watches) watch.abort();
  done(await calls.call('DELETE', `${collection}/csc1`));
  expect((await calls.call('GET', `${collection}/csc1`)).code).toBe(404);
  expect(await list(calls, collection, 'test=csc')).toHaveLength(2);
  done(await calls.call('DELETE', `${collection}?labelSelector=test%3Dcsc`));
  expect(await list(calls, collection, 'test=csc')).toEqual([]);
});

test('[Conformance] should support CSIVolumeSource in Pod API', async () => {
  const collection = '/api/v1/namespaces/kube-public/pods';
  const volumes = [
    { name: 'csi-inline-vol1', csi: { driver: 'e2e.example.com' } },
    { name: 'csi-inline-vol2', csi: { driver: 'e2e.example.com', fsType: 'ext4', readOnly: true } },
  ];
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/mnt/${name}` }));
  const body = {
    metadata: { name: 'pod-csi-inline-volumes' },
    spec: {
      volumes,
      containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'ls /mnt/*'], volumeMounts }],
    },
  };
  const { metadata, spec } = await create(calls, collection, body);
  expect(spec.volumes).toEqual(expect.arrayContaining(volumes.map((volume) => expect.objectContaining(volume))));
  expect((await calls.call('POST', collection, { body })).code).toBe(409);
  const path = `${collection}/${metadata.name}`;
  expect((await get(calls, path)).metadata.uid).toBe(metadata.uid);
  expect(await list(calls, collection)).toHaveLength(1);
  const patch = { metadata: { annotations: { patched: 'true' } } };
  const patched = done(await calls.call('PATCH', path, { body: patch, headers: MERGE_PATCH }));
  expect(patched.metadata.annotations.patched).toBe('true');
  done(await calls.call('DELETE', path));
  const left = await calls.call('GET', path);
  expect(left.code === 404 || left.json.metadata.deletionTimestamp !== undefined).toBe(true);
});

const volumeOf = (fields: object = {}) => ({
  metadata: { generateName: 'e2e-', labels: { 'e2e-pv-pool': 'x' } },
  spec: {
    persistentVolumeReclaimPolicy: 'Retain',
    capacity: { storage: '2Gi' },
    csi: { driver: 'inline-driver', volumeHandle: 'e2e-conformance' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'e2e',
    ...fields,
  },
});
const claimOf = (fields: object = {}) => ({
  metadata: { generateName: 'pvc-' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '2Gi' } },
    storageClassName: 'e2e',
    ...fields,
  },
});

describe('PersistentVolumes', () => {
  test('[Conformance] should run through the lifecycle of a PV and a PVC', async () => {
    const object = (made: { metadata: unknown; spec: object }) => ({ spec: made.spec });
    await expectLifecycle(calls, { collection: CLAIMS, object: object(claimOf()), generateName: 'pvc-' });
    await expectLifecycle(calls, { collection: VOLUMES, object: object(volumeOf()), generateName: 'pv-' });
  });

  test('[Conformance] should apply changes to a pv/pvc status', async () => {
    const volume = `${VOLUMES}/${(await create(calls, VOLUMES, volumeOf())).metadata.name}`;
    const claim = `${CLAIMS}/${(await create(calls, CLAIMS, claimOf())).metadata.name}`;
    expect(['Pending', 'Bound']).toContain((await get(calls, `${claim}/status`)).status.phase);
    expect(['Pending', 'Available', 'Bound']).toContain((await get(calls, `${volume}/status`)).status.phase);

    const condition = {
      type: 'StatusPatched',
      status: 'True',
      reason: 'E2E patchedStatus',
      message: 'Set from e2e test',
    };
    const patchedClaim = done(
      await calls.call('PATCH', `${claim}/status`, {
        body: { status: { conditions: [condition] } },
        headers: MERGE_PATCH,
      }),
    );
    expect(patchedClaim.status.conditions).toMatchObject([condition]);
    const said = { message: 'StatusPatched', reason: 'E2E patchStatus' };
    const patchedVolume = done(
      await calls.call('PATCH', `${volume}/status`, { body: { status: said }, headers: MERGE_PATCH }),
    );
    expect(patchedVolume.status).toMatchObject(said);

    const updatedClaim = await replace(calls, `${claim}/status`, ({ status }) => {
      status.conditions.push({ type: 'StatusUpdated', status: 'True', reason: 'E2E updateStatus' });
    });
    expect(updatedClaim.status.conditions.map(({ type }: { type: string }) => type)).toEqual([
      'StatusPatched',
      'StatusUpdated',
    ]);
    const updatedVolume = await replace(calls, `${volume}/status`, ({ status }) => {
      Object.assign(status, { message: 'StatusUpdated', reason: 'E2E updateStatus' });
    });
    expect(updatedVolume.status).toMatchObject({ message: 'StatusUpdated', reason: 'E2E updateStatus' });
    for (const path of [claim, volume]) done(await calls.call('DELETE', path));
  });

  test('a claim in use by a running pod is deleted when the pod is gone', async () => {
    const core = config.makeApiClient(CoreV1Api);
    await create(calls, CLAIMS, { ...claimOf(), metadata: { name: 'used' } });
    const nodes = await core.listNode();
    await core.createNamespacedPod({
      namespace: 'default',
      body: {
        metadata: { name: 'user' },
        spec: {
          nodeName: nodes.items[0]?.metadata?.name ?? '',
          containers: [{ name: 'main', image: 'busybox:1' }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'used' } }],
        },
      },
    });
    done(await calls.call('DELETE', `${CLAIMS}/used`));
    expect((await get(calls, `${CLAIMS}/used`)).metadata).toMatchObject({
      finalizers: ['kubernetes.io/pvc-protection'],
      deletionTimestamp: expect.any(String),
    });
    const listed = await cluster.kubectl(['get', 'pvc', 'used', '--no-headers']);
    expect(listed.stdout).toContain('Terminating');
    await core.deleteNamespacedPod({ namespace: 'default', name: 'user', gracePeriodSeconds: 0 });
    await eventually('the end of the claim', async () =>
      (await calls.call('GET', `${CLAIMS}/used`)).code === 404 ? true : undefined,
    );
  });

  test('a bound volume, and the class of its attributes, stay until they are released', async () => {
    const attributes = `${STORAGE}/volumeattributesclasses`;
    await create(calls, attributes, {
      metadata: { name: 'gold' },
      driverName: 'inline-driver',
      parameters: { a: 'b' },
    });
    const made = await create(calls, VOLUMES, volumeOf({ volumeAttributesClassName: 'gold' }));
    const path = `${VOLUMES}/${made.metadata.name}`;
    await replace(calls, `${path}/status`, ({ status }) => {
      status.phase = 'Bound';
    });
    done(await calls.call('DELETE', `${attributes}/gold`));
    done(await calls.call('DELETE', path));
    expect((await get(calls, path)).metadata.deletionTimestamp).toBeDefined();
    expect((await get(calls, `${attributes}/gold`)).metadata.deletionTimestamp).toBeDefined();
    await replace(calls, `${path}/status`, ({ status }) => {
      status.phase = 'Released';
    });
    for (const left of [path, `${attributes}/gold`]) {
      await eventually(`the end of ${left}`, async () =>
        (await calls.call('GET', left)).code === 404 ? true : undefined,
      );
    }
  });
});

describe('[Conformance] storagemigration.k8s.io/v1 StorageVersionMigration', () => {
  const collection = '/apis/storagemigration.k8s.io/v1/storageversionmigrations';
  const LABEL = 'test.storagemigration.example.com';
  const object = { apiVersion: 'storagemigration.k8s.io/v1', kind: 'StorageVersionMigration' };
  const condition = {
    type: 'TestCondition',
    status: 'True',
    reason: 'TestReason',
    message: 'TestMessage',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const applied = (manager: string) => `?fieldManager=${manager}&force=true`;
  const APPLY = { 'content-type': 'application/apply-patch+yaml' };
  const labels = { metadata: { labels: { [LABEL]: 'test' } } };
  const status = { status: { conditions: [condition] } };
  const jsonLabel = [
    { op: 'add', path: '/metadata/labels', value: {} },
    { op: 'add', path: `/metadata/labels/${LABEL}`, value: 'test' },
  ];
  const jsonStatus = [{ op: 'add', path: '/status/conditions', value: [condition] }];

  const made = async (name: string): Promise<string> => {
    const body = { metadata: { name }, spec: { resource: { group: '', resource: 'foo' } } };
    const stored = await create(calls, collection, body);
    expect(stored).toMatchObject({ ...object, ...body });
    return `${collection}/${name}`;
  };

  test.each([
    ['merge', MERGE_PATCH, labels, status],
    ['strategic', STRATEGIC_PATCH, labels, status],
    ['json', JSON_PATCH, jsonLabel, jsonStatus],
  ] as const)('takes a %s patch of the object and of its status', async (name, headers, ofObject, ofStatus) => {
    const path = await made(`svm-${name}`);
    const patched = done(await calls.call('PATCH', path, { body: ofObject, headers }));
    expect(patched.metadata.labels).toEqual({ [LABEL]: 'test' });
    const withStatus = done(await calls.call('PATCH', `${path}/status`, { body: ofStatus, headers }));
    expect(withStatus.status.conditions).toEqual([condition]);
    done(await calls.call('DELETE', path));
    expect((await calls.call('GET', path)).code).toBe(404);
  });

  test('takes applied configurations, updates, and a deletion of all', async () => {
    const path = await made('svm-apply');
    const identity = { ...object, metadata: { name: 'svm-apply' } };
    const body = { ...identity, metadata: { ...identity.metadata, ...labels.metadata } };
    expect(done(await calls.call('PATCH', `${path}${applied('a')}`, { body, headers: APPLY })).metadata.labels).toEqual(
      {
        [LABEL]: 'test',
      },
    );
    const withStatus = await calls.call('PATCH', `${path}/status${applied('b')}`, {
      body: { ...identity, ...status },
      headers: APPLY,
    });
    expect(done(withStatus).status.conditions).toEqual([condition]);
    const updated = await replace(calls, path, ({ metadata }) => {
      metadata.labels.again = 'test';
    });
    expect(updated.status.conditions).toEqual([condition]);
    const statusUpdated = await replace(calls, `${path}/status`, (current) => {
      current.status.conditions[0].reason = 'OtherReason';
    });
    expect(statusUpdated.status.conditions[0].reason).toBe('OtherReason');
    expect(await list(calls, collection, 'again=test')).toHaveLength(1);
    done(await calls.call('DELETE', `${collection}?labelSelector=again%3Dtest`));
    await gone(calls, collection, 'again=test');
  });
});
