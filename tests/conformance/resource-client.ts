/** One resource of a cluster over plain HTTPS, as a dynamic client has it, and what a watch of it tells. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect } from 'vitest';
import type { Answer, ApiCalls } from '../clients/api-calls.ts';

const EVENT_TIMEOUT_MS = 30_000;
const CONFLICTS_MAX = 5;

export type PatchType = 'json' | 'merge' | 'strategic';
const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

// What tests look into differs by kind: the expectations are theirs.
type Json = Answer['json'];

export interface ResourcePath {
  /** '' is the core group. */
  readonly group?: string;
  readonly version?: string;
  readonly plural: string;
  /** None: a cluster-scoped resource, or all namespaces. */
  readonly namespace?: string | undefined;
}

export type Query = Readonly<Record<string, string>>;

export class ResourceClient {
  readonly #calls: ApiCalls;
  readonly path: ResourcePath;

  constructor(calls: ApiCalls, path: ResourcePath) {
    this.#calls = calls;
    this.path = path;
  }

  /** `/apis/batch/v1`. */
  get groupVersionPath(): string {
    const { group = '', version = 'v1' } = this.path;
    return group ? `/apis/${group}/${version}` : `/api/${version}`;
  }

  /** The same resource over all namespaces. */
  everywhere(): ResourceClient {
    return new ResourceClient(this.#calls, { ...this.path, namespace: undefined });
  }

  create(body: Json): Promise<Json> {
    return this.#done(201, 'POST', this.#url(), { body });
  }

  /** The Status with which a request is refused. */
  async refused(code: number, method: 'POST' | 'PUT', body: Json): Promise<Json> {
    const url = method === 'POST' ? this.#url() : this.#url(body.metadata.name);
    return this.#done(code, method, url, { body });
  }

  get(name: string, subresource = ''): Promise<Json> {
    return this.#done(200, 'GET', this.#url(name, subresource));
  }

  async isGone(name: string): Promise<boolean> {
    const { code, json } = await this.#calls.call('GET', this.#url(name));
    return code === 404 && json.reason === 'NotFound';
  }

  list(query: Query = {}): Promise<Json> {
    return this.#done(200, 'GET', `${this.#url()}?${new URLSearchParams(query)}`);
  }

  patch(name: string, type: PatchType, body: Json, subresource = ''): Promise<Json> {
    return this.#done(200, 'PATCH', this.#url(name, subresource), {
      body,
      headers: { 'content-type': PATCH_TYPES[type] },
    });
  }

  put(body: Json, subresource = ''): Promise<Json> {
    return this.#done(200, 'PUT', this.#url(body.metadata.name, subresource), { body });
  }

  /** Reads, changes and writes, again while others write in between. */
  async update(name: string, change: (object: Json) => void, subresource = ''): Promise<Json> {
    for (let conflicts = 0; ; conflicts += 1) {
      const body = await this.get(name);
      change(body);
      const answer = await this.#calls.call('PUT', this.#url(name, subresource), { body });
      if (answer.code === 409 && conflicts < CONFLICTS_MAX) continue;
      expect(answer.code, answer.text).toBe(200);
      return answer.json;
    }
  }

  delete(name: string, options: Json = {}): Promise<Json> {
    return this.#done(200, 'DELETE', this.#url(name), { body: options });
  }

  deleteCollection(query: Query, options: Json = {}): Promise<Json> {
    return this.#done(200, 'DELETE', `${this.#url()}?${new URLSearchParams(query)}`, { body: options });
  }

  async watch(query: Query): Promise<ResourceWatch> {
    const stream = await this.#calls.stream(`${this.#url()}?${new URLSearchParams({ ...query, watch: 'true' })}`);
    return new ResourceWatch(stream);
  }

  #url(name = '', subresource = ''): string {
    const { namespace, plural } = this.path;
    const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
    return [`${this.groupVersionPath}${scope}/${plural}`, name, subresource].filter(Boolean).join('/');
  }

  async #done(code: number, ...request: Parameters<ApiCalls['call']>): Promise<Json> {
    const answer = await this.#calls.call(...request);
    expect(answer.code, `${request[0]} ${request[1]}\n${answer.text}`).toBe(code);
    return answer.json;
  }
}

export interface WatchEvent {
  readonly type: string;
  readonly object: Json;
}

/** The events of one watch, in order. */
export class ResourceWatch {
  readonly #stream: Readable;
  readonly #lines: AsyncIterator<string>;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#lines = createInterface({ input: stream })[Symbol.asyncIterator]();
    stream.on('error', () => undefined);
  }

  async next(): Promise<WatchEvent> {
    for (;;) {
      const line = await this.#line();
      // Nothing said, to keep the connection: Go's decoder passes over it, too.
      if (line !== '') return JSON.parse(line) as WatchEvent;
    }
  }

  async #line(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no event within ${EVENT_TIMEOUT_MS / 1000} s`)), EVENT_TIMEOUT_MS);
    });
    try {
      const line = await Promise.race([this.#lines.next(), late]);
      if (line.done) throw new Error('the watch ended');
      return line.value;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first event of the type about an object that fits; those before it are passed over. */
  async until(type: string, fits: (object: Json) => boolean = () => true): Promise<Json> {
    for (;;) {
      const event = await this.next();
      expect(event.type, JSON.stringify(event.object)).not.toBe('ERROR');
      if (event.type === type && fits(event.object)) return event.object;
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}
