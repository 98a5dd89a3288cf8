/** HTTPS to the control plane: our CA, a bearer token, few connections, answers as data. */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { fail, ok, type Result, serviceUnavailable, type Status, failure } from '../../schema/meta/status.ts';
import { messageOf } from '../log.ts';

const CALL_CONNECTIONS_MAX = 8;
const CALL_TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** A long-poll: has a connection of its own. */
  readonly waits?: boolean;
}

/** One per process: thousands of simulated nodes share its connections. */
export class ApiClient {
  readonly server: URL;
  readonly ca: string | undefined;
  readonly #secure: boolean;
  readonly #calls: HttpAgent;
  readonly #polls: HttpAgent;

  constructor(server: string, ca: string | undefined) {
    this.server = new URL(server);
    this.ca = ca;
    this.#secure = this.server.protocol === 'https:';
    const options = { keepAlive: true, ca, scheduling: 'lifo' as const };
    const make = (maxSockets: number): HttpAgent =>
      this.#secure ? new HttpsAgent({ ...options, maxSockets }) : new HttpAgent({ keepAlive: true, maxSockets });
    this.#calls = make(CALL_CONNECTIONS_MAX);
    this.#polls = make(Number.POSITIVE_INFINITY);
  }

  /** The decoded body of a 2xx answer, else its Status; a server that is away is 503. */
  async call<T>(call: ApiCall): Promise<Result<T>> {
    try {
      const { code, text } = await this.#send(call);
      const decoded = decode(text);
      if (code >= 200 && code < 300) return ok(decoded as T);
      return fail(
        isStatus(decoded)
          ? decoded
          : failure({ code, reason: 'Unknown', message: text.slice(0, 500) || `answer ${code}` }),
      );
    } catch (error) {
      return fail(serviceUnavailable(`${this.server.origin}: ${messageOf(error)}`));
    }
  }

  close(): void {
    this.#calls.destroy();
    this.#polls.destroy();
  }

  #send(call: ApiCall): Promise<{ code: number; text: string }> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers: Record<string, string> = {
      authorization: `Bearer ${call.token}`,
      accept: 'application/json',
      'user-agent': 'zeroplane-agent',
      ...(body === undefined
        ? {}
        : {
            'content-type': call.contentType ?? 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
    };
    return new Promise((resolve, reject) => {
      const send = this.#secure ? httpsRequest : httpRequest;
      const sent = send(
        new URL(call.path, this.server.href).href,
        { method: call.method, headers, agent: call.waits ? this.#polls : this.#calls, signal: call.signal },
        (answer) => readText(answer).then((text) => resolve({ code: answer.statusCode ?? 0, text }), reject),
      );
      sent.setTimeout(call.timeoutMs ?? CALL_TIMEOUT_MS, () => sent.destroy(new Error('no answer in time')));
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

function readText(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > ANSWER_BYTES_MAX) answer.destroy(new Error('the answer is too large'));
      else parts.push(part);
    });
    answer.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    answer.on('error', reject);
    answer.on('aborted', () => reject(new Error('the answer ended early')));
  });
}

function decode(text: string): unknown {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return undefined;
  }
}

const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' &&
  value !== null &&
  (value as Status).kind === 'Status' &&
  typeof (value as Status).code === 'number';
