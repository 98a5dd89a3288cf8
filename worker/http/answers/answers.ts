/** From what the registry says to an HTTP response. */
import { Duplex } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import type { Status } from '../../../schema/meta/status.ts';
import type { Accepted } from '../negotiation/accept.ts';
import { jsonMediaType } from '../negotiation/json.ts';
import { warningHeaders } from './warnings.ts';

const PLAIN: Accepted = { mediaType: jsonMediaType, conversion: undefined, isPretty: false };

/** Answers above this are compressed for clients that accept it. Source: apiserver defaultGzipThresholdBytes. */
const GZIP_CHARS_MIN = 128 * 1024;

export interface AnswerOptions {
  readonly accepted?: Accepted | undefined;
  readonly warnings?: readonly string[] | undefined;
  /** The request's Accept-Encoding. */
  readonly acceptEncoding?: string | null;
}

/** JSON text as a response, in the media type that was agreed on. */
export function jsonAnswer(code: number, json: string, options: AnswerOptions = {}): Response {
  const { mediaType, isPretty } = options.accepted ?? PLAIN;
  const headers = answerHeaders(mediaType.name, options);
  const body = mediaType.writeBody(json, isPretty);
  if (code === 200 && body.length >= GZIP_CHARS_MIN && acceptsGzip(options.acceptEncoding))
    return gzipped(code, body, headers);
  return new Response(body, { status: code, headers });
}

/** Only the bare word counts, without parameters. Source: apiserver responsewriters ContentEncodingSupported. */
export const acceptsGzip = (acceptEncoding: string | null | undefined): boolean =>
  (acceptEncoding ?? '').split(',').some((token) => token.trim() === 'gzip');

/** At the speed of level 1 (upstream's choice) compressing costs less than sending what it saves. */
const GZIP_LEVEL = 1;

function gzipped(code: number, body: string | Uint8Array<ArrayBuffer>, headers: Headers): Response {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return encoded(code, gzipSync(bytes, { level: GZIP_LEVEL }), headers);
}

function encoded(code: number, body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>, headers: Headers): Response {
  headers.set('content-encoding', 'gzip');
  headers.set('vary', 'Accept-Encoding');
  return new Response(body, { status: code, headers, encodeBody: 'manual' });
}

/** A JSON body that is made while it is sent. */
export function streamAnswer(code: number, body: ReadableStream<Uint8Array>, options: AnswerOptions = {}): Response {
  const headers = answerHeaders('application/json', options);
  if (!acceptsGzip(options.acceptEncoding)) return new Response(body, { status: code, headers });
  return encoded(code, body.pipeThrough(gzipStream()), headers);
}

/** Like the platform's CompressionStream, whose level cannot be chosen. */
const gzipStream = () =>
  Duplex.toWeb(createGzip({ level: GZIP_LEVEL })) as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;

function answerHeaders(mediaType: string, { warnings }: AnswerOptions): Headers {
  const headers = new Headers({ 'content-type': mediaType, 'cache-control': 'no-cache, private' });
  for (const warning of warningHeaders(warnings ?? [])) headers.append('warning', warning);
  return headers;
}

/** A Status as a response. */
export function statusAnswer(status: Status, options: AnswerOptions = {}): Response {
  const response = jsonAnswer(status.code, JSON.stringify(status), options);
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter) response.headers.set('retry-after', String(retryAfter));
  response.headers.set('x-content-type-options', 'nosniff');
  return response;
}

export const textAnswer = (code: number, text: string, headers: Record<string, string> = {}): Response =>
  new Response(text, {
    status: code,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers },
  });

/** For paths of no API at all, as upstream's last handler. */
export const pathNotFound = (): Response => textAnswer(404, '404 page not found\n');
