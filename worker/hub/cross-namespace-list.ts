/** Lists over all namespaces: one snapshot, ordered by namespace and name, in stable pages. */
import { pushAll } from '../../schema/meta/push-all.ts';
import { encodeContinue } from '../../schema/meta/continue-token.ts';
import { LIST_PART_LENGTH_MAX } from '../../schema/meta/list-text.ts';
import type { ListPart, ListPartRequest, ListRequest } from '../../schema/protocol/shard.ts';
import type { ListPlan } from '../storage/list-plan.ts';
import { HistoryExpired, mapLimited, type ShardReader, Unreadable } from './shard-fan-out.ts';

/** Namespaces asked at once for one page. */
const WINDOW_NAMESPACES = 8;
/** Sorts before every object's name. */
const BEFORE_ALL_NAMES = '\u0001';
/** With more namespaces left, remainingItemCount (which is optional) is not counted. */
const COUNTED_NAMESPACES_MAX = 64;

export interface ListedPage {
  /** List items; each text may hold several, separated by commas. */
  readonly texts: readonly string[];
  /** Empty: this was the last page. */
  readonly continue: string;
  readonly remaining: number | undefined;
}

export interface CrossListOptions {
  readonly request: ListRequest;
  readonly plan: ListPlan;
  readonly revision: number;
  /** In the order of `compareNamespaces`. */
  readonly namespaces: readonly string[];
  readonly isSelective: boolean;
  shard(namespace: string): ShardReader;
}

/**
 * Orders namespaces as their objects' keys are ordered in etcd (`namespace/name`, by bytes): `a-b` comes
 * before `a`.
 */
export function compareNamespaces(a: string, b: string): number {
  if (a === b) return 0;
  return `${a}/` < `${b}/` ? -1 : 1;
}

/** Where in the order of namespaces and names something lies. */
interface Place {
  readonly namespace: string;
  readonly name: string;
}

function placeOf(key: string): Place {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: '' } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Throws `HistoryExpired` when the revision is too old for a shard, `Unreadable` when an object cannot be opened. */
export async function listAcross(options: CrossListOptions): Promise<ListedPage> {
  const lister = new Lister(options);
  return options.request.limit > 0 ? lister.page(options.request.limit) : lister.everything();
}

class Lister {
  readonly #options: CrossListOptions;
  readonly #start: Place;
  readonly #namespaces: readonly string[];

  constructor(options: CrossListOptions) {
    this.#options = options;
    this.#start = placeOf(options.plan.after);
    this.#namespaces = options.namespaces.filter(
      (namespace) => options.plan.after === '' || compareNamespaces(namespace, this.#start.namespace) >= 0,
    );
  }

  /** All there is, or a first part of about the length a message may have. */
  async everything(): Promise<ListedPage> {
    const texts: string[] = [];
    let length = 0;
    for (let from = 0; from < this.#namespaces.length; from += WINDOW_NAMESPACES) {
      const window = this.#namespaces.slice(from, from + WINDOW_NAMESPACES);
      const listed = await mapLimited(window, (namespace) => this.#allParts(namespace));
      for (const [index, parts] of listed.entries()) {
        pushAll(texts, parts.texts);
        length += parts.length;
        const namespace = window[index] as string;
        if (parts.lastName !== undefined) return this.#continued(texts, { namespace, name: parts.lastName });
        const next = this.#namespaces[from + index + 1];
        if (length >= LIST_PART_LENGTH_MAX && next !== undefined)
          return this.#continued(texts, { namespace: next, name: BEFORE_ALL_NAMES });
      }
    }
    return { texts, continue: '', remaining: undefined };
  }

  #continued(texts: readonly string[], { namespace, name }: Place): ListedPage {
    const token = this.#token({ namespace, name });
    return { texts, continue: token, remaining: undefined };
  }

  async page(limit: number): Promise<ListedPage> {
    const texts: string[] = [];
    let wanted = limit;
    for (let from = 0; from < this.#namespaces.length; from += WINDOW_NAMESPACES) {
      const window = this.#namespaces.slice(from, from + WINDOW_NAMESPACES);
      const asked = wanted;
      const parts = await mapLimited(window, (namespace) => this.#part(namespace, this.#after(namespace), asked));
      for (const [index, namespace] of window.entries()) {
        const part = await this.#fitting(namespace, parts[index] as ListPart, wanted);
        if (part.count > 0) texts.push(part.text);
        wanted -= part.count;
        const last = { namespace, name: part.lastName };
        if (wanted === 0) return this.#cut(texts, last, part);
      }
    }
    return { texts, continue: '', remaining: undefined };
  }

  /** The part cut to `wanted` items, and whole up to there however large. */
  async #fitting(namespace: string, part: ListPart, wanted: number): Promise<ListPart> {
    let whole = part.count > wanted ? await this.#part(namespace, this.#after(namespace), wanted) : part;
    while (whole.more && whole.count < wanted) {
      const next = await this.#part(namespace, whole.lastName, wanted - whole.count);
      whole = { ...next, count: whole.count + next.count, text: [whole.text, next.text].filter(Boolean).join(',') };
    }
    return whole;
  }

  async #cut(texts: readonly string[], last: Place, part: ListPart): Promise<ListedPage> {
    const following = this.#namespaces.filter((namespace) => compareNamespaces(namespace, last.namespace) > 0);
    if (!part.more && !(await this.#hasAny(following))) return { texts, continue: '', remaining: undefined };
    const token = this.#token(last);
    const isCounted = !this.#options.isSelective && following.length <= COUNTED_NAMESPACES_MAX;
    if (!isCounted) return { texts, continue: token, remaining: undefined };
    const counts = await mapLimited(following, async (namespace) => (await this.#part(namespace, '', -1)).remaining);
    return { texts, continue: token, remaining: counts.reduce((sum, count) => sum + count, part.remaining) };
  }

  #token({ namespace, name }: Place): string {
    const { revision, plan } = this.#options;
    return encodeContinue({ revision, after: `${namespace}/${name}`, since: plan.since });
  }

  async #hasAny(namespaces: readonly string[]): Promise<boolean> {
    for (let from = 0; from < namespaces.length; from += WINDOW_NAMESPACES) {
      const parts = await mapLimited(namespaces.slice(from, from + WINDOW_NAMESPACES), (namespace) =>
        this.#part(namespace, '', 1),
      );
      if (parts.some(({ count }) => count > 0)) return true;
    }
    return false;
  }

  /** What a namespace holds; `lastName` where it was cut. */
  async #allParts(namespace: string): Promise<{ texts: string[]; length: number; lastName: string | undefined }> {
    const texts: string[] = [];
    let length = 0;
    for (let after = this.#after(namespace); ; ) {
      const part = await this.#part(namespace, after, 0);
      if (part.count > 0) texts.push(part.text);
      length += part.text.length;
      if (!part.more) return { texts, length, lastName: undefined };
      after = part.lastName;
      if (length >= LIST_PART_LENGTH_MAX) return { texts, length, lastName: after };
    }
  }

  #after(namespace: string): string {
    return namespace === this.#start.namespace ? this.#start.name : '';
  }

  async #part(namespace: string, afterName: string, limit: number): Promise<ListPart> {
    const { resource, apiVersion, labelSelector, fieldSelector } = this.#options.request;
    const { revision } = this.#options;
    const request: ListPartRequest = { resource, apiVersion, revision, afterName, limit, labelSelector, fieldSelector };
    const part = await this.#options.shard(namespace).listPart(request);
    if (part.unreadable) throw new Unreadable(part.unreadable);
    if (part.expired) throw new HistoryExpired();
    return part;
  }
}
