/**
 * The hub's mailboxes: routes released changes to the nodes they concern and answers the agents'
 * long-polls. Keeps in memory which pods each node has and what they reference, and what the nodes
 * have not yet acknowledged; nothing is stored.
 */
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { FRESHNESS_MS_MAX } from '../../authn/fresh-objects.ts';
import { nodeOfCredentialSecret } from '../../authn/node-credential.ts';
import { POLL_WAIT_MS_MAX, type StreamRequest } from '../../../schema/protocol/agent.ts';
import type { Change } from '../../../schema/protocol/change.ts';
import type { HubConsumer, HubServices } from '../hub-consumer.ts';
import { objectOf, previousOf } from '../parsed-change.ts';
import { indexedPod, MAILBOX_RESOURCES, routeChange } from './change-routing.ts';
import { deliverEntries, deliverEverything, replyText } from './delivery.ts';
import { Mailbox } from './mailbox.ts';
import { PodIndex } from './pod-index.ts';

/** A node that has not polled for this long is forgotten, and resynchronised in full when it returns. */
export const MAILBOX_IDLE_MS_MAX = 90_000;

/**
 * After a node's credential was taken away or replaced nothing is given to whoever polls, until every
 * Worker is sure to know of it: longer than authn/fresh-objects keeps what it has read.
 */
export const CREDENTIAL_CHANGE_MS = 2 * FRESHNESS_MS_MAX;

/** How many ended sessions of a node are remembered, to be refused. */
const SUPERSEDED_SESSIONS_MAX = 8;

/** A stream that no agent has dialed back for is told again after this. */
const STREAM_REPEAT_MS = 2_000;

/** What the node life cycle wants to hear. */
export interface NodeHeartbeats {
  seen(node: string, now: number): void;
}

/** One-shot timers; a parameter so that tests own time. */
export interface Timers {
  set(callback: () => void, delayMs: number): unknown;
  clear(timer: unknown): void;
}

export interface MailboxesDeps {
  readonly services: Pick<HubServices, 'now' | 'readAll'>;
  readonly heartbeats: NodeHeartbeats;
  readonly timers: Timers;
}

export interface PollRequest {
  readonly node: string;
  readonly since: number;
  readonly session: string;
}

export type PollOutcome =
  /** JSON of a PollReply. */
  | { readonly kind: 'reply'; readonly text: string }
  /** A newer session polls for the node. */
  | { readonly kind: 'superseded' }
  /** A shard did not answer, or the node's credential has just changed; to be tried again. */
  | { readonly kind: 'unavailable' };

interface WaitingStream {
  readonly request: StreamRequest;
  toldAt: number;
}

interface NodeState {
  box: Mailbox | undefined;
  session: string;
  readonly supersededSessions: string[];
  lastPollAt: number;
  /** When its credential was last taken away or replaced. */
  credentialChangedAt: number;
  /** Ends the wait of the open poll. */
  wake: ((why: Wakening) => void) | undefined;
  readonly streams: Map<string, WaitingStream>;
}

type Wakening = 'changed' | 'time' | 'superseded' | 'gone' | 'credential';

export class Mailboxes implements HubConsumer {
  readonly resources: ReadonlySet<string> = new Set(MAILBOX_RESOURCES);
  readonly restored: ReadonlySet<string> = new Set(['pods']);
  readonly index = new PodIndex();
  /**
   * Resolves once the mailboxes know the cluster's pods. Before that nothing may be answered from here:
   * a node would take an empty answer for the end of its pods.
   */
  readonly restoredOnce: Promise<void>;
  #announceRestored: () => void = () => {};
  #isRestored = false;
  readonly #nodes = new Map<string, NodeState>();
  readonly #deps: MailboxesDeps;
  #revision = 0;
  #sweptAt = 0;

  constructor(deps: MailboxesDeps) {
    this.#deps = deps;
    this.restoredOnce = new Promise((resolve) => {
      this.#announceRestored = resolve;
    });
  }

  restore(objects: readonly Change[], revision: number): void {
    this.#revision = revision;
    for (const change of objects) {
      if (change.resource !== 'pods' || !change.meta.fields['spec.nodeName']) continue;
      this.index.set(indexedPod(change, objectOf<UntypedObject>(change)));
    }
    this.#isRestored = true;
    this.#announceRestored();
  }

  apply(changes: readonly Change[], revision: number): void {
    const touched = new Set<NodeState>();
    for (const change of changes) {
      this.#credentialChanged(change);
      routeChange(
        change,
        this.index,
        () => this.#nodes.keys(),
        (node, entry) => {
          const state = this.#nodes.get(node);
          if (state?.box === undefined) return;
          state.box.add(entry);
          touched.add(state);
        },
      );
    }
    this.#revision = Math.max(this.#revision, revision);
    for (const state of touched) state.wake?.('changed');
  }

