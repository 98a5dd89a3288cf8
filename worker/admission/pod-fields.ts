/** The fields of a pod that admission plugins read and write. */
import type { KubeObject } from '../../schema/meta/object-meta.ts';
import type { AdmissionAttributes } from './admission-plugin.ts';

export interface VolumeMount {
  name: string;
  readOnly?: boolean;
  mountPath: string;
}

export interface ContainerFields {
  readonly name: string;
  volumeMounts?: VolumeMount[];
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name?: string } };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: { readonly name?: string } }[];
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

export interface Volume {
  readonly name: string;
  readonly [source: string]: unknown;
}

export interface PodSpecFields {
  nodeName?: string;
  serviceAccountName?: string;
  serviceAccount?: string;
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name?: string }[];
  volumes?: Volume[];
  resourceClaims?: readonly unknown[];
  containers: ContainerFields[];
  initContainers?: ContainerFields[];
  ephemeralContainers?: ContainerFields[];
  tolerations?: Toleration[];
  priority?: number;
  priorityClassName?: string;
  preemptionPolicy?: string;
}

export interface PodFields extends KubeObject {
  spec: PodSpecFields;
}

export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror';

export const isMirrorPod = (pod: PodFields): boolean => pod.metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined;

/** The pod itself of a write to pods; undefined for other kinds and for subresources. */
export function podOf({ resource, subresource, object }: AdmissionAttributes): PodFields | undefined {
  return resource === 'pods' && subresource === '' ? (object as PodFields | undefined) : undefined;
}
