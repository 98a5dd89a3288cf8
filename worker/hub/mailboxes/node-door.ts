/** The hub's side of the agents' API: polls, status reports, streams. One line each in the Hub class leads here. */
import { notFound, type Status, serviceUnavailable } from '../../../schema/meta/status.ts';
import type { StatusReply, StatusReport } from '../../../schema/protocol/agent.ts';
import { NODE_DOOR_HEADER, type NodeDoorRequest } from '../../../schema/protocol/node-door.ts';
import type { Answer, WriteRequest } from '../../../schema/protocol/shard.ts';
import type { HubServices } from '../hub-consumer.ts';
import { Streams } from '../streams/streams.ts';
import { Mailboxes, type NodeHeartbeats, type PollOutcome, type Timers } from './mailboxes.ts';
import { type EventWrite, NodeEvents } from './node-events.ts';
import { mayReport, nodeStatusWrite, podReportWrite } from './status-report.ts';

const json = (body: string, status = 200): Response =>
  new Response(body, { status, headers: { 'content-type': 'application/json' } });

const SUPERSEDED: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'a newer session of this node has taken over',
  reason: 'Conflict',
  code: 409,
};

function pollResponse(outcome: PollOutcome): Response {
  switch (outcome.kind) {
    case 'reply':
      return json(outcome.text);
    case 'superseded':
      return json(JSON.stringify(SUPERSEDED), SUPERSEDED.code);
    case 'unavailable': {
      const status = serviceUnavailable('a part of the control plane does not answer');
      return json(JSON.stringify(status), status.code);
    }
  }
}

export class NodeDoor {
  readonly mailboxes: Mailboxes;
  readonly #streams: Streams;
  readonly #events = new NodeEvents();
  readonly #services: HubServices;

  constructor(services: HubServices, heartbeats: NodeHeartbeats, timers: Timers) {
    this.#services = services;
    this.mailboxes = new Mailboxes({ services, heartbeats, timers });
    this.#streams = new Streams(this.mailboxes, timers, () => services.now());
  }

  /** Answers a request that carries `NODE_DOOR_HEADER`. */
  async fetch(request: Request): Promise<Response> {
    const asked = JSON.parse(request.headers.get(NODE_DOOR_HEADER) ?? '') as NodeDoorRequest;
    switch (asked.kind) {
      case 'poll':
        return pollResponse(await this.mailboxes.poll(asked, request.signal));
      case 'read':
        return this.#streams.read(asked.node, asked.stream, request.signal);
      case 'dial':
        return this.#streams.accept(asked.node, asked.id);
    }
  }

  /** Takes a status report: one call per shard that its pods and events live in. */
  async report(node: string, report: StatusReport): Promise<StatusReply> {
    await this.mailboxes.restoredOnce;
    const now = this.#services.now();
    const pods = report.pods.map((pod) => podReportWrite(node, pod, this.mailboxes.index));
    const events = report.events
      .filter((event) => mayReport(node, event, this.mailboxes.index))
      .map((event) => this.#events.write(node, event, now));
    const writes: WriteRequest[] = [
      ...pods.flatMap((pod) => ('write' in pod ? [pod.write] : [])),
      ...(report.node ? [nodeStatusWrite(node, report.node)] : []),
      ...events.map(({ write }) => write),
    ];
    const answers = writes.length > 0 ? await this.#services.writeAll(writes) : [];
    await this.#eventsTaken(events, answers.slice(answers.length - events.length));
    let next = 0;
    return {
      pods: pods.map((pod, at) =>
        'refused' in pod ? pod.refused : podOutcome(report.pods[at]?.name ?? '', answers[next++] as Answer),
      ),
    };
  }

  /** Remembers what was recorded, and counts on those that were there already. */
  async #eventsTaken(events: readonly EventWrite[], answers: readonly Answer[]): Promise<void> {
    events.forEach((event, at) => {
      event.taken(answers[at] as Answer);
    });
    const met = events.filter((_event, at) => answers[at]?.code === 409);
    if (met.length === 0) return;
    const existing = await this.#services.readAll(met.map(({ read }) => read));
    const repeats = met.flatMap((event, at) => event.repeat(existing[at] as Answer) ?? []);
    if (repeats.length > 0) await this.#services.writeAll(repeats);
  }

  /** Whether a pod bound to the node is, or references, the object. */
  async nodeReaches(node: string, object: { resource: string; namespace: string; name: string }): Promise<boolean> {
    await this.mailboxes.restoredOnce;
    return this.mailboxes.index.reaches(node, object);
  }
}

/** A uid that no longer fits means that the pod is gone: an unconditional write knows no other conflict. */
function podOutcome(name: string, answer: Answer): Status | null {
  if (answer.code < 400) return null;
  if (answer.code === 409) return notFound('pods', name);
  return JSON.parse(answer.body) as Status;
}
