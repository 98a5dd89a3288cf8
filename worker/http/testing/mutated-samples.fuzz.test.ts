/**
 * A valid object of every kind, spoilt at one to three places: a member gone, of another type, null,
 * far too long, far too deep, of odd characters, given twice. Whatever the request, the answer is no
 * server error, no controller falls over what was stored, and what was stored is read in every form.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import type { Node } from '../../scheduler/node-info.ts';
import { podInfo } from '../../scheduler/pod-info.ts';
import { schedule } from '../../scheduler/schedule.ts';
import { Snapshot } from '../../scheduler/snapshot.ts';
import { SAMPLE_OBJECTS, sampleNameOf } from './sample-objects.ts';
import { servedResources } from '../served/served-resources.ts';
import { Dice, type Members, RICH_NODE, RICH_POD, RICH_STATUS, spoil } from './spoilt-objects.ts';
import { TestServer } from './test-server.ts';

const FORMS = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
];
const PATCH_TYPES = ['merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'];
const RUNS_PER_KIND = 6;

const SAMPLES: readonly { key: string; sample: Readonly<Record<string, unknown>> }[] = [
  ...Object.entries(SAMPLE_OBJECTS).map(([key, sample]) => ({ key, sample })),
  ...Array.from({ length: 6 }, () => ({ key: 'pods', sample: { spec: RICH_POD } })),
  ...Array.from({ length: 2 }, () => ({ key: 'nodes', sample: RICH_NODE })),
  ...['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'replicasets.apps'].map((key) => ({
    key,
    sample: {
      spec: {
        ...(SAMPLE_OBJECTS[key]?.spec as object),
        template: { metadata: { labels: { app: 'web' } }, spec: { ...RICH_POD, schedulingGates: [] } },
      },
    },
  })),
];

const METADATA = {
  labels: { app: 'web', 'example.com/a': 'b' },
  annotations: { 'example.com/a': '{"b":1}', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  finalizers: ['example.com/held'],
  ownerReferences: [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u', controller: true, blockOwnerDeletion: true },
  ],
};

const targets = SAMPLES.flatMap(({ key, sample }) =>
  servedResources
    .filter(({ definition }) => definition.key === key)
    .map(({ group, version, definition, apiVersion }) => {
      const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
      const where = definition.scope === 'Namespaced' ? '/namespaces/shop' : '';
      const name = sampleNameOf(key);
      const object = { apiVersion, kind: definition.kind, metadata: { name, ...METADATA }, ...sample };
      return { collection: `${root}${where}/${definition.plural}`, definition, object, name };
    }),
);

const PLAIN_NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1', zone: 'a' } },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
};

/** A controller's write may be refused as a client's would be: that is no bug of the controller. */
const REFUSED = / is (?:invalid|forbidden): /;

class Client {
  readonly server = new TestServer({ isWhole: true });

  async send(
    line: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ code: number; text: string }> {
    const response = await this.server.request(line, body === undefined ? { headers } : { body, headers });
    const text = await response.text();
    expect(response.status, `${line} ${JSON.stringify(body)?.slice(0, 20_000)}\n${text.slice(0, 2_000)}`).toBeLessThan(
      500,
    );
    const bugs = this.server.controllerFailures.splice(0).filter(({ message }) => !REFUSED.test(message));
    expect(bugs, `${line} ${JSON.stringify(body)?.slice(0, 20_000)}`).toEqual([]);
    return { code: response.status, text };
  }

  /** The scheduler over every stored pod, as if it waited, and every stored node. */
  schedule(): void {
    const snapshot = new Snapshot();
    for (const node of [PLAIN_NODE, ...this.server.shard('').list('nodes')]) snapshot.setNode(node as Node);
    const pods = this.server.shard('shop').list('pods') as readonly Pod[];
    for (const pod of pods) if (pod.spec?.nodeName) snapshot.addPod(podInfo(pod));
    const waiting = pods.map((pod) => podInfo({ ...pod, spec: { ...pod.spec, nodeName: '' } } as Pod));
    expect(schedule(snapshot, waiting)).toHaveLength(pods.length);
  }

  async readAll(collection: string, name: string): Promise<void> {
    for (const accept of FORMS) {
      await this.send(`GET ${collection}/${name}`, undefined, { accept });
      await this.send(`GET ${collection}?labelSelector=app`, undefined, { accept });
    }
  }
}

type Target = (typeof targets)[number];

async function live({ collection, definition, object, name }: Target, dice: Dice): Promise<void> {
  const client = new Client();
  await client.send(`POST ${collection}`, spoil(object, dice));
  await client.send(`POST ${collection}`, { ...object, metadata: { ...object.metadata, name } });
  const { code, text } = await client.send(`GET ${collection}/${name}`);
  const stored = (code === 200 ? JSON.parse(text) : object) as Members;
  await client.send(`PUT ${collection}/${name}`, spoil(stored, dice));
  if (definition.status)
    await client.send(
      `PUT ${collection}/${name}/status`,
      spoil({ ...stored, status: definition.key === 'pods' ? RICH_STATUS : stored.status }, dice),
    );
  if (definition.scale)
    await client.send(`PUT ${collection}/${name}/scale`, spoil({ metadata: { name }, spec: { replicas: 1 } }, dice));
  for (const type of PATCH_TYPES) {
    const { metadata: _metadata, status: _status, ...rest } = spoil(object, dice);
    const patch = { ...rest, ...(dice.below(2) ? { metadata: spoil(METADATA, dice) } : {}) };
    await client.send(
      `PATCH ${collection}/${name}?fieldManager=f&force=true`.replace(
        type.startsWith('apply') ? '' : '&force=true',
        '',
      ),
      patch,
      { 'content-type': `application/${type}` },
    );
  }
  client.schedule();
  await client.readAll(collection, name);
  await client.send(
    `DELETE ${collection}/${name}`,
    spoil({ gracePeriodSeconds: 0, propagationPolicy: 'Foreground', preconditions: { uid: 'x' } }, dice),
  );
}

test('no spoilt object of any kind breaks anything', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(targets.length - 1), fc.integer({ min: 1, max: 2 ** 31 }), (index, seed) =>
      live(targets[index] as Target, new Dice(seed)),
    ),
    { numRuns: RUNS_PER_KIND * targets.length, seed: 20_261_121, endOnFailure: true },
  );
});
