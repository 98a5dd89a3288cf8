/**
 * Streams to the nodes, which have no address: a reader waits here, the node's agent learns of it by
 * its poll and dials back a WebSocket, and the two are joined. One session per stream, in memory.
 */
import { STREAM_DIAL_MS_MAX, type StreamOpening, type StreamRequest } from '../../../schema/protocol/agent.ts';
import {
  badRequest,
  internalError,
  notFound,
  serviceUnavailable,
  type Status,
  timeout,
  tooManyRequests,
} from '../../../schema/meta/status.ts';
import type { Timers } from '../mailboxes/mailboxes.ts';
import { StreamJoin } from './stream-join.ts';

/** Streams of one node at a time, and of all nodes. Beyond the first the one that is silent for longest gives way. */
export const STREAMS_PER_NODE_MAX = 128;
export const STREAMS_MAX = 4096;

/** A stream without a byte for so long is closed. Source: kubelet's streamingConnectionIdleTimeout. */
export const STREAM_IDLE_MS_MAX = 4 * 3_600_000;
const IDLE_CHECK_MS = 60_000;

/** How long an agent that has dialed may take until it says whether the stream opens. */
export const STREAM_OPENING_MS_MAX = 30_000;

/** What the reader's side may hold before the agent is made to wait. */
const READER_BUFFER_BYTES = 65_536;

/** How streams reach the nodes' polls. */
export interface StreamAnnouncer {
  isPolling(node: string): boolean;
  beginStream(node: string, request: StreamRequest): void;
  endStream(node: string, id: string): void;
}

/** The agent's socket has come, or will not come. */
type Dialed = { readonly ok: true; readonly socket: WebSocket } | { readonly ok: false; readonly status: Status };

/** A reader that waits for the agent's socket. */
interface Session {
  readonly node: string;
  dialed(result: Dialed): void;
}

/**
 * A stream that is joined. A reader that goes away in silence is noticed only by the next byte it does
 * not take, so such streams may outlive their readers.
 */
interface OpenStream {
  readonly node: string;
  readonly close: () => void;
  lastByteAt: number;
}

const statusResponse = (status: Status): Response =>
  new Response(JSON.stringify(status), { status: status.code, headers: { 'content-type': 'application/json' } });

function parseOpening(data: unknown): StreamOpening | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const opening = JSON.parse(data) as StreamOpening;
    return opening.ok || (!opening.ok && typeof opening.status?.code === 'number') ? opening : undefined;
  } catch {
    return undefined;
  }
}

export class Streams {
  readonly #sessions = new Map<string, Session>();
  readonly #open = new Set<OpenStream>();
  readonly #announcer: StreamAnnouncer;
  readonly #timers: Timers;
  readonly #now: () => number;
  #idleTimer: unknown;

  constructor(announcer: StreamAnnouncer, timers: Timers, now: () => number) {
    this.#announcer = announcer;
    this.#timers = timers;
    this.#now = now;
  }

  /** Answers a reader with the stream's bytes as text, or with the Status why there are none. */
  async read(node: string, request: StreamRequest, signal: AbortSignal): Promise<Response> {
    const refused = this.#refusal(node);
    if (refused !== undefined) return statusResponse(refused);
    const dialed = await this.#dial(node, request, signal);
    if (!dialed.ok) return statusResponse(dialed.status);
    return this.#joined(node, dialed.socket, signal);
  }

  /** The agent's WebSocket for a session. */
  accept(node: string, id: string): Response {
    const session = this.#sessions.get(id);
    // The same answer whether it is over, never was, or is another node's.
    if (session === undefined || session.node !== node) return statusResponse(notFound('streams', id));
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.binaryType = 'arraybuffer';
    session.dialed({ ok: true, socket: server });
    return new Response(null, { status: 101, webSocket: client });
  }

