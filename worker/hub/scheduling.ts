/**
 * The scheduler as a part of the hub: follows nodes and pods, places every waiting pod in one pass
 * after each batch of changes, and sends each shard one batch of bindings. Placed pods count on their
 * node at once; a binding that is refused takes the pod out again.
 */
import { formatTime } from '../../schema/meta/time.ts';
import { equalJson } from '../../schema/meta/json-value.ts';
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { Answer, WriteRequest } from '../../schema/protocol/shard.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import type { Node } from '../scheduler/node-info.ts';
import { isWaiting, type PodInfo, podInfo } from '../scheduler/pod-info.ts';
import { type Decision, schedule } from '../scheduler/schedule.ts';
import { SchedulingQueue } from '../scheduler/scheduling-queue.ts';
import { Snapshot } from '../scheduler/snapshot.ts';
import type { HubConsumer, HubServices } from './hub-consumer.ts';
import { objectOf, previousOf } from './parsed-change.ts';
import {
  bindRequest,
  deletePodRequest,
  eventRequest,
  podConditionRequest,
  podStatusRequest,
  topologyLabels,
} from './scheduling-writes.ts';

export const DEFAULT_SCHEDULER = 'default-scheduler';
const COMPONENT = 'kube-scheduler';

/** The same failure of the same pod is told again only after this long. */
const REPEATED_EVENT_MS = 300_000;
/** Placed per pass; the rest follows at once. Bounds a batch of bindings and the time the hub is busy. */
const PASS_PODS_MAX = 2_000;

type Binding = Extract<Decision, { kind: 'bind' }>;
type Failure = Extract<Decision, { kind: 'unschedulable' }>;

interface ToldFailure {
  readonly message: string;
  readonly at: number;
  readonly count: number;
  readonly firstTimestamp: string;
}

export class Scheduling implements HubConsumer {
  readonly resources: ReadonlySet<GroupResource> = new Set(['pods', 'nodes', 'namespaces']);
  readonly #services: HubServices;
  readonly #snapshot = new Snapshot();
  readonly #queue = new SchedulingQueue();
  /** Pods sent to be bound whose change has not come back yet. */
  readonly #placed = new Set<string>();
  /** Of waiting pods, what decides whether a change concerns their scheduling. */
  readonly #specs = new Map<string, unknown>();
  readonly #told = new Map<string, ToldFailure>();
  #isPassPlanned = false;

  constructor(services: HubServices) {
    this.#services = services;
  }