  /** Ends the open poll of a node whose credential is no longer what it was; the next one shows the new one. */
  #credentialChanged(change: Change): void {
    if (change.resource !== 'secrets' || change.namespace !== 'kube-system' || change.type === 'ADDED') return;
    const before = change.type === 'DELETED' ? objectOf<UntypedObject>(change) : previousOf<UntypedObject>(change);
    const node = before && nodeOfCredentialSecret(before);
    const state = node === undefined ? undefined : this.#nodes.get(node);
    if (state === undefined) return;
    state.credentialChangedAt = this.#deps.services.now();
    state.wake?.('credential');
  }

  /** Asks the node to dial back; told with its poll until `endStream`. */
  beginStream(node: string, request: StreamRequest): void {
    const state = this.#state(node);
    state.streams.set(request.id, { request, toldAt: Number.NEGATIVE_INFINITY });
    state.wake?.('changed');
  }

  /** The agent has dialed, or nobody waits any more. */
  endStream(node: string, id: string): void {
    this.#nodes.get(node)?.streams.delete(id);
  }

  /** Whether the node polls now or did so lately. */
  isPolling(node: string): boolean {
    const state = this.#nodes.get(node);
    return (
      state !== undefined &&
      (state.wake !== undefined || this.#deps.services.now() - state.lastPollAt < POLL_WAIT_MS_MAX)
    );
  }

  /** Waits for at most `POLL_WAIT_MS_MAX`. `signal` aborts when the agent has gone. */
  async poll(request: PollRequest, signal: AbortSignal): Promise<PollOutcome> {
    if (!this.#isRestored) await this.restoredOnce;
    const now = this.#deps.services.now();
    this.#sweep(now);
    const state = this.#state(request.node);
    if (now - state.credentialChangedAt < CREDENTIAL_CHANGE_MS) return { kind: 'unavailable' };
    if (!this.#admitSession(state, request.session)) return { kind: 'superseded' };
    state.lastPollAt = now;
    this.#deps.heartbeats.seen(request.node, now);
    if (state.box === undefined || request.since === 0 || !state.box.knowsSince(request.since)) {
      return this.#answerInFull(request.node, state);
    }
    state.box.acknowledge(request.since);
    if (state.box.isEmpty && !this.#hasNewStreams(state)) {
      const why = await this.#wait(state, signal);
      const at = this.#deps.services.now();
      if (why === 'superseded') return { kind: 'superseded' };
      if (why === 'credential') return { kind: 'unavailable' };
      if (why !== 'gone') this.#deps.heartbeats.seen(request.node, at);
      state.lastPollAt = at;
    }
    return this.#answer(request.node, state);
  }

  #state(node: string): NodeState {
    let state = this.#nodes.get(node);
    if (state === undefined) {
      state = {
        box: undefined,
        session: '',
        supersededSessions: [],
        lastPollAt: this.#deps.services.now(),
        credentialChangedAt: Number.NEGATIVE_INFINITY,
        wake: undefined,
        streams: new Map(),
      };
      this.#nodes.set(node, state);
    }
    return state;
  }

  /** A session not seen before takes over; one that was taken over from stays out. */
  #admitSession(state: NodeState, session: string): boolean {
    if (state.supersededSessions.includes(session)) return false;
    if (state.session === session) {
      // An earlier poll of the same session: its connection is given up, so whatever it is told does no harm.
      state.wake?.('changed');
      return true;
    }
    if (state.session !== '') state.supersededSessions.push(state.session);
    if (state.supersededSessions.length > SUPERSEDED_SESSIONS_MAX) state.supersededSessions.shift();
    state.session = session;
    state.wake?.('superseded');
    return true;
  }

  #wait(state: NodeState, signal: AbortSignal): Promise<Wakening> {
    const { timers } = this.#deps;
    return new Promise((resolve) => {
      const wake = (why: Wakening): void => {
        if (state.wake === wake) state.wake = undefined;
        timers.clear(timer);
        signal.removeEventListener('abort', gone);
        resolve(why);
      };
      const gone = (): void => wake('gone');
      const timer = timers.set(() => wake('time'), POLL_WAIT_MS_MAX);
      state.wake = wake;
      signal.addEventListener('abort', gone);
      if (signal.aborted) gone();
    });
  }

  async #answerInFull(node: string, state: NodeState): Promise<PollOutcome> {
    const revision = this.#revision;
    const box = new Mailbox(revision);
    state.box = box;
    const objects = await deliverEverything(node, this.index, this.#deps.services.readAll);
    if (objects === undefined) {
      if (state.box === box) state.box = undefined;
      return { kind: 'unavailable' };
    }
    const streams = this.#takeStreams(state);
    return { kind: 'reply', text: replyText({ revision, full: true, objects, removed: [], streams }) };
  }

  async #answer(node: string, state: NodeState): Promise<PollOutcome> {
    const { box } = state;
    if (box === undefined || box.overflowed) return this.#answerInFull(node, state);
    const revision = this.#revision;
    const delivered = await deliverEntries(box.entries(), this.#deps.services.readAll);
    if (delivered === undefined) return { kind: 'unavailable' };
    const streams = this.#takeStreams(state);
    return { kind: 'reply', text: replyText({ revision, full: false, ...delivered, streams }) };
  }

  #hasNewStreams(state: NodeState): boolean {
    const now = this.#deps.services.now();
    for (const { toldAt } of state.streams.values()) if (now - toldAt >= STREAM_REPEAT_MS) return true;
    return false;
  }

  #takeStreams(state: NodeState): readonly StreamRequest[] {
    const now = this.#deps.services.now();
    const due = [...state.streams.values()].filter(({ toldAt }) => now - toldAt >= STREAM_REPEAT_MS);
    for (const stream of due) stream.toldAt = now;
    return due.map(({ request }) => request);
  }

  /** Forgets nodes that have long not polled, so that nothing piles up for them. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < MAILBOX_IDLE_MS_MAX / 3) return;
    this.#sweptAt = now;
    for (const [node, state] of this.#nodes) {
      if (state.wake !== undefined || now - state.lastPollAt < MAILBOX_IDLE_MS_MAX) continue;
      if (state.streams.size === 0) this.#nodes.delete(node);
      else state.box = undefined;
    }
  }
}
