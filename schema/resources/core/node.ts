/** Node. Source: pkg/registry/core/node, pkg/apis/core/v1 conversion. */
import type { INode } from 'kubernetes-models/v1/Node';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { cidrWarnings } from '../ip-address.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { validateNode, validateNodeUpdate } from './node-validation.ts';
import { setResourceListDefaults } from './pod-resource-list.ts';

export type Node = Typed<INode>;

/** Upstream writes these texts even while the node has not told them. */
const NO_NODE_INFO = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
};

const ROLE_LABEL_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';

/** podCIDR is the first of podCIDRs; where they differ, the singular one says what was meant. */
function mergePodCidrs({ spec }: Node): void {
  if (!spec) return;
  const { podCIDR, podCIDRs } = spec;
  if (podCIDR && podCIDR !== podCIDRs?.[0]) spec.podCIDRs = [podCIDR];
  if (spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
}

function defaults(node: Node): void {
  node.spec ??= {};
  node.status = {
    ...node.status,
    daemonEndpoints: { kubeletEndpoint: { Port: 0 }, ...node.status?.daemonEndpoints },
    nodeInfo: { ...NO_NODE_INFO, ...node.status?.nodeInfo },
  };
  const { status } = node;
  if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  if (status.capacity) setResourceListDefaults(status.capacity);
  if (status.allocatable) setResourceListDefaults(status.allocatable);
  mergePodCidrs(node);
}

/** Dynamic kubelet configuration is gone: its fields stay only where they are already. */
function dropConfigSource(next: Node, previous: Node | undefined): void {
  if (!previous?.spec?.configSource) delete next.spec?.configSource;
  if (!previous) delete next.status?.config;
}

function warnings({ spec = {} }: Node): string[] {
  const texts: string[] = [];
  if (spec.configSource) texts.push('spec.configSource: the feature is removed');
  if (spec.externalID) texts.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  return [...texts, ...(spec.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(cidr, `spec.podCIDRs[${i}]`))];
}

function formatStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const readiness = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return spec?.unschedulable ? `${readiness},SchedulingDisabled` : readiness;
}

function formatRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).map(([key, value]) => {
    if (key.startsWith(ROLE_LABEL_PREFIX)) return key.slice(ROLE_LABEL_PREFIX.length);
    return key === ROLE_LABEL ? value : '';
  });
  return [...new Set(roles.filter((role) => role !== ''))].sort().join(',') || '<none>';
}

const addressOf = ({ status }: Node, type: string): string =>
  status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';

function formatKernel({ kernelVersion, architecture }: { kernelVersion?: string; architecture?: string }): string {
  const kernel = kernelVersion || '<unknown>';
  return architecture ? `${kernel} (${architecture})` : kernel;
}

export const node = defineResource<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  scope: 'Cluster',
  schema: 'V1Node',
  validateName: nameIsDNSSubdomain,
  defaults,
  prepareForCreate: (node) => dropConfigSource(node, undefined),
  validate: validateNode,
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropConfigSource(next, previous);
    },
    validateUpdate: (next, previous) => [...validateNode(next), ...validateNodeUpdate(next, previous)],
    warnings,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
      if (!previous.status?.config) delete next.status?.config;
    },
    validateUpdate: validateNodeUpdate,
  },
  selectableFieldNames: ['spec.unschedulable'],
  selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
  table: {
    columns: [
      nameColumn,
      column('Status', 'string', 'The status of the node'),
      column('Roles', 'string', 'The roles of the node'),
      ageColumn,
      column('Version', 'string', 'Kubelet Version reported by the node.'),
      column(
        'Internal-IP',
        'string',
        "List of addresses reachable to the node. Queried from cloud provider, if available. More info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is declared as mergeable, but the merge key is not sufficiently unique, which can cause data corruption when it is merged. Callers should instead use a full-replacement patch. See https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change during the lifetime of a Node. However, there are some exceptions where this may not be possible, such as Pods that inherit a Node's address in its own status or consumers of the downward API (status.hostIP).",
        1,
      ),
      column(
        'External-IP',
        'string',
        "List of addresses reachable to the node. Queried from cloud provider, if available. More info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is declared as mergeable, but the merge key is not sufficiently unique, which can cause data corruption when it is merged. Callers should instead use a full-replacement patch. See https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change during the lifetime of a Node. However, there are some exceptions where this may not be possible, such as Pods that inherit a Node's address in its own status or consumers of the downward API (status.hostIP).",
        1,
      ),
      column(
        'OS-Image',
        'string',
        'OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).',
        1,
      ),
      column(
        'Kernel-Version',
        'string',
        "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).",
        1,
      ),
      column(
        'Container-Runtime',
        'string',
        'ContainerRuntime Version reported by the node through runtime remote API (e.g. containerd://1.4.2).',
        1,
      ),
    ],
    cells(node, now) {
      const info = node.status?.nodeInfo;
      return [
        node.metadata.name ?? '',
        formatStatus(node),
        formatRoles(node),
        age(node, now),
        info?.kubeletVersion ?? '',
        addressOf(node, 'InternalIP'),
        addressOf(node, 'ExternalIP'),
        info?.osImage || '<unknown>',
        formatKernel(info ?? {}),
        info?.containerRuntimeVersion || '<unknown>',
      ];
    },
  },
});
