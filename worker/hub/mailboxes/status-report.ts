/** Turns an agent's status report into writes under the node's own identity. Pure. */
import type { NodeEvent, PodReport, StatusReport } from '../../../schema/protocol/agent.ts';
import { conflict, notFound, type Status } from '../../../schema/meta/status.ts';
import type { WriteRequest } from '../../../schema/protocol/shard.ts';
import type { UserInfo } from '../../../schema/protocol/user-info.ts';
import type { PodIndex } from './pod-index.ts';

const FIELD_MANAGER = 'kubelet';

export const nodeUser = (node: string): UserInfo => ({
  username: `system:node:${node}`,
  uid: '',
  groups: ['system:nodes', 'system:authenticated'],
  extra: {},
});

/**
 * Fields of a pod's status that the node owns: what a report leaves out is gone. Conditions are
 * merged by type, so those of others stay. Source: core/v1 PodStatus, kubelet's status manager.
 */
const POD_STATUS_FIELDS = [
  'containerStatuses',
  'ephemeralContainerStatuses',
  'hostIP',
  'initContainerStatuses',
  'message',
  'phase',
  'podIP',
  'qosClass',
  'reason',
  'startTime',
] as const;

/** Lists that a strategic patch would merge by key, and that a report states whole. */
const POD_STATUS_LISTS = ['hostIPs', 'podIPs'] as const;
const NODE_STATUS_LISTS = ['addresses', 'volumesAttached'] as const;

/** A strategic patch that makes the listed lists what `status` says. */
function withReplacedLists(
  status: Readonly<Record<string, unknown>>,
  lists: readonly string[],
): Record<string, unknown> {
  const patch: Record<string, unknown> = { ...status };
  for (const list of lists) {
    if (Array.isArray(patch[list])) patch[list] = [...(patch[list] as unknown[]), { $patch: 'replace' }];
  }
  return patch;
}

/** A condition that became true has no reason any more: merging alone would leave the old one. */
const wholeCondition = (condition: object): object => ({ reason: null, message: null, ...condition });

function podStatusPatch(status: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const absent = POD_STATUS_FIELDS.filter((field) => status[field] === undefined);
  const { conditions } = status;
  return withReplacedLists(
    {
      ...status,
      ...Object.fromEntries(absent.map((field) => [field, null])),
      ...(Array.isArray(conditions) ? { conditions: (conditions as object[]).map(wholeCondition) } : {}),
    },
    POD_STATUS_LISTS,
  );
}

const writeBase = (node: string) =>
  ({ apiVersion: 'v1', user: nodeUser(node), dryRun: false, fieldManager: FIELD_MANAGER }) as const;

/** Either the write a pod's report asks for, or why it is refused before any is made. */
export type PodReportWrite = { readonly write: WriteRequest } | { readonly refused: Status };

/** 404 for a pod that is not (or no longer) the node's: the agent drops it. */
export function podReportWrite(node: string, report: PodReport, index: PodIndex): PodReportWrite {
  const { namespace, name, uid } = report;
  const pod = index.pod(namespace, name);
  if (pod === undefined || pod.node !== node || pod.uid !== uid) return { refused: notFound('pods', name) };
  const target = { ...writeBase(node), resource: 'pods', namespace, name } as const;
  if (report.kind === 'status') {
    return {
      write: {
        ...target,
        verb: 'patch',
        subresource: 'status',
        patchType: 'strategic',
        body: JSON.stringify({ metadata: { uid }, status: podStatusPatch(report.status) }),
        force: false,
        fieldValidation: 'Ignore',
      },
    };
  }
  if (!pod.deleting) return { refused: conflict('pods', name, 'the pod is not being deleted') };
  return { write: { ...target, verb: 'delete', options: { gracePeriodSeconds: 0, preconditions: { uid } } } };
}

export function nodeStatusWrite(node: string, status: NonNullable<StatusReport['node']>): WriteRequest {
  return {
    ...writeBase(node),
    resource: 'nodes',
    namespace: '',
    name: node,
    verb: 'patch',
    subresource: 'status',
    patchType: 'strategic',
    body: JSON.stringify({ status: withReplacedLists(status, NODE_STATUS_LISTS) }),
    force: false,
    fieldValidation: 'Ignore',
  };
}

/** Events only about the node itself and its own pods. */
export function mayReport(node: string, event: NodeEvent, index: PodIndex): boolean {
  const { kind, namespace, name } = event.regarding;
  if (kind === 'Node') return name === node;
  return kind === 'Pod' && index.pod(namespace, name)?.node === node;
}
