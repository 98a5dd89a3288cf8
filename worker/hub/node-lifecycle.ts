/**
 * Follows whether nodes are alive and what that means for their pods: conditions of silent nodes,
 * taints from conditions, and the eviction of pods that do not tolerate a taint (any longer).
 * An open poll is a node's heartbeat; it lives in memory, and after a restart of the hub every node has
 * a fresh grace period. Source: pkg/controller/nodelifecycle, pkg/controller/tainteviction.
 */
import { pushAll } from '../../schema/meta/push-all.ts';
import type { EventContent } from '../../schema/meta/event-record.ts';
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import { formatTime } from '../../schema/meta/time.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { findPodCondition, isPodTerminal } from '../../schema/resources/core/pod-conditions.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import type { Taint } from '../../schema/resources/core/taints.ts';
import type { Node } from '../scheduler/node-info.ts';
import type { HubConsumer, HubServices } from './hub-consumer.ts';
import {
  awaitsEviction,
  conditionsOf,
  conditionsOfReturn,
  conditionsOfSilence,
  type NodeCondition,
  readinessOf,
  taintsFor,
} from './node-lifecycle-conditions.ts';
import { disruptionOf, zoneOf } from './node-lifecycle-disruption.ts';
import { type EvictablePod, Evictions } from './node-lifecycle-evictions.ts';
import { objectOf } from './parsed-change.ts';
import {
  deletePodRequest,
  eventRequest,
  getNodeRequest,
  newLeaseRequest,
  nodeStatusRequest,
  nodeTaintsRequest,
  podConditionRequest,
  podStatusRequest,
  renewLeaseRequest,
} from './scheduling-writes.ts';

const COMPONENT = 'node-controller';
const EVICTOR = 'taint-eviction-controller';
const COLLECTOR = 'pod-garbage-collector';

/** Upstream's --node-monitor-grace-period and --node-startup-grace-period. */
export const NODE_MONITOR_GRACE_MS = 50_000;
export const NODE_STARTUP_GRACE_MS = 60_000;
/** How long pods of an unknown node are left alone. */
export const QUARANTINE_MS = 40_000;
/** A write that failed, or whose effect has not come back, is tried again after so long. */
const RETRY_MS = 5_000;

interface KnownNode {
  node: Node;
  /** Last sign of life, or since when one is waited for; ms since the epoch. */
  seenAt: number;
  /** Heard of since it was last given up; false also after a restart of the hub. */
  isHeard: boolean;
  /** The conditions before it went silent. */
  before: readonly NodeCondition[] | undefined;
  /** No further write about the node before this time, unless it changes. */
  quietUntil: number;
}

interface KnownPod extends EvictablePod {
  readonly nodeName: string;
  readonly isReady: boolean;
  readonly isTerminal: boolean;
  readonly isLeaving: boolean;
  readonly generation: number;
}

export class NodeLifecycle implements HubConsumer {
  readonly resources: ReadonlySet<GroupResource> = new Set(['nodes', 'pods']);
  readonly #services: HubServices;
  readonly #nodes = new Map<string, KnownNode>();
  readonly #pods = new Map<string, KnownPod>();
  readonly #podsOfNode = new Map<string, Map<string, KnownPod>>();
  readonly #evictions = new Evictions();
  /** By zone, when its last node was given up. */
  readonly #lastEviction = new Map<string, number>();
  /** Nodes that pods name and nobody knows, with the end of their quarantine. */
  readonly #missing = new Map<string, number>();
  #isReviewPlanned = false;
  /** A node changed, or a pod names an unknown one. */
  #mustReview = false;

  constructor(services: HubServices) {
    this.#services = services;
  }

  restore(objects: readonly Change[]): void {
    for (const change of objects) this.#follow(change, true);
    this.#planReview();
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.#follow(change, false);
    if (this.#mustReview) this.#planReview();
    else this.#evictLater();
  }

  tick(): void {
    this.#planReview();
  }

  /** The node polls, or has a poll open. `now` in ms since the epoch. */
  seen(name: string, now: number): void {
    const known = this.#nodes.get(name);
    if (!known) return;
    known.seenAt = Math.max(known.seenAt, now);
    known.isHeard = true;
    if (readinessOf(known.node) === 'Unknown') this.#planReview();
  }

  #follow(change: Change, isRestored: boolean): void {
    if (change.resource === 'nodes') this.#nodeChanged(change, isRestored);
    else if (change.resource === 'pods') this.#podChanged(change);
  }

