/**
 * What upstream's `TestResource` asks of any kind, over the wire: discovery, every verb, every kind of
 * patch, the status, and what a watcher sees. Source: test/e2e/framework/conformance.
 */
import { expect } from 'vitest';
import type { Answer, ApiCalls } from '../clients/api-calls.ts';

type Fields = Record<string, unknown>;

export interface ResourceCase {
  /** `/apis/certificates.k8s.io/v1`. */
  readonly api: string;
  readonly plural: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly initial: Fields & { readonly metadata: Fields };
  /** A merge patch, and the JSON patch of the same. */
  readonly change: Fields;
  readonly jsonPatch: readonly object[];
  /** Where the kind has a status: the merge patch of it, and the JSON patch of the same. */
  readonly status?: Fields;
  readonly statusJsonPatch?: readonly object[];
}

const LABEL = 'e2e-test.kubernetes.io';

export const PATCH_TYPES = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export class ResourceRun {
  readonly #calls: ApiCalls;
  readonly #of: ResourceCase;
  #count = 0;

  constructor(calls: ApiCalls, of: ResourceCase) {
    this.#calls = calls;
    this.#of = of;
  }

  get #collection(): string {
    const { api, namespace, plural } = this.#of;
    return namespace ? `${api}/namespaces/${namespace}/${plural}` : `${api}/${plural}`;
  }

  async #expect(code: number, ...call: Parameters<ApiCalls['call']>): Promise<Answer> {
    const answer = await this.#calls.call(...call);
    expect(answer.code, `${call[0]} ${call[1]}: ${answer.text}`).toBe(code);
    return answer;
  }

  async #create(): Promise<Answer['json']> {
    const { initial } = this.#of;
    this.#count += 1;
    const { name, ...metadata } = initial.metadata;
    const named = name ? { name: `${String(name)}-${this.#count}` } : {};
    const body = { ...initial, metadata: { ...metadata, ...named, labels: { [LABEL]: this.#of.plural } } };
    return (await this.#expect(201, 'POST', this.#collection, { body })).json;
  }

  #patch(path: string, type: keyof typeof PATCH_TYPES, body: unknown): Promise<Answer> {
    const query = type === 'apply' ? '?fieldManager=e2e&force=true' : '';
    return this.#expect(200, 'PATCH', `${path}${query}`, { body, headers: { 'content-type': PATCH_TYPES[type] } });
  }

  /** A patch names the object it means. */
  #complete(patch: Fields, { apiVersion, kind, metadata }: Answer['json']): Fields {
    const { name, namespace, uid } = metadata;
    const own = (patch['metadata'] ?? {}) as Fields;
    return { ...patch, apiVersion, kind, metadata: { ...own, name, uid, ...(namespace ? { namespace } : {}) } };
  }

  async discovery(): Promise<void> {
    const { api, plural, status } = this.#of;
    const { resources } = (await this.#expect(200, 'GET', api)).json;
    const names = resources.map(({ name }: { name: string }) => name);
    expect(names).toContain(plural);
    if (status) expect(names).toContain(`${plural}/status`);
    const group = api.split('/')[2];
    const { groups } = (await this.#expect(200, 'GET', '/apis')).json;
    expect(groups.map(({ name }: { name: string }) => name)).toContain(group);
  }

  async #watched(since: string): Promise<readonly string[]> {
    const selector = `labelSelector=${encodeURIComponent(`${LABEL}=${this.#of.plural}`)}`;
    const path = `${this.#collection}?watch=true&${selector}&resourceVersion=${since}&timeoutSeconds=1`;
    const { text } = await this.#expect(200, 'GET', path);
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).type);
  }

  /** Create, read, list, update, delete; a watcher sees it all. */
  async verbs(): Promise<void> {
    const created = await this.#create();
    const path = `${this.#collection}/${created.metadata.name}`;
    expect((await this.#expect(200, 'GET', path)).json).toEqual(created);
    const selector = `labelSelector=${encodeURIComponent(`${LABEL}=${this.#of.plural}`)}`;
    const everywhere = `${this.#of.api}/${this.#of.plural}?${selector}`;
    for (const list of [`${this.#collection}?${selector}`, everywhere]) {
      const { items } = (await this.#expect(200, 'GET', list)).json;
      expect(items.map(({ metadata }: Answer['json']) => metadata.uid)).toEqual([created.metadata.uid]);
    }
    const { labels, ...change } = { labels: {}, ...((this.#of.change['metadata'] ?? {}) as Fields) };
    const body = {
      ...created,
      ...this.#of.change,
      metadata: { ...created.metadata, ...change, labels: { ...created.metadata.labels, ...(labels as Fields) } },
    };
    const updated = (await this.#expect(200, 'PUT', path, { body })).json;
    expect(updated).toMatchObject(this.#of.change);
    await this.#expect(409, 'PUT', path, { body });
    await this.#expect(200, 'DELETE', path);
    await this.#expect(404, 'GET', path);
    const since = String(Number(created.metadata.resourceVersion) - 1);
    expect(await this.#watched(since)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
  }

  async patches(): Promise<void> {
    const { change, jsonPatch } = this.#of;
    for (const type of ['strategic', 'merge', 'apply', 'json'] as const) {
      const created = await this.#create();
      const path = `${this.#collection}/${created.metadata.name}`;
      const patch = type === 'json' ? jsonPatch : this.#complete(change, created);
      expect((await this.#patch(path, type, patch)).json, type).toMatchObject(change);
    }
    await this.#removeAll();
  }

  async statuses(): Promise<void> {
    const { status = {}, statusJsonPatch = [] } = this.#of;
    for (const type of ['strategic', 'merge', 'apply', 'json'] as const) {
      const created = await this.#create();
      const path = `${this.#collection}/${created.metadata.name}/status`;
      const patch = type === 'json' ? statusJsonPatch : this.#complete(status, created);
      expect((await this.#patch(path, type, patch)).json, type).toMatchObject(status);
      expect((await this.#expect(200, 'GET', path)).json, type).toMatchObject(status);
    }
    const created = await this.#create();
    const path = `${this.#collection}/${created.metadata.name}/status`;
    expect((await this.#expect(200, 'PUT', path, { body: { ...created, ...status } })).json).toMatchObject(status);
    await this.#removeAll();
  }

  async #removeAll(): Promise<void> {
    const selector = `labelSelector=${encodeURIComponent(`${LABEL}=${this.#of.plural}`)}`;
    await this.#expect(200, 'DELETE', `${this.#collection}?${selector}`);
    expect((await this.#expect(200, 'GET', `${this.#collection}?${selector}`)).json.items).toEqual([]);
  }
}
