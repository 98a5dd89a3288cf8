/** Gets and lists of one shard, answered from stored text. */
import { encodeContinue } from '../../schema/meta/continue-token.ts';
import { encodeObject } from '../../schema/meta/encode-object.ts';
import { itemTextOf, LIST_PAGE_LENGTH_MAX, LIST_PART_LENGTH_MAX, listText } from '../../schema/meta/list-text.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import { scaleOf } from '../../schema/meta/scale.ts';
import { groupOf, qualifiedResource, servedText } from '../../schema/meta/served-version.ts';
import { badRequest, notFound, type Status } from '../../schema/meta/status.ts';
import type { SelectableMeta } from '../../schema/protocol/change.ts';
import type {
  Answer,
  ChangesPage,
  ChangesRequest,
  GetRequest,
  ListPart,
  ListPartRequest,
  ListRequest,
  ReadRequest,
  SnapshotPage,
  SnapshotRequest,
} from '../../schema/protocol/shard.ts';
import { changesBetween, type Snapshot, snapshot } from '../storage/history.ts';
import {
  listExpired,
  type ListPlan,
  parseResourceVersion,
  planList,
  tooLargeResourceVersion,
} from '../storage/list-plan.ts';
import { UnreadableObject } from '../storage/row-codec.ts';
import type { ShardStore } from '../storage/shard-store.ts';
import { NOTHING, type Selection, selectionOf } from '../watch/selection.ts';
import { MESSAGE_TEXT_LENGTH_MAX } from './outbox.ts';

/** A local list is not staler than this in its resourceVersion: a watch from it finds its history. */
export const POSITION_AGE_MS_MAX = 30_000;

export interface ShardReadPorts {
  readonly store: ShardStore;
  readonly namespace: string;
  definition(resource: string): ResourceDefinition | undefined;
  /** What local lists are as of; see CommitLoop. */
  position(): number;
  /** Brings `position` up to what the hub has handed out; rejects when the hub does not answer. */
  refreshPosition(): Promise<void>;
  /** Moves `position` on by at least one. */
  advance(): Promise<void>;
  /** Resolves once all that reads have seen is durable. */
  sync(): Promise<void>;
  now(): number;
}

export const statusAnswer = (status: Status): Answer => ({ code: status.code, body: JSON.stringify(status) });

const unknownResource = (): Answer => statusAnswer(badRequest('the server does not know this resource'));