  restore(objects: readonly Change[]): void {
    this.apply(objects);
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.resource === 'nodes') this.#nodeChanged(change);
      else if (change.resource === 'namespaces') this.#namespaceChanged(change);
      else if (change.resource === 'pods') this.#podChanged(change);
    }
    this.#planPass();
  }

  tick(): void {
    this.#planPass();
  }

  #namespaceChanged(change: Change): void {
    if (change.type === 'DELETED') this.#snapshot.namespaceLabels.delete(change.name);
    else this.#snapshot.namespaceLabels.set(change.name, change.meta.labels);
  }

  #nodeChanged(change: Change): void {
    if (change.type === 'DELETED') {
      this.#snapshot.removeNode(change.name);
      return;
    }
    const node = objectOf<Node>(change);
    const before = previousOf<Node>(change);
    if (before && this.#snapshot.node(change.name)?.isKnown && !nodeChangeMatters(before, node)) return;
    this.#snapshot.setNode(node);
    this.#queue.moveAll();
  }

  #podChanged(change: Change): void {
    const pod = objectOf<Pod>(change);
    const uid = pod.metadata.uid ?? '';
    const isGone = change.type === 'DELETED' || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (isGone || pod.spec?.nodeName) {
      this.#forgetWaiting(uid);
      this.#placed.delete(uid);
      if (!isGone) this.#snapshot.addPod(podInfo(pod));
      else if (this.#snapshot.removePod(uid)) this.#queue.moveAll();
      return;
    }
    if (!isWaiting(pod, DEFAULT_SCHEDULER)) {
      this.#forgetWaiting(uid);
      return;
    }
    if (this.#placed.has(uid)) return;
    this.#podWaits(uid, pod);
  }

  #podWaits(uid: string, pod: Pod): void {
    const concerns = { spec: pod.spec, labels: pod.metadata.labels };
    const isSame = this.#queue.has(uid) && equalJson(this.#specs.get(uid), concerns);
    this.#specs.set(uid, concerns);
    const info = podInfo(pod);
    if (info.nominatedNodeName) this.#snapshot.nominate(info, info.nominatedNodeName);
    if (isSame) this.#queue.refresh(info);
    else this.#queue.add(info);
  }

  #forgetWaiting(uid: string): void {
    this.#queue.remove(uid);
    this.#specs.delete(uid);
    this.#told.delete(uid);
    this.#snapshot.forgetNomination(uid);
  }

  #planPass(): void {
    if (this.#isPassPlanned) return;
    const due = this.#queue.nextDueAt();
    if (due === undefined) return;
    if (due > this.#services.now()) {
      this.#services.wakeAt(due);
      return;
    }
    this.#isPassPlanned = true;
    this.#services.defer(() => this.#pass());
  }

  async #pass(): Promise<void> {
    this.#isPassPlanned = false;
    const now = this.#services.now();
    const decisions = schedule(this.#snapshot, this.#queue.due(now).slice(0, PASS_PODS_MAX));
    const bindings = decisions.filter((decision) => decision.kind === 'bind');
    const failures = decisions.filter((decision) => decision.kind === 'unschedulable');
    for (const { pod } of bindings) {
      this.#placed.add(pod.uid);
      this.#queue.remove(pod.uid);
    }
    for (const { pod } of failures) this.#queue.setUnschedulable(pod.uid, now);
    this.#planPass();
    await Promise.all([this.#bind(bindings), this.#tell(failures, now)]);
  }

  async #bind(bindings: readonly Binding[]): Promise<void> {
    if (bindings.length === 0) return;
    const requests = bindings.map(({ pod, nodeName }) =>
      bindRequest(pod, nodeName, COMPONENT, topologyLabels(this.#snapshot.node(nodeName)?.labels ?? {})),
    );
    const answers = await this.#services.writeAll(requests);
    const now = this.#services.now();
    const bound = bindings.filter((binding, i) => this.#settle(binding, answers[i], now));
    this.#planPass();
    await this.#services.writeAll(
      bound.map(({ pod, nodeName }) => {
        const message = `Successfully assigned ${pod.namespace}/${pod.name} to ${nodeName}`;
        return eventRequest({ ...event(pod), type: 'Normal', reason: 'Scheduled', message }, now);
      }),
    );
  }

  /** True when the pod is bound. A refused one is taken off its node and, unless it is gone, tried again. */
  #settle({ pod }: Binding, answer: Answer | undefined, now: number): boolean {
    if (answer && answer.code < 400) {
      this.#told.delete(pod.uid);
      this.#specs.delete(pod.uid);
      return true;
    }
    // Not in `#placed` any more: its change came first, assigned or gone, and the snapshot knows.
    if (!this.#placed.delete(pod.uid)) return false;
    this.#snapshot.removePod(pod.uid);
    this.#queue.moveAll();
    if (answer?.code === 404) {
      this.#forgetWaiting(pod.uid);
      return false;
    }
    this.#queue.add(pod);
    this.#queue.setUnschedulable(pod.uid, now, true);
    return false;
  }

  /** Says why pods wait: an event now and then, the condition when its text changes. Evicts for those who may. */
  async #tell(failures: readonly Failure[], now: number): Promise<void> {
    const requests = failures.flatMap((failure) => [
      ...this.#failureWrites(failure, now),
      ...evictionWrites(failure, now),
    ]);
    if (requests.length > 0) await this.#services.writeAll(requests);
  }

  #failureWrites({ pod, message, preemption }: Failure, now: number): readonly WriteRequest[] {
    const told = this.#told.get(pod.uid);
    const isNew = told?.message !== message || preemption !== undefined;
    if (!isNew && now - told.at < REPEATED_EVENT_MS) return [];
    const earlier = told?.message === message ? told : undefined;
    const firstTimestamp = earlier?.firstTimestamp ?? formatTime(now);
    this.#told.set(pod.uid, { message, at: now, count: (earlier?.count ?? 0) + 1, firstTimestamp });
    const failed = eventRequest({ ...event(pod), type: 'Warning', reason: 'FailedScheduling', message }, now, earlier);
    if (!isNew) return [failed];
    const conditions = [unschedulableCondition(pod, message, told ? undefined : now)];
    const nominated = preemption ? { nominatedNodeName: preemption.nodeName } : {};
    return [podStatusRequest(pod, { ...nominated, conditions }, COMPONENT), failed];
  }
}

/** Source: pkg/scheduler/framework/preemption executor.go. */
function evictionWrites({ pod, preemption }: Failure, now: number): readonly WriteRequest[] {
  return (preemption?.victims ?? []).flatMap((victim) => {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${DEFAULT_SCHEDULER}: preempting to accommodate a higher priority pod`,
      lastProbeTime: null,
      lastTransitionTime: formatTime(now),
      ...(victim.generation ? { observedGeneration: victim.generation } : {}),
    };
    const message = `Preempted by pod ${pod.uid} on node ${preemption?.nodeName}`;
    return [
      podConditionRequest(victim, condition, COMPONENT),
      deletePodRequest(victim, COMPONENT),
      eventRequest({ ...event(victim), type: 'Normal', reason: 'Preempted', message }, now),
    ];
  });
}

const event = (pod: PodInfo) => ({
  component: DEFAULT_SCHEDULER,
  subject: { apiVersion: 'v1', kind: 'Pod', namespace: pod.namespace, name: pod.name, uid: pod.uid },
});

/** `since`: absent when the pod was unschedulable before; then its transition time stays. */
const unschedulableCondition = ({ generation }: PodInfo, message: string, since: number | undefined) => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message,
  lastProbeTime: null,
  ...(generation ? { observedGeneration: generation } : {}),
  ...(since === undefined ? {} : { lastTransitionTime: formatTime(since) }),
});

/** Heartbeats and condition changes of a node do not make pods fit. */
const nodeChangeMatters = (before: Node, after: Node): boolean =>
  !equalJson(before.spec, after.spec) ||
  !equalJson(before.metadata.labels, after.metadata.labels) ||
  !equalJson(before.status?.allocatable, after.status?.allocatable);
