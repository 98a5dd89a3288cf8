/**
 * What nodes may write. Source: plugin/pkg/admission/noderestriction. Its part of TokenRequests, which
 * do not pass a shard, is in authn/token-request.ts.
 */
import { decodeBase64Bytes } from '../../schema/meta/base64.ts';
import { equalJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, OwnerReference } from '../../schema/meta/object-meta.ts';
import { notFound, type Status } from '../../schema/meta/status.ts';
import { nodeOf } from '../../schema/protocol/user-info.ts';
import { parsePemRequest } from '../../schema/resources/certificates/certificate-request.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';
import { forbiddenNodeLabels } from './node-labels.ts';
import { isMirrorPod, MIRROR_POD_ANNOTATION, type PodFields } from './pod-fields.ts';
import { refusal } from './refusal.ts';
import { signerNameOf } from './signer.ts';

const LEASE_NAMESPACE = 'kube-node-lease';

/** Statuses that belong to the scheduler and the resource claim controllers. */
const FOREIGN_POD_STATUS = [
  ['resourceClaimStatuses', 'resource claim statues'],
  ['extendedResourceClaimStatus', 'extended resource claim status'],
  ['nodeAllocatableResourceClaimStatuses', 'node allocatable resource claim statuses'],
] as const;

function ownerProblem(owners: readonly OwnerReference[], node: string): string | undefined {
  const [owner, ...others] = owners;
  if (others.length > 0) return `node "${node}" can only create pods with a single owner reference set to itself`;
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return `node "${node}" can only create pods with an owner reference set to itself`;
  }
  if (!owner.controller) return `node "${node}" can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion) return `node "${node}" must not set blockOwnerDeletion on an owner reference`;
  return undefined;
}

interface Sources {
  readonly persistentVolumeClaim?: unknown;
  readonly projected?: { readonly sources?: readonly { readonly clusterTrustBundle?: unknown }[] };
}

/** What a mirror pod refers to and may not: by it its node would come to see it. */
function referenceProblem({ spec }: PodFields): string | undefined {
  const text = JSON.stringify([spec.volumes, spec.containers, spec.initContainers, spec.imagePullSecrets]);
  const sources = (spec.volumes ?? []) as readonly Sources[];
  const isProjected = sources.some(({ projected }) => projected?.sources?.some((one) => one.clusterTrustBundle));
  const found: readonly (readonly [boolean, string])[] = [
    [Boolean(spec.serviceAccountName), 'a service account'],
    [/"(?:secretKeyRef|secretRef|secretName|secret|nodePublishSecretRef)":/.test(text), 'secrets'],
    [(spec.imagePullSecrets?.length ?? 0) > 0, 'secrets'],
    [/"(?:configMapKeyRef|configMapRef|configMap)":/.test(text), 'configmaps'],
    [isProjected, 'clustertrustbundles'],
    [sources.some(({ persistentVolumeClaim }) => persistentVolumeClaim), 'persistentvolumeclaims'],
    [(spec.resourceClaims?.length ?? 0) > 0, 'resourceclaims'],
  ];
  return found.find(([isSo]) => isSo)?.[1];
}

function admitMirrorPod(node: string, attributes: AdmissionAttributes): Status | undefined {
  const pod = attributes.object as PodFields;
  if (!isMirrorPod(pod)) {
    return refusal(
      attributes,
      `pod does not have "${MIRROR_POD_ANNOTATION}" annotation, node "${node}" can only create mirror pods`,
    );
  }
  if (pod.spec.nodeName !== node) {
    return refusal(attributes, `node "${node}" can only create pods with spec.nodeName set to itself`);
  }
  const owners = pod.metadata.ownerReferences ?? [];
  const problem = ownerProblem(owners, node);
  if (problem !== undefined) return refusal(attributes, problem);
  const { writerNodeUid } = attributes;
  if (writerNodeUid === undefined) return notFound('nodes', node);
  const uid = owners[0]?.uid;
  if (uid !== writerNodeUid) {
    return refusal(attributes, `node ${node} UID mismatch: expected ${uid} got ${writerNodeUid}`);
  }
  const reference = referenceProblem(pod);
  return reference === undefined
    ? undefined
    : refusal(attributes, `node "${node}" can not create pods that reference ${reference}`);
}

function admitPod(node: string, attributes: AdmissionAttributes): Status | undefined {
  switch (attributes.operation) {
    case 'CREATE':
      return admitMirrorPod(node, attributes);
    case 'DELETE': {
      const pod = attributes.oldObject as unknown as PodFields | undefined;
      return pod?.spec.nodeName === node
        ? undefined
        : refusal(attributes, `node "${node}" can only delete pods with spec.nodeName set to itself`);
    }
    default:
      return refusal(
        attributes,
        `unexpected operation "${attributes.operation}", node "${node}" can only create and delete mirror pods`,
      );
  }
}

function admitPodStatus(node: string, attributes: AdmissionAttributes): Status | undefined {
  if (attributes.operation !== 'UPDATE') return refusal(attributes, `unexpected operation "${attributes.operation}"`);
  const next = attributes.object as PodFields & { status?: Record<string, unknown> };
  const previous = attributes.oldObject as unknown as typeof next;
  if (previous.spec.nodeName !== node) {
    return refusal(attributes, `node "${node}" can only update pod status for pods with spec.nodeName set to itself`);
  }
  if (!equalJson(next.metadata.labels ?? {}, previous.metadata.labels ?? {})) {
    return refusal(attributes, `node "${node}" cannot update labels through pod status`);
  }
  for (const [field, what] of FOREIGN_POD_STATUS) {
    if (!equalJson(next.status?.[field] ?? null, previous.status?.[field] ?? null)) {
      return refusal(attributes, `node "${node}" cannot update ${what}`);
    }
  }
  return undefined;
}

function admitEviction(node: string, attributes: AdmissionAttributes, reader: StoreReader): Status | undefined {
  if (attributes.operation !== 'CREATE') return refusal(attributes, `unexpected operation ${attributes.operation}`);
  const pod = reader.get('pods', attributes.name) as unknown as PodFields | undefined;
  if (pod === undefined) return notFound('pods', attributes.name);
  return pod.spec.nodeName === node
    ? undefined
    : refusal(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
}

interface NodeFields extends KubeObject {
  readonly spec?: { readonly configSource?: unknown; readonly taints?: readonly unknown[] };
}

function admitNode(node: string, attributes: AdmissionAttributes): Status | undefined {
  const next = attributes.object as NodeFields | undefined;
  const name = attributes.name || (next?.metadata.name ?? '');
  if (name !== node) return refusal(attributes, `node "${node}" is not allowed to modify node "${name}"`);
  if (next === undefined) return undefined;
  const previous = attributes.oldObject as NodeFields | undefined;
  const labels = forbiddenNodeLabels(next.metadata.labels, previous?.metadata.labels).join(', ');
  if (attributes.operation === 'CREATE') {
    if (next.spec?.configSource) {
      return refusal(attributes, `node "${node}" is not allowed to create pods with a non-nil configSource`);
    }
    return labels === ''
      ? undefined
      : refusal(attributes, `node "${node}" is not allowed to set the following labels: ${labels}`);
  }
  if (next.spec?.configSource && !equalJson(next.spec.configSource, previous?.spec?.configSource ?? null)) {
    return refusal(attributes, `node "${node}" is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!equalJson(next.spec?.taints ?? [], previous?.spec?.taints ?? [])) {
    return refusal(attributes, `node "${node}" is not allowed to modify taints`);
  }
  if (!equalJson(next.metadata.ownerReferences ?? [], previous?.metadata.ownerReferences ?? [])) {
    return refusal(attributes, `node "${node}" is not allowed to modify ownerReferences`);
  }
  return labels === '' ? undefined : refusal(attributes, `is not allowed to modify labels: ${labels}`);
}