export class ShardReads {
  readonly #ports: ShardReadPorts;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: ShardReadPorts) {
    this.#ports = ports;
  }

  async read(request: ReadRequest): Promise<Answer> {
    const definition = this.#ports.definition(request.resource);
    if (!definition) return unknownResource();
    const answer = await this.#answer(request, definition);
    await this.#ports.sync();
    return answer;
  }

  async #answer(request: ReadRequest, definition: ResourceDefinition): Promise<Answer> {
    try {
      return request.verb === 'get' ? await this.#get(request, definition) : await this.#list(request, definition);
    } catch (error) {
      if (error instanceof UnreadableObject) return statusAnswer(error.status);
      throw error;
    }
  }

  /** Makes the position recent enough that a watch from it will find its history. */
  async freshen(): Promise<void> {
    const { position, refreshPosition, now } = this.#ports;
    if (position() > 0 && now() - this.#refreshedAt < POSITION_AGE_MS_MAX) return;
    try {
      await refreshPosition();
      this.#refreshedAt = now();
    } catch (error) {
      // The hub is away: what is known is still true, only older.
      if (position() === 0) throw error;
    }
  }

  /** Makes the shard as new as `revision`, which others may have reached; a Status when it lies in the future. */
  async reach(revision: number): Promise<Status | undefined> {
    const { position, refreshPosition } = this.#ports;
    if (revision <= position()) return undefined;
    await refreshPosition();
    return revision <= position() ? undefined : tooLargeResourceVersion(revision, position());
  }

  /** See ShardRpc. */
  snapshot(request: SnapshotRequest): SnapshotPage {
    return this.#orUnreadable(() => this.#readableSnapshot(request), {
      items: [],
      more: false,
      lastName: '',
      remaining: 0,
      expired: false,
    });
  }

  /** `nothing` with the status when an object cannot be opened. */
  #orUnreadable<T extends { readonly unreadable?: Status }>(read: () => T, nothing: T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof UnreadableObject) return { ...nothing, unreadable: error.status };
      throw error;
    }
  }

  #readableSnapshot(request: SnapshotRequest): SnapshotPage {
    const page = this.#snapshotOf(request);
    if (!page) return { items: [], more: false, lastName: '', remaining: 0, expired: true };
    const { more, lastName, remaining } = page;
    const items = page.items.map(({ name, text, metaText }) => ({
      name,
      text,
      meta: JSON.parse(metaText) as SelectableMeta,
    }));
    return { items, more, lastName, remaining, expired: false };
  }

  /** See ShardRpc. */
  listPart(request: ListPartRequest): ListPart {
    return this.#orUnreadable(() => this.#readableListPart(request), {
      text: '',
      count: 0,
      more: false,
      lastName: '',
      remaining: 0,
      expired: false,
    });
  }

  #readableListPart(request: ListPartRequest): ListPart {
    const definition = this.#ports.definition(request.resource);
    const page = definition && this.#snapshotOf(request);
    if (!page) return { text: '', count: 0, more: false, lastName: '', remaining: 0, expired: true };
    const itemText = itemTextOf(definition, request.apiVersion);
    const { more, lastName, remaining } = page;
    const text = page.items.map((item) => itemText(item.text)).join(',');
    return { text, count: page.items.length, more, lastName, remaining, expired: false };
  }

  /** Undefined: the revision is older than the history. */
  #snapshotOf(request: SnapshotRequest): Snapshot | undefined {
    const { store } = this.#ports;
    if (request.revision < store.fact('compactedThrough')) return undefined;
    const selection = selectionOf(request.labelSelector ?? '', request.fieldSelector ?? '');
    const selected = selection.ok ? selection.value : NOTHING;
    return snapshot(store, {
      resource: request.resource,
      revision: request.revision,
      afterName: request.afterName,
      limit: request.limit,
      lengthMax: request.limit < 0 ? 0 : MESSAGE_TEXT_LENGTH_MAX,
      matches: selected.matches,
      onlyName: selected.onlyName,
    });
  }

  /** See ShardRpc. */
  changes({ resource, after, through }: ChangesRequest): ChangesPage {
    const { store, namespace } = this.#ports;
    if (after < store.fact('compactedThrough')) return { changes: [], through: after, expired: true };
    const query = { resource, after, through, lengthMax: MESSAGE_TEXT_LENGTH_MAX };
    return this.#orUnreadable<ChangesPage>(() => ({ ...changesBetween(store, namespace, query), expired: false }), {
      changes: [],
      through: after,
      expired: false,
    });
  }

  async #get(request: GetRequest, definition: ResourceDefinition): Promise<Answer> {
    const asked = parseResourceVersion(request.resourceVersion);
    if (!asked.ok) return statusAnswer(asked.status);
    const ahead = await this.reach(asked.value);
    if (ahead) return statusAnswer(ahead);
    const row = this.#ports.store.object(request.resource, request.name);
    if (!row) {
      return statusAnswer(notFound(qualifiedResource(definition.plural, groupOf(request.apiVersion)), request.name));
    }
    if (request.subresource === 'scale' && definition.scale) {
      const scale = scaleOf(definition.scale, JSON.parse(row.text) as UntypedObject);
      return { code: 200, body: encodeObject(scale as unknown as UntypedObject) };
    }
    return { code: 200, body: servedText(definition, request.apiVersion, row.text) };
  }

  async #list(request: ListRequest, definition: ResourceDefinition): Promise<Answer> {
    const plan = planList(request, this.#ports.now());
    if (!plan.ok) return statusAnswer(plan.status);
    const selection = selectionOf(request.labelSelector, request.fieldSelector);
    if (!selection.ok) return statusAnswer(selection.status);
    if (plan.value.isInconsistent) await this.#ports.advance();
    else await this.freshen();
    const ahead = await this.reach(Math.max(plan.value.exact ?? 0, plan.value.notOlderThan));
    if (ahead) return statusAnswer(ahead);
    return this.#page(request, definition, plan.value, selection.value);
  }

  #page(request: ListRequest, definition: ResourceDefinition, plan: ListPlan, selection: Selection): Answer {
    const { store, position } = this.#ports;
    const revision = plan.exact ?? position();
    if (revision < store.fact('compactedThrough')) return statusAnswer(listExpired(plan));
    const page = snapshot(store, {
      resource: request.resource,
      revision,
      afterName: plan.after,
      limit: request.limit,
      lengthMax: request.limit === 0 ? LIST_PART_LENGTH_MAX : LIST_PAGE_LENGTH_MAX,
      matches: selection.matches,
      onlyName: selection.onlyName,
    });
    const itemText = itemTextOf(definition, request.apiVersion);
    const body = listText(
      definition,
      request.apiVersion,
      page.items.map(({ text }) => itemText(text)),
      {
        resourceVersion: String(revision),
        continue: page.more ? encodeContinue({ revision, after: page.lastName, since: plan.since }) : '',
        remainingItemCount: selection.matches ? undefined : page.remaining,
      },
    );
    return { code: 200, body };
  }
}