  #refusal(node: string): Status | undefined {
    if (!this.#announcer.isPolling(node)) return serviceUnavailable(`node "${node}" is not connected`);
    if (this.#sessions.size + this.#open.size >= STREAMS_MAX) return tooManyRequests('too many open streams', 1);
    const waiting = [...this.#sessions.values()].filter((session) => session.node === node).length;
    const open = [...this.#open].filter((stream) => stream.node === node);
    if (waiting + open.length < STREAMS_PER_NODE_MAX) return undefined;
    const [first] = open;
    if (first === undefined) return tooManyRequests(`too many open streams to node "${node}"`, 1);
    open.reduce((silent, next) => (next.lastByteAt < silent.lastByteAt ? next : silent), first).close();
    return undefined;
  }

  /** Keeps track of a joined stream until `left`. */
  #entered(node: string, close: () => void): OpenStream {
    const stream = { node, close, lastByteAt: this.#now() };
    this.#open.add(stream);
    if (this.#idleTimer === undefined) this.#idleTimer = this.#timers.set(() => this.#closeIdle(), IDLE_CHECK_MS);
    return stream;
  }

  #closeIdle(): void {
    const now = this.#now();
    for (const stream of this.#open) if (now - stream.lastByteAt >= STREAM_IDLE_MS_MAX) stream.close();
    this.#idleTimer = this.#open.size > 0 ? this.#timers.set(() => this.#closeIdle(), IDLE_CHECK_MS) : undefined;
  }

  #dial(node: string, request: StreamRequest, signal: AbortSignal): Promise<Dialed> {
    return new Promise((resolve) => {
      const dialed = (result: Dialed): void => {
        this.#timers.clear(timer);
        signal.removeEventListener('abort', gone);
        this.#announcer.endStream(node, request.id);
        this.#sessions.delete(request.id);
        resolve(result);
      };
      const gone = (): void => dialed({ ok: false, status: badRequest('the client has gone') });
      const timer = this.#timers.set(
        () => dialed({ ok: false, status: timeout(`node "${node}" did not open the stream in time`) }),
        STREAM_DIAL_MS_MAX,
      );
      signal.addEventListener('abort', gone);
      this.#sessions.set(request.id, { node, dialed });
      this.#announcer.beginStream(node, request);
      if (signal.aborted) gone();
    });
  }

  /** Waits for the agent's opening, then streams. */
  #joined(node: string, socket: WebSocket, signal: AbortSignal): Promise<Response> {
    return new Promise((resolve) => {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      let opened = false;
      const stream = this.#entered(node, () => {
        join.closed(1000, '');
        if (socket.readyState === WebSocket.OPEN) socket.close(1000, 'idle');
      });
      const join = new StreamJoin({
        give: (bytes) => controller?.enqueue(bytes),
        wantsMore: () => (controller?.desiredSize ?? 0) > 0,
        end: () => controller?.close(),
        fail: (why) => controller?.error(new Error(why)),
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
        close: (code, reason) => {
          if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
        },
      });
      const body = new ReadableStream<Uint8Array>(
        {
          start: (started) => {
            controller = started;
          },
          pull: () => join.pulled(),
          cancel: () => join.readerGone(),
        },
        new ByteLengthQueuingStrategy({ highWaterMark: READER_BUFFER_BYTES }),
      );
      const answer = (response: Response): void => {
        opened = true;
        this.#timers.clear(timer);
        resolve(response);
      };
      const refuse = (status: Status): void => {
        answer(statusResponse(status));
        join.readerGone();
      };
      const timer = this.#timers.set(
        () => refuse(timeout('the node did not answer the stream in time')),
        STREAM_OPENING_MS_MAX,
      );
      socket.addEventListener('message', ({ data }) => {
        if (opened) {
          stream.lastByteAt = this.#now();
          if (data instanceof ArrayBuffer) join.received(new Uint8Array(data));
          return;
        }
        const opening = parseOpening(data);
        if (opening === undefined) refuse(internalError('the node sent an unknown opening of a stream'));
        else if (!opening.ok) refuse(opening.status);
        else answer(new Response(body, { headers: { 'content-type': 'text/plain' } }));
      });
      socket.addEventListener('close', ({ code, reason }) => {
        this.#open.delete(stream);
        join.closed(code, reason);
        if (!opened) answer(statusResponse(internalError('the node closed the stream before it began')));
      });
      socket.addEventListener('error', () => {
        this.#open.delete(stream);
        join.closed(1006, 'the connection to the node broke');
      });
      signal.addEventListener('abort', () => join.readerGone());
      if (signal.aborted) join.readerGone();
    });
  }
}