const nameOf = ({ operation, object, name }: AdmissionAttributes): string | undefined =>
  operation === 'CREATE' ? object?.metadata.name : name;

function admitLease(node: string, attributes: AdmissionAttributes): Status | undefined {
  if (attributes.namespace !== LEASE_NAMESPACE) {
    return refusal(attributes, `can only access leases in the "${LEASE_NAMESPACE}" system namespace`);
  }
  return nameOf(attributes) === node
    ? undefined
    : refusal(attributes, 'can only access node lease with the same name as the requesting node');
}

const NODE_SIGNERS: readonly string[] = [
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
];

/** Of the signers that make nodes, a node may want certificates for itself only. */
function admitCertificateRequest(attributes: AdmissionAttributes): Status | undefined {
  const { operation, object, user } = attributes;
  if (operation !== 'CREATE' || !NODE_SIGNERS.includes(signerNameOf(object))) return undefined;
  const encoded = (object as { spec?: { request?: string } } | undefined)?.spec?.request ?? '';
  const request = parsePemRequest(decodeBase64Bytes(encoded));
  if (typeof request === 'string') return refusal(attributes, `unable to parse csr: ${request}`);
  return request.commonName === user.username
    ? undefined
    : refusal(attributes, `can only create a node CSR with CN=${user.username}`);
}

interface SliceFields extends KubeObject {
  readonly spec?: { readonly nodeName?: string };
}

/** What the authorizer cannot see: the slice that is made, and each one that a deletion of many meets. */
function admitSlice(node: string, attributes: AdmissionAttributes): Status | undefined {
  const { operation, object, oldObject } = attributes;
  if (operation !== 'CREATE' && operation !== 'DELETE') return undefined;
  const slice = (operation === 'CREATE' ? object : oldObject) as SliceFields | undefined;
  if (slice?.spec?.nodeName === node) return undefined;
  const what = `can only ${operation.toLowerCase()} ResourceSlice`;
  return refusal(attributes, `${what} with the same NodeName as the requesting node`);
}

function restricted(node: string, attributes: AdmissionAttributes, reader: StoreReader): Status | undefined {
  const { resource, subresource } = attributes;
  switch (resource) {
    case 'pods':
      if (subresource === '') return admitPod(node, attributes);
      if (subresource === 'status') return admitPodStatus(node, attributes);
      if (subresource === 'eviction') return admitEviction(node, attributes, reader);
      return refusal(
        attributes,
        `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`,
      );
    case 'nodes':
      return admitNode(node, attributes);
    case 'persistentvolumeclaims':
      return subresource === 'status' ? undefined : refusal(attributes, 'may only update PVC status');
    case 'leases.coordination.k8s.io':
      return admitLease(node, attributes);
    case 'resourceslices.resource.k8s.io':
      return admitSlice(node, attributes);
    case 'csinodes.storage.k8s.io':
      return nameOf(attributes) === node
        ? undefined
        : refusal(attributes, 'can only access CSINode with the same name as the requesting node');
    case 'certificatesigningrequests.certificates.k8s.io':
      return subresource === '' ? admitCertificateRequest(attributes) : undefined;
    default:
      return undefined;
  }
}

/** A node writes its own Node and Lease, the status of its own pods, and nothing that lets it reach further. */
export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  admit(attributes, reader) {
    const node = nodeOf(attributes.user);
    return node === '' ? undefined : restricted(node, attributes, reader);
  },
};
