/** Objects that use most of what their kinds have, and ways to spoil them: for tests that nothing breaks. */
import { cloneJson } from '../../../schema/meta/json-value.ts';
import { pushAll } from '../../../schema/meta/push-all.ts';

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

export type Members = Record<string, unknown>;

/** A pseudo-random source, so that one draw of fast-check decides a run. */
export class Dice {
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

/** A copy spoilt at one to three places: a member gone, of another type, null, far too long or deep, or twice. */
export function spoil(object: Members, dice: Dice): Members {
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
        if (Array.isArray(held)) pushAll<unknown>(held, cloneJson(held));
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
export const RICH_POD = {
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

export const RICH_NODE = {
  spec: { podCIDR: '10.1.0.0/24', taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }], unschedulable: false },
  status: {
    capacity: { cpu: '4', memory: '8Gi', pods: '110', 'example.com/gpu': '2' },
    allocatable: { cpu: '4', memory: '8Gi', pods: '110', 'example.com/gpu': '2' },
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-02T03:04:05Z' }],
    addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
    images: [{ names: ['i:1'], sizeBytes: 5 }],
  },
};

/** Of a pod. */
export const RICH_STATUS = {
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