  #nodeChanged(change: Change, isRestored: boolean): void {
    this.#mustReview = true;
    const now = this.#services.now();
    const node = objectOf<Node>(change);
    const known = this.#nodes.get(change.name);
    if (change.type === 'DELETED') {
      this.#nodes.delete(change.name);
      this.#write([nodeEvent(node, 'RemovingNode', `Removing Node ${change.name} from Controller`, now)]);
      return;
    }
    const isSame = known?.node.metadata.uid === node.metadata.uid;
    if (known && isSame) Object.assign(known, { node, quietUntil: 0 });
    else this.#nodes.set(change.name, { node, seenAt: now, isHeard: false, before: undefined, quietUntil: 0 });
    if (!isSame && !isRestored) {
      const registered = nodeEvent(node, 'RegisteredNode', `Registered Node ${change.name} in Controller`, now);
      this.#write([registered, newLeaseRequest(node, now, COMPONENT)]);
    }
    for (const pod of this.#podsOfNode.get(change.name)?.values() ?? []) this.#reviewPod(pod, now);
  }

  #podChanged(change: Change): void {
    const pod = objectOf<Pod>(change);
    const uid = pod.metadata.uid ?? '';
    const nodeName = pod.spec?.nodeName ?? '';
    const isTerminal = isPodTerminal(pod);
    const isLeaving = pod.metadata.deletionTimestamp !== undefined;
    const isGone = change.type === 'DELETED';
    this.#forgetPod(uid, isGone || isTerminal || isLeaving);
    if (isGone || nodeName === '') return;
    const known: KnownPod = {
      uid,
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name ?? '',
      nodeName,
      tolerations: pod.spec?.tolerations ?? [],
      isReady: findPodCondition(pod.status, 'Ready')?.status === 'True',
      isTerminal,
      isLeaving,
      generation: pod.metadata.generation ?? 0,
    };
    this.#pods.set(uid, known);
    const pods = this.#podsOfNode.get(nodeName) ?? new Map<string, KnownPod>();
    this.#podsOfNode.set(nodeName, pods.set(uid, known));
    this.#reviewPod(known, this.#services.now());
    const node = this.#nodes.get(nodeName)?.node;
    if (!node || (isLeaving && isOutOfService(node))) this.#mustReview = true;
  }

  #forgetPod(uid: string, isLeaving: boolean): void {
    if (isLeaving) this.#evictions.forget(uid);
    const known = this.#pods.get(uid);
    if (!known) return;
    this.#pods.delete(uid);
    const pods = this.#podsOfNode.get(known.nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#podsOfNode.delete(known.nodeName);
  }

  #reviewPod(pod: KnownPod, now: number): void {
    if (pod.isLeaving || pod.isTerminal) return;
    const taints = (this.#nodes.get(pod.nodeName)?.node.spec?.taints ?? []) as readonly Taint[];
    const isCalledOff = this.#evictions.review(pod, taints, now);
    if (isCalledOff) this.#write([evictionEvent(pod, `Cancelling deletion of Pod ${pod.namespace}/${pod.name}`, now)]);
  }

  #planReview(): void {
    if (this.#isReviewPlanned) return;
    this.#isReviewPlanned = true;
    this.#services.defer(() => this.#review());
  }

  /** One look at all nodes and at the evictions that are due. */
  async #review(): Promise<void> {
    this.#isReviewPlanned = false;
    this.#mustReview = false;
    const now = this.#services.now();
    const requests: WriteRequest[] = [];
    for (const known of this.#nodes.values()) pushAll(requests, this.#reviewNode(known, now));
    requests.push(...this.#taintWrites(now), ...this.#evict(now), ...(await this.#collectGarbage(now)));
    this.#wakeAtNext(now);
    if (requests.length > 0) await this.#services.writeAll(requests);
  }

  #reviewNode(known: KnownNode, now: number): readonly WriteRequest[] {
    if (known.quietUntil > now) return [];
    if (now > deadlineOf(known)) return this.#lost(known, now);
    return known.isHeard && readinessOf(known.node) === 'Unknown' ? this.#back(known, now) : [];
  }

  #lost(known: KnownNode, now: number): readonly WriteRequest[] {
    const { node } = known;
    const conditions = conditionsOfSilence(node, now);
    if (conditions.length === 0) return [];
    if (readinessOf(node) !== 'Unknown') known.before = conditionsOf(node);
    known.isHeard = false;
    known.quietUntil = now + RETRY_MS;
    const wasReady = readinessOf(node) === 'True';
    const told = wasReady
      ? [nodeEvent(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`, now)]
      : [];
    const pods = [...(this.#podsOfNode.get(node.metadata.name ?? '')?.values() ?? [])].filter(({ isReady }) => isReady);
    return [
      nodeStatusRequest(node, { conditions }, COMPONENT),
      renewLeaseRequest(node, known.seenAt, COMPONENT),
      ...told,
      ...pods.flatMap((pod) => notReadyWrites(pod, now)),
    ];
  }

  #back(known: KnownNode, now: number): readonly WriteRequest[] {
    const conditions = conditionsOfReturn(known.node, known.before, now);
    if (conditions.length === 0) return [];
    known.quietUntil = now + RETRY_MS;
    return [nodeStatusRequest(known.node, { conditions }, COMPONENT), renewLeaseRequest(known.node, now, COMPONENT)];
  }

  #taintWrites(now: number): readonly WriteRequest[] {
    const { isEverythingLost, intervalMs } = disruptionOf([...this.#nodes.values()].map(({ node }) => node));
    return [...this.#nodes.values()].flatMap((known) => {
      if (known.quietUntil > now) return [];
      const zone = zoneOf(known.node);
      const interval = intervalMs.get(zone);
      const wants = awaitsEviction(known.node) && !isEverythingLost;
      const mayEvict =
        wants && interval !== undefined && now >= (this.#lastEviction.get(zone) ?? Number.NEGATIVE_INFINITY) + interval;
      const taints = taintsFor(known.node, { mayEvict, isEverythingLost }, now);
      if (!taints) return [];
      if (mayEvict) this.#lastEviction.set(zone, now);
      known.quietUntil = now + RETRY_MS;
      return [nodeTaintsRequest(known.node, taints, COMPONENT)];
    });
  }

  #evict(now: number): readonly WriteRequest[] {
    return this.#evictions.take(now).flatMap((pod) => {
      const message = 'Taint manager: deleting due to NoExecute taint';
      const generation = this.#pods.get(pod.uid)?.generation;
      const condition = disruptionTarget('DeletionByTaintManager', message, generation, now);
      return [
        evictionEvent(pod, `Marking for deletion Pod ${pod.namespace}/${pod.name}`, now),
        podConditionRequest(pod, condition, EVICTOR),
        deletePodRequest(pod, EVICTOR),
      ];
    });
  }

  /** Pods of nodes that are gone, and terminating ones of nodes that are out of service. Source: pkg/controller/podgc. */
  async #collectGarbage(now: number): Promise<readonly WriteRequest[]> {
    const orphaned = await this.#podsOfGoneNodes(now);
    const stuck = [...this.#nodes.values()]
      .filter(({ node }) => isOutOfService(node))
      .flatMap(({ node }) => [...(this.#podsOfNode.get(node.metadata.name ?? '')?.values() ?? [])])
      .filter(({ isLeaving }) => isLeaving);
    return [
      ...orphaned.flatMap((pod) => removalWrites(pod, 'PodGC: node no longer exists', now)),
      ...stuck.flatMap((pod) => removalWrites(pod, undefined, now)),
    ];
  }

  /** A node that is not known is asked for once more after its quarantine. */
  async #podsOfGoneNodes(now: number): Promise<readonly KnownPod[]> {
    for (const name of this.#missing.keys())
      if (!this.#podsOfNode.has(name) || this.#nodes.has(name)) this.#missing.delete(name);
    for (const name of this.#podsOfNode.keys()) {
      if (!this.#nodes.has(name) && !this.#missing.has(name)) this.#missing.set(name, now + QUARANTINE_MS);
    }
    const due = [...this.#missing].filter(([, at]) => at <= now).map(([name]) => name);
    if (due.length === 0) return [];
    const answers = await this.#services.readAll(due.map((name) => getNodeRequest(name, COLLECTOR)));
    for (const name of due) this.#missing.set(name, now + QUARANTINE_MS);
    return due
      .filter((_, i) => answers[i]?.code === 404)
      .flatMap((name) => [...(this.#podsOfNode.get(name)?.values() ?? [])]);
  }

  #evictLater(): void {
    const at = this.#evictions.nextAt();
    if (at === undefined) return;
    if (at <= this.#services.now()) this.#planReview();
    else this.#services.wakeAt(at);
  }

  #wakeAtNext(now: number): void {
    let next = this.#evictions.nextAt();
    const consider = (at: number) => {
      if (next === undefined || at < next) next = at;
    };
    for (const at of this.#missing.values()) consider(at);
    for (const known of this.#nodes.values()) {
      if (readinessOf(known.node) !== 'Unknown') consider(deadlineOf(known) + 1);
      if (known.quietUntil > now) consider(known.quietUntil);
      else if (awaitsEviction(known.node)) consider(now + RETRY_MS);
    }
    if (next !== undefined) this.#services.wakeAt(next);
  }

  #write(requests: readonly WriteRequest[]): void {
    this.#services.defer(async () => {
      await this.#services.writeAll(requests);
    });
  }
}

const deadlineOf = ({ node, seenAt }: KnownNode): number =>
  seenAt + (readinessOf(node) === undefined ? NODE_STARTUP_GRACE_MS : NODE_MONITOR_GRACE_MS);

/** Upstream's condition of a pod that is about to be deleted for its node's sake. */
export const disruptionTarget = (reason: string, message: string, generation: number | undefined, now: number) => ({
  type: 'DisruptionTarget',
  status: 'True',
  reason,
  message,
  lastProbeTime: null,
  lastTransitionTime: formatTime(now),
  ...(generation ? { observedGeneration: generation } : {}),
});

const isOutOfService = (node: Node): boolean =>
  readinessOf(node) !== 'True' &&
  (node.spec?.taints ?? []).some(({ key }) => key === 'node.kubernetes.io/out-of-service');

/** No node will ever finish these pods: they fail, where they have not ended, and go at once. */
function removalWrites(pod: KnownPod, reason: string | undefined, now: number): readonly WriteRequest[] {
  const conditions = reason ? { conditions: [disruptionTarget('DeletionByPodGC', reason, pod.generation, now)] } : {};
  const failed = podStatusRequest(pod, { phase: 'Failed', ...conditions }, COLLECTOR);
  return [...(pod.isTerminal ? [] : [failed]), deletePodRequest(pod, COLLECTOR, 0)];
}

function notReadyWrites(pod: KnownPod, now: number): readonly WriteRequest[] {
  const condition = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(now) };
  const content: EventContent = {
    type: 'Warning',
    reason: 'NodeNotReady',
    message: 'Node is not ready',
    component: COMPONENT,
    subject: { apiVersion: 'v1', kind: 'Pod', namespace: pod.namespace, name: pod.name, uid: pod.uid },
  };
  return [podConditionRequest(pod, condition, COMPONENT), eventRequest(content, now)];
}

const evictionEvent = ({ namespace, name, uid }: EvictablePod, message: string, now: number): WriteRequest =>
  eventRequest(
    {
      type: 'Normal',
      reason: 'TaintManagerEviction',
      message,
      component: EVICTOR,
      subject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    },
    now,
  );

const nodeEvent = (node: Node, reason: string, message: string, now: number): WriteRequest =>
  eventRequest(
    {
      type: 'Normal',
      reason,
      message,
      component: COMPONENT,
      subject: {
        apiVersion: 'v1',
        kind: 'Node',
        namespace: '',
        name: node.metadata.name ?? '',
        uid: node.metadata.uid ?? '',
      },
    },
    now,
  );
