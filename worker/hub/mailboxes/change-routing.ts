/** Turns released changes into entries for the nodes they concern. Pure but for the index it keeps. */
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Change } from '../../../schema/protocol/change.ts';
import { objectOf, previousOf } from '../parsed-change.ts';
import type { MailboxEntry } from './mailbox.ts';
import { concernsNode } from './pod-change.ts';
import type { IndexedPod, PodIndex } from './pod-index.ts';
import { podReferences } from './pod-references.ts';

export const MAILBOX_RESOURCES = ['pods', 'secrets', 'configmaps', 'services', 'nodes'] as const;

/** Only these kinds of references are delivered; the others only decide what a node may read. */
const DELIVERED_REFERENCES: ReadonlySet<string> = new Set(['secrets', 'configmaps']);

/** Gives an entry to a node. */
export type Deliver = (node: string, entry: MailboxEntry) => void;

const about = ({ resource, namespace, name, revision }: Change) => ({ resource, namespace, name, revision });

const boundNode = (change: Change): string => change.meta.fields['spec.nodeName'] ?? '';

export function indexedPod(change: Change, pod: UntypedObject): IndexedPod {
  return {
    namespace: change.namespace,
    name: change.name,
    uid: pod.metadata.uid ?? '',
    node: boundNode(change),
    deleting: pod.metadata.deletionTimestamp !== undefined,
    references: podReferences(pod),
  };
}

function podGone(change: Change, index: PodIndex, deliver: Deliver): void {
  const pod = index.delete(change.namespace, change.name);
  if (pod !== undefined) deliver(pod.node, { kind: 'removed', ...about(change), uid: pod.uid });
}

function podChanged(change: Change, index: PodIndex, deliver: Deliver): void {
  const node = boundNode(change);
  if (node === '') return;
  const pod = objectOf<UntypedObject>(change);
  const known = index.pod(change.namespace, change.name);
  const previous = known && previousOf<UntypedObject>(change);
  if (previous !== undefined && !concernsNode(previous, pod)) return;
  const entry = indexedPod(change, pod);
  const needs = index.set(entry);
  for (const { resource, name } of needs.references) {
    if (DELIVERED_REFERENCES.has(resource)) {
      deliver(node, { kind: 'read', resource, namespace: change.namespace, name, revision: change.revision });
    }
  }
  if (needs.namespace) {
    const { namespace, revision } = change;
    deliver(node, { kind: 'read-all', resource: 'services', namespace, name: '', revision });
  }
  deliver(node, { kind: 'object', ...about(change), uid: entry.uid, text: change.text });
}

function told(change: Change): MailboxEntry {
  const uid = change.type === 'DELETED' ? (objectOf(change).metadata.uid ?? '') : '';
  return change.type === 'DELETED'
    ? { kind: 'removed', ...about(change), uid }
    : { kind: 'object', ...about(change), uid, text: change.text };
}

/** Whom a change of something other than a pod concerns; undefined: every node. */
function audience(change: Change, index: PodIndex): Iterable<string> | undefined {
  switch (change.resource) {
    case 'nodes':
      return [change.name];
    case 'services':
      // Every pod's environment names the API's own Service.
      return change.namespace === 'default' && change.name === 'kubernetes'
        ? undefined
        : index.nodesIn(change.namespace);
    default:
      return index.nodesUsing(change.resource, change.namespace, change.name);
  }
}

/** Routes one change. `everyNode` are the nodes with a mailbox. */
export function routeChange(
  change: Change,
  index: PodIndex,
  everyNode: () => Iterable<string>,
  deliver: Deliver,
): void {
  if (change.resource === 'pods') {
    if (change.type === 'DELETED') podGone(change, index, deliver);
    else podChanged(change, index, deliver);
    return;
  }
  const nodes = audience(change, index) ?? everyNode();
  let entry: MailboxEntry | undefined;
  for (const node of nodes) {
    entry ??= told(change);
    deliver(node, entry);
  }
}
