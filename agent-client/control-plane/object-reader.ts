/** ConfigMaps, Secrets and Services for pods: from what the control plane told, else asked for once. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Clock } from '../clock.ts';
import type { Service } from '../pods/environment.ts';
import type { PodObjects } from '../pods/pod-context.ts';
import type { ApiClient } from './api-client.ts';
import type { Credentials } from './credentials.ts';
import type { ObjectCache } from './object-cache.ts';

/** For how long "not found" is believed: a pod can be told of before what it uses. */
const MISSING_MS = 1_000;
const MISSING_MAX = 1_000;
const ASK_TIMEOUT_MS = 5_000;

export class ObjectReader implements PodObjects {
  readonly #client: ApiClient;
  readonly #credentials: Credentials;
  readonly #cache: ObjectCache;
  readonly #clock: Clock;
  readonly #missing = new Map<string, number>();

  constructor(client: ApiClient, credentials: Credentials, cache: ObjectCache, clock: Clock) {
    this.#client = client;
    this.#credentials = credentials;
    this.#cache = cache;
    this.#clock = clock;
  }

  readonly configMap = (namespace: string, name: string): Promise<UntypedObject | undefined> =>
    this.#get('configmaps', namespace, name);

  readonly secret = (namespace: string, name: string): Promise<UntypedObject | undefined> =>
    this.#get('secrets', namespace, name);

  readonly services = (namespace: string): readonly Service[] => this.#cache.list('services', namespace);

  async #get(resource: 'configmaps' | 'secrets', namespace: string, name: string): Promise<UntypedObject | undefined> {
    const cached = this.#cache.get(resource, namespace, name);
    if (cached) return cached;
    const key = `${resource}/${namespace}/${name}`;
    const now = this.#clock.now();
    if ((this.#missing.get(key) ?? 0) > now || !this.#credentials.token) return undefined;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`;
    const found = await this.#client.call<UntypedObject>({
      method: 'GET',
      path,
      token: this.#credentials.token,
      timeoutMs: ASK_TIMEOUT_MS,
    });
    // The stream may have told of it meanwhile; what it says is newer. What was asked for is not kept:
    // only what is told of is also told to be gone.
    const told = this.#cache.get(resource, namespace, name);
    if (told) return told;
    if (found.ok) return found.value;
    if (this.#missing.size >= MISSING_MAX) this.#missing.clear();
    this.#missing.set(key, now + MISSING_MS);
    return undefined;
  }
}
