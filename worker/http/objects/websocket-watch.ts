/**
 * Watches over WebSocket: a message per event, text for JSON and binary for protobuf. What the client
 * sends is not looked at. Source: apiserver endpoints/handlers/watch.go HandleWS.
 */
import { badRequest, type Status, tooManyRequests } from '../../../schema/meta/status.ts';
import { offeredSubprotocols } from '../../authn/bearer-token.ts';
import type { Handled } from '../api-request.ts';
import { eventMessage } from '../negotiation/protobuf-watch.ts';

/** Of one isolate. */
export const WATCH_SOCKETS_MAX = 1_024;

/**
 * After so much a watch ends, as after its time, and the client goes on from where it was: the platform
 * does not tell how much of what was sent the client has taken, so this is what may wait for a slow one.
 */
export const WATCH_SOCKET_BYTES_MAX = 64 * 1024 * 1024;

const NORMAL_CLOSURE = 1000;
const INTERNAL_ERROR = 1011;

const open = new Set<WebSocket>();

function refusalOf(subprotocols: readonly string[]): Status | undefined {
  // None means anything for a watch: there is nothing to choose by.
  if (subprotocols.length > 1) return badRequest('a watch takes one WebSocket subprotocol at most');
  return open.size >= WATCH_SOCKETS_MAX ? tooManyRequests('too many watches, please try again later', 10) : undefined;
}

/** A watch's stream of JSON lines as a WebSocket; what is no stream of events (a refusal) stays as it is. */
export async function webSocketWatch(request: Headers, watch: Response, format: 'json' | 'protobuf'): Promise<Handled> {
  if (!watch.ok || !watch.body) return watch;
  const offered = offeredSubprotocols(request);
  const refusal = refusalOf(offered);
  if (refusal) {
    await watch.body.cancel();
    return refusal;
  }
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  void sendEvents(watch.body, server, format);
  const headers = new Headers();
  if (offered[0] !== undefined) headers.set('sec-websocket-protocol', offered[0]);
  return new Response(null, { status: 101, webSocket: client, headers });
}

async function sendEvents(
  body: ReadableStream<Uint8Array>,
  socket: WebSocket,
  format: 'json' | 'protobuf',
): Promise<void> {
  open.add(socket);
  const reader = body.getReader();
  const gone = (): void => {
    open.delete(socket);
    reader.cancel().catch(() => {});
  };
  socket.addEventListener('close', gone);
  socket.addEventListener('error', gone);
  let code = NORMAL_CLOSURE;
  try {
    await pump(reader, (line) => send(socket, line, format));
  } catch (error) {
    console.error('a watch over WebSocket failed', error);
    code = INTERNAL_ERROR;
  }
  if (!open.delete(socket)) return;
  reader.cancel().catch(() => {});
  socket.close(code);
}

/** The length of what was sent. */
function send(socket: WebSocket, line: string, format: 'json' | 'protobuf'): number {
  const message = format === 'json' ? `${line}\n` : eventMessage(line);
  socket.send(message);
  return message.length;
}

/** Hands on line after line to the end of the stream, or until too much was sent. Empty lines only keep connections alive. */
async function pump(reader: ReadableStreamDefaultReader<Uint8Array>, give: (line: string) => number): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  let sent = 0;
  while (sent < WATCH_SOCKET_BYTES_MAX) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line) sent += give(line);
  }
}
