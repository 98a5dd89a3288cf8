/** Makes the text of a poll's answer: what waits in the mailbox, or in full all that concerns the node. */
import type { GroupResource, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { RemovedObject, StreamRequest } from '../../../schema/protocol/agent.ts';
import type { Answer, ReadRequest } from '../../../schema/protocol/shard.ts';
import { wholeList } from '../../../schema/protocol/whole-list.ts';
import { systemUser } from '../../../schema/protocol/user-info.ts';
import type { MailboxEntry } from './mailbox.ts';
import type { PodIndex } from './pod-index.ts';

/** Reads that answer a poll; never rejects. */
export type ReadAll = (requests: readonly ReadRequest[]) => Promise<readonly Answer[]>;

/** Objects as texts, so that an answer is put together without parsing them. */
interface Delivered {
  readonly resource: GroupResource;
  readonly text: string;
}

const READER = systemUser('node-mailboxes');

const readOne = (resource: GroupResource, namespace: string, name: string): ReadRequest => ({
  verb: 'get',
  resource,
  apiVersion: 'v1',
  namespace,
  name,
  user: READER,
  resourceVersion: '',
});

const readEvery = (resource: GroupResource, namespace: string): ReadRequest => ({
  verb: 'list',
  resource,
  apiVersion: 'v1',
  namespace,
  user: READER,
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
});

/** Kinds that are read as lists; items of a list do not name theirs. */
const KIND_OF: Readonly<Record<string, string>> = { services: 'Service' };

function deliveredBy(request: ReadRequest, answer: Answer): readonly Delivered[] {
  if (answer.code !== 200) return [];
  const { resource } = request;
  if (request.verb === 'get') return [{ resource, text: answer.body }];
  const { items } = JSON.parse(answer.body) as { items: UntypedObject[] };
  return items.map((item) => ({
    resource,
    text: JSON.stringify({ ...item, kind: KIND_OF[resource], apiVersion: 'v1' }),
  }));
}

/** What there is no object of to give: none exists, or the one that does cannot be opened (see UnreadableObject). */
const LEFT_OUT: ReadonlySet<number> = new Set([404, 500]);

/** A list comes in parts. */
const whole = async (request: ReadRequest, first: Answer, readAll: ReadAll): Promise<Answer> =>
  request.verb === 'get'
    ? first
    : wholeList(first, async (token) => (await readAll([{ ...request, continue: token }]))[0] as Answer);

/** Undefined when a shard did not answer. */
async function readDelivered(requests: readonly ReadRequest[], readAll: ReadAll): Promise<Delivered[] | undefined> {
  if (requests.length === 0) return [];
  const first = await readAll(requests);
  const answers = await Promise.all(requests.map((request, at) => whole(request, first[at] as Answer, readAll)));
  if (answers.some(({ code }) => code !== 200 && !LEFT_OUT.has(code))) return undefined;
  return requests.flatMap((request, at) => deliveredBy(request, answers[at] as Answer));
}

export interface ReplyParts {
  readonly revision: number;
  readonly full: boolean;
  readonly objects: readonly Delivered[];
  readonly removed: readonly RemovedObject[];
  readonly streams: readonly StreamRequest[];
}

/** JSON of a PollReply. */
export function replyText({ revision, full, objects, removed, streams }: ReplyParts): string {
  const texts = objects.map(({ resource, text }) => `{"resource":"${resource}","object":${text}}`);
  return `{"revision":${revision},"full":${full},"objects":[${texts.join(',')}],"removed":${JSON.stringify(removed)},"streams":${JSON.stringify(streams)}}`;
}

/**
 * What entries come to; undefined when a shard did not answer. Referenced objects come before the
 * pods that need them.
 */
export async function deliverEntries(
  entries: readonly MailboxEntry[],
  readAll: ReadAll,
): Promise<Pick<ReplyParts, 'objects' | 'removed'> | undefined> {
  const requests: ReadRequest[] = [];
  const objects: Delivered[] = [];
  const removed: RemovedObject[] = [];
  for (const entry of entries) {
    switch (entry.kind) {
      case 'object':
        objects.push({ resource: entry.resource, text: entry.text });
        break;
      case 'removed':
        removed.push({ resource: entry.resource, namespace: entry.namespace, name: entry.name, uid: entry.uid });
        break;
      case 'read':
        requests.push(readOne(entry.resource, entry.namespace, entry.name));
        break;
      case 'read-all':
        requests.push(readEvery(entry.resource, entry.namespace));
        break;
    }
  }
  const read = await readDelivered(requests, readAll);
  return read && { objects: [...read, ...objects], removed };
}

/** Everything that concerns the node, read anew; undefined when a shard did not answer. */
export async function deliverEverything(
  node: string,
  index: PodIndex,
  readAll: ReadAll,
): Promise<readonly Delivered[] | undefined> {
  const pods = [...index.podsOf(node)];
  const references = new Map<string, ReadRequest>();
  for (const { namespace, references: wanted } of pods) {
    for (const { resource, name } of wanted) {
      if (resource !== 'secrets' && resource !== 'configmaps') continue;
      references.set(`${resource}\n${namespace}\n${name}`, readOne(resource, namespace, name));
    }
  }
  const namespaces = new Set(index.namespacesOf(node));
  const apiService = namespaces.has('default') ? [] : [readOne('services', 'default', 'kubernetes')];
  const [others, podObjects] = await Promise.all([
    readDelivered(
      [
        readOne('nodes', '', node),
        ...apiService,
        ...[...namespaces].map((namespace) => readEvery('services', namespace)),
        ...references.values(),
      ],
      readAll,
    ),
    readDelivered(
      pods.map(({ namespace, name }) => readOne('pods', namespace, name)),
      readAll,
    ),
  ]);
  if (others === undefined || podObjects === undefined) return undefined;
  // A name may have passed to a pod elsewhere since; the mailbox will tell of the end of the one indexed.
  const uids = new Set(pods.map(({ uid }) => uid));
  const own = podObjects.filter(({ text }) => uids.has((JSON.parse(text) as UntypedObject).metadata.uid ?? ''));
  return [...others, ...own];
}
