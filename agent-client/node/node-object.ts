/** The Node as the agent writes it. Pure. Source: kubelet nodestatus/setters.go, kubelet_node_status.go. */
import type { INodeStatus } from 'kubernetes-models/v1/NodeStatus';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { rfc3339 } from '../clock.ts';
import type { ImageInfo, RuntimeHealth, RuntimeVersion } from '../runtime/port.ts';
import type { Machine } from './machine.ts';
import { isUnder, type PressureHistory, type PressureKind } from './pressure.ts';

/** The Kubernetes version whose kubelet the agent behaves as. */
export const KUBELET_VERSION = 'v1.37.0';

const PODS_MAX = 110;
/** Images named in the status, the largest first. Source: kubelet nodeStatusMaxImages. */
const IMAGES_MAX = 50;
const NAMES_PER_IMAGE_MAX = 5;
/** Kept free by eviction: part of capacity that is not allocatable. Source: kubelet eviction defaults. */
const EVICTION_MEMORY_BYTES = 100 * 1024 * 1024;
const EVICTION_STORAGE_SHARE = 0.1;

export interface NodeDescription {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly machine: Machine;
  readonly runtime: RuntimeVersion;
  readonly addresses: readonly string[];
}

export const nodeLabels = (node: NodeDescription): Record<string, string> => ({
  'beta.kubernetes.io/arch': node.machine.architecture,
  'beta.kubernetes.io/os': node.machine.operatingSystem,
  'kubernetes.io/arch': node.machine.architecture,
  'kubernetes.io/hostname': node.name,
  'kubernetes.io/os': node.machine.operatingSystem,
  ...node.labels,
});

/** The object a new node registers with. */
export const newNode = (node: NodeDescription, podCIDR: string): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: node.name,
    labels: nodeLabels(node),
    annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
  },
  spec: podCIDR ? { podCIDR, podCIDRs: [podCIDR] } : {},
});

export function capacity(machine: Machine): Record<string, string> {
  return {
    cpu: String(machine.cpus),
    'ephemeral-storage': `${Math.floor(machine.storageBytes / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: String(PODS_MAX),
  };
}

export function allocatable(machine: Machine): Record<string, string> {
  return {
    ...capacity(machine),
    'ephemeral-storage': String(Math.floor(machine.storageBytes * (1 - EVICTION_STORAGE_SHARE))),
    memory: `${Math.floor(Math.max(machine.memoryBytes - EVICTION_MEMORY_BYTES, 0) / 1024)}Ki`,
  };
}

export interface NodeStatusInput {
  readonly node: NodeDescription;
  readonly health: RuntimeHealth;
  readonly images: readonly ImageInfo[];
  /** Conditions of the last status, for their transition times. */
  readonly previous: NonNullable<INodeStatus['conditions']>;
  readonly pressure: PressureHistory;
  readonly now: number;
}

export function nodeStatus(input: NodeStatusInput): Record<string, unknown> {
  const { node } = input;
  const { machine } = node;
  return {
    capacity: capacity(machine),
    allocatable: allocatable(machine),
    conditions: conditions(input),
    addresses: [
      ...node.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: node.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: {
      machineID: machine.machineID,
      systemUUID: machine.systemUUID,
      bootID: machine.bootID,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${node.runtime.name}://${node.runtime.version}`,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: '',
      operatingSystem: machine.operatingSystem,
      architecture: machine.architecture,
    },
    images: nodeImages(input.images),
  };
}

const nodeImages = (images: readonly ImageInfo[]): { names: string[]; sizeBytes: number }[] =>
  [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, IMAGES_MAX)
    .map((image) => ({
      names: [...image.digests, ...image.tags].slice(0, NAMES_PER_IMAGE_MAX),
      sizeBytes: image.sizeBytes,
    }));

function conditions(input: NodeStatusInput): unknown[] {
  const { health } = input;
  const problems = [
    ...(health.runtimeReady ? [] : [`container runtime is down${health.message ? `: ${health.message}` : ''}`]),
    ...(health.runtimeReady && !health.networkReady ? [`container runtime network not ready: ${health.message}`] : []),
  ];
  const wanted = [
    pressureCondition(
      input,
      'memory',
      'MemoryPressure',
      ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
      ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ),
    pressureCondition(
      input,
      'disk',
      'DiskPressure',
      ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
      ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ),
    pressureCondition(
      input,
      'pid',
      'PIDPressure',
      ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
      ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ),
    problems.length
      ? { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: problems.join(', ') }
      : { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
  const now = rfc3339(input.now);
  return wanted.map((condition) => {
    const old = input.previous.find((c) => c.type === condition.type);
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
  });
}

type Words = readonly [reason: string, message: string];

function pressureCondition(
  input: NodeStatusInput,
  kind: PressureKind,
  type: string,
  bad: Words,
  good: Words,
): Record<'type' | 'status' | 'reason' | 'message', string> {
  const under = isUnder(input.pressure, kind, input.now);
  const [reason, message] = under ? bad : good;
  return { type, status: under ? 'True' : 'False', reason, message };
}

/** What of a status matters: all but its heartbeats. */
export function statusFingerprint(status: Record<string, unknown>): string {
  return JSON.stringify(status, (key, value: unknown) => (key === 'lastHeartbeatTime' ? undefined : value));
}
