/** Answers stream requests: one WebSocket to the control plane per session. */
import { WebSocket } from 'ws';
import { failure, type Status } from '../../schema/meta/status.ts';
import type { LogStreamRequest, StreamOpening, StreamRequest } from '../../schema/protocol/agent.ts';
import type { ApiClient } from '../control-plane/api-client.ts';
import { type Log, messageOf } from '../log.ts';
import { SendWindow } from './send-window.ts';
import type { StreamOpener } from './stream-sessions.ts';

const SESSIONS_MAX = 256;
/** Remembered ids, so that a repeated request is not opened twice. */
const IDS_MAX = 1_024;
const OPEN_TIMEOUT_MS = 15_000;
/** Above it the log is not read on until the socket has sent. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/** What a session sends: bytes, or why there are none. */
export type LogOutcome =
  | { readonly ok: true; readonly parts: AsyncIterable<Uint8Array> }
  | { readonly ok: false; readonly status: Status };

export interface DialBackOptions {
  readonly client: ApiClient;
  readonly node: string;
  readonly log: Log;
  token(): string;
  /** `signal` ends when whoever waits has gone. */
  logs(request: LogStreamRequest, signal: AbortSignal): Promise<LogOutcome>;
}

export class DialBack implements StreamOpener {
  readonly #options: DialBackOptions;
  readonly #seen = new Set<string>();
  readonly #sockets = new Set<WebSocket>();

  constructor(options: DialBackOptions) {
    this.#options = options;
  }

  open(request: StreamRequest): void {
    if (this.#seen.has(request.id)) return;
    this.#seen.add(request.id);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= IDS_MAX) break;
      this.#seen.delete(oldest);
    }
    this.#serve(request).catch((error: unknown) => {
      this.#options.log('warn', 'a stream ended with an error', { id: request.id, error: messageOf(error) });
    });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #serve(request: StreamRequest): Promise<void> {
    if (this.#sockets.size >= SESSIONS_MAX) throw new Error('too many streams are open');
    const socket = this.#connect(request.id);
    this.#sockets.add(socket);
    const gone = new AbortController();
    socket.on('close', () => gone.abort());
    socket.on('error', () => gone.abort());
    try {
      await opened(socket);
      await this.#sendLogs(socket, request, gone.signal);
    } finally {
      this.#sockets.delete(socket);
      if (socket.readyState === WebSocket.OPEN) socket.close(1000);
      else socket.terminate();
    }
  }

  #connect(id: string): WebSocket {
    const { client, node } = this.#options;
    const url = new URL(`/agent/v1/nodes/${encodeURIComponent(node)}/streams/${encodeURIComponent(id)}`, client.server);
    url.protocol = client.server.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(url.href, {
      ca: client.ca,
      headers: { authorization: `Bearer ${this.#options.token()}` },
      handshakeTimeout: OPEN_TIMEOUT_MS,
      perMessageDeflate: false,
    });
  }

  async #sendLogs(socket: WebSocket, request: LogStreamRequest, signal: AbortSignal): Promise<void> {
    const outcome = await this.#options.logs(request, signal).catch((error: unknown) => ({
      ok: false as const,
      status: failure({ code: 500, reason: 'InternalError', message: messageOf(error) }),
    }));
    const opening: StreamOpening = outcome.ok ? { ok: true } : { ok: false, status: outcome.status };
    const window = new SendWindow();
    socket.on('message', (data, isBinary) => {
      if (!isBinary) window.received(data.toString());
    });
    signal.addEventListener('abort', () => window.end());
    socket.send(JSON.stringify(opening));
    if (!outcome.ok) return;
    for await (const part of outcome.parts) {
      if (signal.aborted || !(await window.take(part.byteLength))) return;
      await send(socket, part);
    }
  }
}

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before it opened')));
  });

/** Waits for the socket only when much is unsent. */
function send(socket: WebSocket, part: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const waits = socket.bufferedAmount > BUFFERED_BYTES_MAX;
    socket.send(part, { binary: true }, () => {
      if (waits) resolve();
    });
    if (!waits) resolve();
  });
}
