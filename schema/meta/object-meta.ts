/**
 * The shapes every Kubernetes object shares.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
 */

/** Identifies an owning object. `controller: true` marks the one managing controller. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One writer's set of fields, as server-side apply records it. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: 'FieldsV1';
  fieldsV1?: unknown;
  subresource?: string;
}

/** Standard object metadata. Times are RFC 3339 in UTC with second precision. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
  selfLink?: string;
}

/** Any API object in its wire (JSON) form. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object whose fields beyond metadata are reached by name. */
export type UntypedObject = KubeObject & Record<string, unknown>;

/**
 * A wire interface of the `kubernetes-models` package, with our metadata:
 * `import type { IPod } from 'kubernetes-models/v1/Pod'; type Pod = Typed<IPod>`.
 */
export type Typed<I> = Omit<I, 'metadata' | 'apiVersion' | 'kind'> & KubeObject;

/**
 * Names a kind's storage over the whole system, as kubectl writes it: `pods`, `deployments.apps`.
 * Kinds served in several versions or groups (events) have one stored form and thus one key.
 */
export type GroupResource = string;
