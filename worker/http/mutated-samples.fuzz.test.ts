/**
 * A valid object of every kind, spoilt at one to three places: a member gone, of another type, null,
 * far too long, far too deep, of odd characters, given twice. Whatever the request, the answer is no
 * server error, no controller falls over what was stored, and what was stored is read in every form.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import type { Node } from '../scheduler/node-info.ts';
import { podInfo } from '../scheduler/pod-info.ts';
import { schedule } from '../scheduler/schedule.ts';
import { Snapshot } from '../scheduler/snapshot.ts';
import { SAMPLE_OBJECTS, sampleNameOf } from './sample-objects.ts';
import { servedResources } from './served-resources.ts';
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

const nested = (depth: number): unknown => JSON.parse(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`);

const SPOILT: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e300,
  '',
  'a',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e💥é',
  '__proto__',
  '%2e%2e/',
  '*',
  '$(A)',
  '1e9999',
  '-0',
  'NaN',
  '2026-13-45T99:99:99Z',
  '9'.repeat(400),
  'x'.repeat(70_000),
  [],
  {},
  [null],
  [[]],
  [{}],
  { '': null },
  { __proto__: null, a: { b: [1, 'x', null] } },
  nested(40),
];

type Members = Record<string, unknown>;

/** A pseudo-random source, so that one draw of fast-check decides a run. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

interface Place {
  readonly holder: Members;
  readonly key: string;
}

/** Every member and item within, but for those that say what the object is. */
function placesOf(value: unknown, depth = 0): Place[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.keys(value).flatMap((key) => {
    const identity = depth === 0 && (key === 'kind' || key === 'apiVersion');
    return identity ? [] : [{ holder: value as Members, key }, ...placesOf((value as Members)[key], depth + 1)];
  });
}

function spoil(object: Members, dice: Dice): Members {
  const spoilt = cloneJson(object);
  for (let count = dice.below(3); count >= 0; count--) {
    const places = placesOf(spoilt);
    if (places.length === 0) return spoilt;
    const { holder, key } = dice.pick(places);
    const held = holder[key];
    switch (dice.below(4)) {
      case 0:
        delete holder[key];
        break;
      case 1:
        if (Array.isArray(held)) held.push(...cloneJson(held));
        else holder[`${key}x`] = held;
        break;
      default:
        Object.defineProperty(holder, key, {
          value: structuredClone(dice.pick(SPOILT)),
          enumerable: true,
          writable: true,
          configurable: true,
        });
    }
  }
  return spoilt;
}

const probe = { httpGet: { port: 'http', path: '/x', httpHeaders: [{ name: 'A', value: 'b' }] }, periodSeconds: 3 };
const resources = { requests: { cpu: '100m', memory: '1Mi' }, limits: { cpu: '1', memory: '1Gi' } };
const term = {
  labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }] },
  topologyKey: 'zone',
};
const securityContext = {
  runAsUser: 5,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
};

/** A pod that uses most of what a pod has. */
const RICH_POD = {
  serviceAccountName: 'default',
  nodeSelector: { disk: 'ssd' },
  securityContext: { fsGroup: 5, sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }], supplementalGroups: [1] },
  tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'a' } },
    },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 5, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] } },
      ],
    },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] },
  },
  imagePullSecrets: [{ name: 'pull' }],
  hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
  dnsConfig: { nameservers: ['10.0.0.2'], options: [{ name: 'ndots', value: '2' }] },
  readinessGates: [{ conditionType: 'example.com/a' }],
  schedulingGates: [{ name: 'example.com/b' }],
  volumes: [
    { name: 'a', emptyDir: { sizeLimit: '1Gi' } },
    { name: 'b', configMap: { name: 'm', items: [{ key: 'k', path: 'p' }] } },
    {
      name: 'c',
      projected: { sources: [{ downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } }] },
    },
    { name: 'd', persistentVolumeClaim: { claimName: 'c' } },
    {
      name: 'e',
      ephemeral: {
        volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      },
    },
  ],
  initContainers: [
    {
      name: 'i',
      image: 'i:1',
      restartPolicy: 'Always',
      startupProbe: probe,
      resources,
      ports: [{ name: 'http', containerPort: 81 }],
    },
  ],
  containers: [
    {
      name: 'c',
      image: 'i:1',
      resources,
      securityContext,
      ports: [{ name: 'http', containerPort: 80, hostPort: 8080 }],
      env: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'B', value: '$(A)' },
      ],
      envFrom: [{ configMapRef: { name: 'm' } }],
      volumeMounts: [
        { name: 'a', mountPath: '/a' },
        { name: 'b', mountPath: '/b', subPath: 'x' },
      ],
      livenessProbe: probe,
      readinessProbe: { grpc: { port: 80 } },
      lifecycle: { preStop: { exec: { command: ['a'] } } },
    },
  ],
};

const RICH_NODE = {
  spec: { podCIDR: '10.1.0.0/24', taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }], unschedulable: false },
  status: {
    capacity: { cpu: '4', memory: '8Gi', pods: '110', 'example.com/gpu': '2' },
    allocatable: { cpu: '4', memory: '8Gi', pods: '110', 'example.com/gpu': '2' },
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-02T03:04:05Z' }],
    addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
    images: [{ names: ['i:1'], sizeBytes: 5 }],
  },
};

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

const RICH_STATUS = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }],
  podIP: '10.0.0.3',
  podIPs: [{ ip: '10.0.0.3' }],
  containerStatuses: [
    {
      name: 'c',
      ready: true,
      restartCount: 1,
      image: 'i:1',
      imageID: 'i',
      state: { running: { startedAt: '2026-01-02T03:04:05Z' } },
      lastState: { terminated: { exitCode: 1 } },
    },
  ],
};

test('no spoilt object of any kind breaks anything', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(targets.length - 1), fc.integer({ min: 1, max: 2 ** 31 }), (index, seed) =>
      live(targets[index] as Target, new Dice(seed)),
    ),
    { numRuns: RUNS_PER_KIND * targets.length, seed: 20_261_121, endOnFailure: true },
  );
});
