import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import type { RunningCluster } from '../cluster/running-cluster.ts';

export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // Tests look into many kinds of object: what they expect is in the test.
  readonly json: ReturnType<typeof JSON.parse>;
}

export interface CallOptions {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when a string, else as JSON. */
  readonly body?: unknown;
}

/** Plain HTTPS calls to a cluster, for what no client library would send. */
export class ApiCalls {
  readonly #cluster: RunningCluster;
  readonly #pool: Pool;

  constructor(cluster: RunningCluster, connections = 16) {
    this.#cluster = cluster;
    this.#pool = new Pool(cluster.server, { connections, connect: { ca: cluster.ca } });
  }

  async call(
    method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const token = options.token === undefined ? this.#cluster.adminToken : options.token;
    const { body } = options;
    const answer = await this.#pool.request({
      method,
      path,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { code: answer.statusCode, headers: answer.headers, text, json };
  }

  /** An answer that goes on: a watch. Fails unless it is a 200. */
  async stream(path: string): Promise<Readable> {
    const answer = await this.#pool.request({
      method: 'GET',
      path,
      headers: { authorization: `Bearer ${this.#cluster.adminToken}` },
      bodyTimeout: 0,
    });
    if (answer.statusCode !== 200) throw new Error(await answer.body.text());
    return answer.body;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Asks until `probe` gives something; fails with what it last saw. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${timeoutMs / 1000} s${last ? ` (${String(last)})` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
