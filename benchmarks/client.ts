import { Pool } from 'undici';
import type { RunningCluster } from '../tests/cluster/running-cluster.ts';

/** A keep-alive client over TLS with the administrator's token. */
export class BenchClient {
  readonly #pool: Pool;
  readonly #headers: Record<string, string>;

  constructor(cluster: RunningCluster, connections: number) {
    this.#pool = new Pool(cluster.server, {
      connections,
      pipelining: 1,
      connect: { ca: cluster.ca },
      headersTimeout: 120_000,
      bodyTimeout: 0,
    });
    this.#headers = { authorization: `Bearer ${cluster.adminToken}`, 'content-type': 'application/json' };
  }

  /** The answer's body; throws on any status that is not a success. */
  async call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: string): Promise<string> {
    const { statusCode, body: answer } = await this.#pool.request({
      method,
      path,
      headers: this.#headers,
      body: body ?? null,
    });
    const text = await answer.text();
    if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 300)}`);
    return text;
  }

  /** A server-side apply; throws on any status that is not a success. */
  async apply(path: string, body: string): Promise<void> {
    const headers = { ...this.#headers, 'content-type': 'application/apply-patch+yaml' };
    const answer = await this.#pool.request({ method: 'PATCH', path, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`apply ${path}: ${answer.statusCode} ${text.slice(0, 300)}`);
  }

  /** The status code of any answer; its body is read and dropped. */
  async status(method: 'POST', path: string, body: string): Promise<number> {
    const answer = await this.#pool.request({ method, path, headers: this.#headers, body });
    await answer.body.dump();
    return answer.statusCode;
  }

  /** The answer's body as it came, and how it was packed; throws on any status that is not a success. */
  async read(path: string, headers: Readonly<Record<string, string>>): Promise<{ body: Buffer; encoding?: string }> {
    const answer = await this.#pool.request({ method: 'GET', path, headers: { ...this.#headers, ...headers } });
    const body = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode >= 300) throw new Error(`GET ${path}: ${answer.statusCode} ${body.subarray(0, 300)}`);
    const encoding = answer.headers['content-encoding'];
    return typeof encoding === 'string' ? { body, encoding } : { body };
  }

  /** An open watch: calls `onEvent` with each line until the signal ends it. */
  async watch(path: string, signal: AbortSignal, onEvent: (line: string) => void): Promise<void> {
    const { statusCode, body } = await this.#pool.request({ method: 'GET', path, headers: this.#headers, signal });
    if (statusCode !== 200) throw new Error(`watch ${path}: ${statusCode} ${await body.text()}`);
    void (async () => {
      let rest = '';
      try {
        for await (const chunk of body) {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) if (line) onEvent(line);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    })();
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** A ConfigMap of about `bytes` bytes of JSON. */
export const configMapOf = (name: string, bytes: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { app: 'bench' } },
    data: { payload: 'x'.repeat(Math.max(0, bytes - 120)) },
  });

export async function createNamespaces(client: BenchClient, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await client.call(
      'POST',
      '/api/v1/namespaces',
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    );
  }
}
