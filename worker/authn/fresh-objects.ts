/**
 * Reads of the objects that decide who may do what (RBAC objects, Secrets of credentials, the
 * ServiceAccounts and Pods that tokens are bound to), kept in the Worker isolate for at most
 * `FRESHNESS_MS_MAX`: whatever is revoked is refused within that time plus one read.
 */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import { splitGroupResource } from '../../schema/meta/status.ts';
import type { Answer, ReadRequest } from '../../schema/protocol/shard.ts';
import { wholeList } from '../../schema/protocol/whole-list.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';

/** What is older is never used for a decision. */
export const FRESHNESS_MS_MAX = 500;

/** After this, the first request that asks reads anew, while others still use what is kept. */
export const REFRESH_AFTER_MS = 250;

/** Before a request is refused, what the refusal rests on is read anew, so that a grant counts from its answer on. */
export const REFUSAL_FRESHNESS_MS_MAX = 0;

/** How many answers an isolate keeps; the oldest are dropped first. */
export const FRESH_ENTRIES_MAX = 4096;

/**
 * Live objects for security decisions, at most `maxAgeMs` old (by default `FRESHNESS_MS_MAX`). Rejects
 * when the shard does not answer: the request then fails closed.
 */
export interface ObjectReader {
  get(resource: GroupResource, namespace: string, name: string, maxAgeMs?: number): Promise<UntypedObject | undefined>;
  /** The same array as before while nothing has changed, so that what is derived from it can be kept by identity. */
  list(resource: GroupResource, namespace: string, maxAgeMs?: number): Promise<readonly UntypedObject[]>;
}

/** Reads from the shard of a namespace (empty: the cluster-scoped one). */
export type ShardReader = (namespace: string, request: ReadRequest) => Promise<Answer>;

interface Entry<T> {
  readonly body: string;
  readonly value: T;
  readonly readAt: number;
  /** When some request last set out to refresh; a request may vanish, so this is a time and no promise. */
  refreshAt: number;
}

const READER = systemUser('apiserver');

/** Every kind that is read for a security decision is served as v1 of its group. */
function target(resource: GroupResource, namespace: string) {
  const { group } = splitGroupResource(resource);
  return { resource, apiVersion: group ? `${group}/v1` : 'v1', namespace, user: READER } as const;
}

const listTarget = (resource: GroupResource, namespace: string) =>
  ({
    ...target(resource, namespace),
    verb: 'list',
    labelSelector: '',
    fieldSelector: '',
    limit: 0,
    resourceVersion: '',
    resourceVersionMatch: '',
  }) as const;

/** To be answered with 503, as the platform's own errors of that name. */
class ReadFailed extends Error {
  readonly retryable = true;
}

const readFailed = (what: string, answer: Answer): Error =>
  new ReadFailed(`reading ${what} for a security decision: ${answer.code} ${answer.body.slice(0, 200)}`);

/**
 * No promise is shared between requests: in a Worker a promise dies with the request that made it.
 * Instead one request refreshes early while the others go on with what is kept.
 */
export function freshObjects(read: ShardReader, now: () => number): ObjectReader {
  const entries = new Map<string, Entry<unknown>>();

  async function fresh<T>(
    key: string,
    ask: () => Promise<Answer>,
    parse: (answer: Answer) => T,
    maxAgeMs = FRESHNESS_MS_MAX,
  ): Promise<T> {
    const kept = entries.get(key) as Entry<T> | undefined;
    const at = now();
    if (kept !== undefined) {
      const age = at - kept.readAt;
      const someoneRefreshes = at - kept.refreshAt < REFRESH_AFTER_MS;
      if (age < maxAgeMs && (age < REFRESH_AFTER_MS || someoneRefreshes)) return kept.value;
      kept.refreshAt = at;
    }
    const answer = await ask();
    const value = kept !== undefined && kept.body === answer.body ? kept.value : parse(answer);
    entries.delete(key);
    // What does not exist is not remembered: it may be made and used at once.
    if (value === undefined) return value;
    entries.set(key, { body: answer.body, value, readAt: at, refreshAt: 0 });
    if (entries.size > FRESH_ENTRIES_MAX) entries.delete(entries.keys().next().value as string);
    return value;
  }

  return {
    get: (resource, namespace, name, maxAgeMs) =>
      fresh(
        `${resource}\n${namespace}\n${name}`,
        () => read(namespace, { ...target(resource, namespace), verb: 'get', name, resourceVersion: '' }),
        (answer) => {
          if (answer.code === 404) return undefined;
          if (answer.code !== 200) throw readFailed(`${resource} ${namespace}/${name}`, answer);
          return JSON.parse(answer.body) as UntypedObject;
        },
        maxAgeMs,
      ),
    list: (resource, namespace, maxAgeMs) =>
      fresh(
        `${resource}\n${namespace}`,
        async () => {
          const part = (token: string) => read(namespace, { ...listTarget(resource, namespace), continue: token });
          return wholeList(await part(''), part);
        },
        (answer) => {
          if (answer.code !== 200) throw readFailed(`${resource} of ${namespace}`, answer);
          return (JSON.parse(answer.body) as { items: UntypedObject[] }).items;
        },
        maxAgeMs,
      ),
  };
}
