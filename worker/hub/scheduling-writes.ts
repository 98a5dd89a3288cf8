/** The requests by which the hub's own parts act on pods and record events. */
import { type EventContent, eventName, eventNamespace, newEvent } from '../../schema/meta/event-record.ts';
import type { KubeObject } from '../../schema/meta/object-meta.ts';
import { formatMicroTime } from '../../schema/meta/time.ts';
import type { ReadRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import { managerOf, systemUser } from '../../schema/protocol/user-info.ts';

const writeBase = (component: string) => ({
  apiVersion: 'v1',
  user: systemUser(component),
  dryRun: false,
  fieldManager: managerOf(component),
});

export interface PodReference {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const TOPOLOGY_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

type Labels = Readonly<Record<string, string>>;

/** Where a node stands, for its pods to know. Source: plugin/pkg/admission/podtopologylabels. */
export function topologyLabels(labels: Labels): Labels | undefined {
  const found = TOPOLOGY_LABELS.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]] as const]));
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

/** `labels`: what the pod is to bear from now on. Source: registry/core/pod/storage BindingREST. */
export function bindRequest(pod: PodReference, nodeName: string, component: string, labels?: Labels): WriteRequest {
  const { namespace, name, uid } = pod;
  const binding = {
    kind: 'Binding',
    apiVersion: 'v1',
    metadata: { name, namespace, uid, ...(labels ? { labels } : {}) },
    target: { kind: 'Node', name: nodeName },
  };
  const body = JSON.stringify(binding);
  return { ...writeBase(component), verb: 'create', resource: 'pods', subresource: 'binding', namespace, name, body };
}

/** Sets one condition of a pod; the uid makes it fail on a namesake. */
export function podConditionRequest(
  pod: PodReference,
  condition: Readonly<Record<string, unknown>>,
  component: string,
): WriteRequest {
  return podStatusRequest(pod, { conditions: [condition] }, component);
}

/** Merges into a pod's status, conditions by type; the uid makes it fail on a namesake. */
export function podStatusRequest(
  pod: PodReference,
  status: Readonly<Record<string, unknown>>,
  component: string,
): WriteRequest {
  return {
    ...writeBase(component),
    verb: 'patch',
    resource: 'pods',
    subresource: 'status',
    namespace: pod.namespace,
    name: pod.name,
    patchType: 'strategic',
    body: JSON.stringify({ metadata: { uid: pod.uid }, status }),
    force: false,
    fieldValidation: 'Ignore',
  };
}

/** A graceful delete, as `kubectl delete pod` without options. */
export function deletePodRequest(pod: PodReference, component: string, gracePeriodSeconds?: number): WriteRequest {
  const options = {
    preconditions: { uid: pod.uid },
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
  return {
    ...writeBase(component),
    verb: 'delete',
    resource: 'pods',
    namespace: pod.namespace,
    name: pod.name,
    options,
  };
}

export const getNodeRequest = (name: string, component: string): ReadRequest => ({
  verb: 'get',
  resource: 'nodes',
  apiVersion: 'v1',
  namespace: '',
  name,
  resourceVersion: '',
  user: systemUser(component),
});

/** Merges into a node's status, conditions by type; the uid makes it fail on a namesake. */
export function nodeStatusRequest(
  node: KubeObject,
  status: Readonly<Record<string, unknown>>,
  component: string,
): WriteRequest {
  const body = JSON.stringify({ metadata: { uid: node.metadata.uid }, status });
  return { ...nodePatch(node, component), subresource: 'status', patchType: 'strategic', body };
}

/** Replaces a node's taints; refused (409) if the node changed since: then they are decided anew. */
export function nodeTaintsRequest(node: KubeObject, taints: readonly object[], component: string): WriteRequest {
  const { uid, resourceVersion } = node.metadata;
  const body = JSON.stringify({
    metadata: { uid, resourceVersion },
    spec: { taints: taints.length > 0 ? taints : null },
  });
  return { ...nodePatch(node, component), patchType: 'merge', body };
}

const nodePatch = (node: KubeObject, component: string) =>
  ({
    ...writeBase(component),
    verb: 'patch',
    resource: 'nodes',
    namespace: '',
    name: node.metadata.name ?? '',
    force: false,
    fieldValidation: 'Ignore',
  }) as const;

const LEASE_SECONDS = 40;

const leaseTarget = (component: string) =>
  ({
    ...writeBase(component),
    fieldManager: 'kubelet',
    apiVersion: 'coordination.k8s.io/v1',
    resource: 'leases.coordination.k8s.io',
    namespace: 'kube-node-lease',
  }) as const;

/** The Lease of a node that has just registered, as its kubelet would make it. */
export function newLeaseRequest(node: KubeObject, renewedAt: number, component: string): WriteRequest {
  const name = node.metadata.name ?? '';
  const lease = {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: {
      name,
      namespace: 'kube-node-lease',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid }],
    },
    spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: formatMicroTime(renewedAt) },
  };
  return { ...leaseTarget(component), verb: 'create', body: JSON.stringify(lease) };
}

export function renewLeaseRequest(node: KubeObject, renewedAt: number, component: string): WriteRequest {
  return {
    ...leaseTarget(component),
    verb: 'patch',
    name: node.metadata.name ?? '',
    patchType: 'merge',
    body: JSON.stringify({ spec: { renewTime: formatMicroTime(renewedAt) } }),
    force: false,
    fieldValidation: 'Ignore',
  };
}

/** An earlier occurrence of the same event. */
export interface EventOccurrence {
  readonly count: number;
  readonly firstTimestamp: string;
}

/** Records an event, or its repetition: the name says what it says, and updates create. */
export function eventRequest(content: EventContent, now: number, earlier?: EventOccurrence): WriteRequest {
  const event = newEvent(content, now);
  if (earlier) Object.assign(event, { count: earlier.count + 1, firstTimestamp: earlier.firstTimestamp });
  return {
    ...writeBase(content.component),
    verb: 'update',
    resource: 'events',
    namespace: eventNamespace(content.subject),
    name: eventName(content),
    body: JSON.stringify(event),
  };
}
