/** Lists over all namespaces: one snapshot, ordered by namespace and name, in stable pages. */
import { encodeContinue } from '../../schema/meta/continue-token.ts';
import type { ListPart, ListPartRequest, ListRequest } from '../../schema/protocol/shard.ts';
import type { ListPlan } from '../storage/list-plan.ts';
import { HistoryExpired, mapLimited, type ShardReader } from './shard-fan-out.ts';

/** Namespaces asked at once for one page. */
const WINDOW_NAMESPACES = 8;
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
  /** In order. */
  readonly namespaces: readonly string[];
  readonly isSelective: boolean;
  shard(namespace: string): ShardReader;
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

/** Throws `HistoryExpired` when the revision is too old for a shard. */
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
    this.#namespaces = options.namespaces.filter((namespace) => namespace >= this.#start.namespace);
  }

  async everything(): Promise<ListedPage> {
    const texts = await mapLimited(this.#namespaces, (namespace) => this.#allParts(namespace));
    return { texts: texts.flat(), continue: '', remaining: undefined };
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
    const following = this.#namespaces.filter((namespace) => namespace > last.namespace);
    if (!part.more && !(await this.#hasAny(following))) return { texts, continue: '', remaining: undefined };
    const token = encodeContinue({ revision: this.#options.revision, after: `${last.namespace}/${last.name}` });
    const isCounted = !this.#options.isSelective && following.length <= COUNTED_NAMESPACES_MAX;
    if (!isCounted) return { texts, continue: token, remaining: undefined };
    const counts = await mapLimited(following, async (namespace) => (await this.#part(namespace, '', -1)).remaining);
    return { texts, continue: token, remaining: counts.reduce((sum, count) => sum + count, part.remaining) };
  }

  async #hasAny(namespaces: readonly string[]): Promise<boolean> {
    for (let from = 0; from < namespaces.length; from += WINDOW_NAMESPACES) {
      const parts = await mapLimited(namespaces.slice(from, from + WINDOW_NAMESPACES), (namespace) => this.#part(namespace, '', 1));
      if (parts.some(({ count }) => count > 0)) return true;
    }
    return false;
  }

  async #allParts(namespace: string): Promise<readonly string[]> {
    const texts: string[] = [];
    for (let after = this.#after(namespace); ; ) {
      const part = await this.#part(namespace, after, 0);
      if (part.count > 0) texts.push(part.text);
      if (!part.more) return texts;
      after = part.lastName;
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
    if (part.expired) throw new HistoryExpired();
    return part;
  }
}
