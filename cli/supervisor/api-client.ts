import { Agent, request } from 'node:https';

export interface ApiAnswer {
  readonly code: number;
  readonly body: string;
}

/** A small client of our own API server: one connection, JSON bodies, the administrator's token. */
export class ApiClient {
  readonly #base: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(base: string, ca: string, token: string) {
    this.#base = base;
    this.#token = token;
    this.#agent = new Agent({ ca, keepAlive: true, maxSockets: 2 });
  }

  /** Rejects when the server cannot be reached; any HTTP answer resolves. */
  call(method: string, path: string, body?: unknown, timeoutMs = 10_000): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = request(
        `${this.#base}${path}`,
        {
          method,
          agent: this.#agent,
          timeout: timeoutMs,
          headers: {
            authorization: `Bearer ${this.#token}`,
            'user-agent': 'zeroplane-cli',
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () =>
            resolve({ code: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
          );
          incoming.on('error', reject);
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
