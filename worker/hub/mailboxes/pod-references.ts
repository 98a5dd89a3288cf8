/** What a pod needs from the API to run. Source: pkg/api/v1/pod VisitPodSecretNames, VisitPodConfigmapNames. */
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';

export type ReferencedResource =
  | 'secrets'
  | 'configmaps'
  | 'serviceaccounts'
  | 'persistentvolumeclaims'
  | 'resourceclaims';

export interface ObjectReference {
  readonly resource: ReferencedResource;
  readonly name: string;
}

interface NamedReference {
  readonly name?: string;
}

interface EnvironmentFields {
  readonly env?: readonly {
    readonly valueFrom?: { readonly secretKeyRef?: NamedReference; readonly configMapKeyRef?: NamedReference };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: NamedReference; readonly configMapRef?: NamedReference }[];
}

interface ProjectedSource {
  readonly secret?: NamedReference;
  readonly configMap?: NamedReference;
}

interface VolumeFields {
  readonly name: string;
  readonly secret?: { readonly secretName?: string };
  readonly configMap?: NamedReference;
  readonly projected?: { readonly sources?: readonly ProjectedSource[] };
  readonly persistentVolumeClaim?: { readonly claimName?: string };
  readonly ephemeral?: object;
  readonly csi?: { readonly nodePublishSecretRef?: NamedReference };
  readonly azureFile?: { readonly secretName?: string };
}

/** Volume types that name the Secret of their server as `secretRef`. */
const SECRET_REF_VOLUMES = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'] as const;

interface ClaimReference {
  readonly resourceClaimName?: string;
}

/** Claims that were made for the pod. */
interface PodStatusFields {
  readonly resourceClaimStatuses?: readonly ClaimReference[];
  readonly extendedResourceClaimStatus?: ClaimReference;
}

interface PodFields {
  readonly resourceClaims?: readonly ClaimReference[];
  readonly serviceAccountName?: string;
  readonly imagePullSecrets?: readonly NamedReference[];
  readonly volumes?: readonly VolumeFields[];
  readonly containers?: readonly EnvironmentFields[];
  readonly initContainers?: readonly EnvironmentFields[];
  readonly ephemeralContainers?: readonly EnvironmentFields[];
}

type Visit = (resource: ReferencedResource, name: string | undefined) => void;

function visitContainer(container: EnvironmentFields, visit: Visit): void {
  for (const { valueFrom } of container.env ?? []) {
    visit('secrets', valueFrom?.secretKeyRef?.name);
    visit('configmaps', valueFrom?.configMapKeyRef?.name);
  }
  for (const { secretRef, configMapRef } of container.envFrom ?? []) {
    visit('secrets', secretRef?.name);
    visit('configmaps', configMapRef?.name);
  }
}

function visitVolume(volume: VolumeFields, podName: string, visit: Visit): void {
  visit('secrets', volume.secret?.secretName);
  visit('configmaps', volume.configMap?.name);
  for (const { secret, configMap } of volume.projected?.sources ?? []) {
    visit('secrets', secret?.name);
    visit('configmaps', configMap?.name);
  }
  visit('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral !== undefined) visit('persistentvolumeclaims', `${podName}-${volume.name}`);
  visit('secrets', volume.csi?.nodePublishSecretRef?.name);
  visit('secrets', volume.azureFile?.secretName);
  const byType = volume as unknown as Readonly<Record<string, { readonly secretRef?: NamedReference } | undefined>>;
  for (const type of SECRET_REF_VOLUMES) visit('secrets', byType[type]?.secretRef?.name);
}

/** Each reference once, in the pod's own namespace. */
export function podReferences(pod: UntypedObject): readonly ObjectReference[] {
  const spec = (pod['spec'] ?? {}) as PodFields;
  const found = new Map<string, ObjectReference>();
  const visit: Visit = (resource, name) => {
    if (name) found.set(`${resource}\n${name}`, { resource, name });
  };
  const status = (pod['status'] ?? {}) as PodStatusFields;
  visit('serviceaccounts', spec.serviceAccountName);
  const claims = [...(spec.resourceClaims ?? []), ...(status.resourceClaimStatuses ?? [])];
  for (const { resourceClaimName } of claims) visit('resourceclaims', resourceClaimName);
  visit('resourceclaims', status.extendedResourceClaimStatus?.resourceClaimName);
  for (const { name } of spec.imagePullSecrets ?? []) visit('secrets', name);
  for (const volume of spec.volumes ?? []) visitVolume(volume, pod.metadata.name ?? '', visit);
  for (const containers of [spec.initContainers, spec.containers, spec.ephemeralContainers]) {
    for (const container of containers ?? []) visitContainer(container, visit);
  }
  return [...found.values()];
}
