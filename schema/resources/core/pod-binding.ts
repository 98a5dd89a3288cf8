/** Puts pods on nodes. Source: kubernetes pkg/registry/core/pod/storage (BindingREST, 1.37). */
import { type FieldError, notSupported, required } from '../../meta/field-error.ts';
import { isDNS1123Subdomain } from '../../meta/name-rules.ts';
import type { KubeObject, ObjectMeta } from '../../meta/object-meta.ts';
import { conflict, fail, ok, type Result } from '../../meta/status.ts';
import { withPodCondition } from './pod-conditions.ts';
import type { Pod, PodSpec } from './pod-types.ts';
import { pushInvalid } from './pod-validation/names.ts';

/** The body of `pods/NAME/binding`. Source: core/v1 Binding. */
export interface Binding extends KubeObject {
  target: { apiVersion?: string; kind?: string; name?: string };
}

/** Annotations older versions kept init containers in; they are never stored. */
const INIT_CONTAINER_ANNOTATIONS = [
  'pod.beta.kubernetes.io/init-containers',
  'pod.alpha.kubernetes.io/init-containers',
  'pod.beta.kubernetes.io/init-container-statuses',
  'pod.alpha.kubernetes.io/init-container-statuses',
];

export function dropInitContainerAnnotations(annotations: Record<string, string> | undefined): void {
  if (!annotations) return;
  for (const key of INIT_CONTAINER_ANNOTATIONS) delete annotations[key];
}

/** All errors of a Binding's target. */
export function validateBinding({ target = {} }: Partial<Binding>): FieldError[] {
  const errors: FieldError[] = [];
  const { kind, name } = target;
  if (kind && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']));
  if (!name) errors.push(required('target.name'));
  else if (!kind || kind === 'Node') pushInvalid(isDNS1123Subdomain(name), name, 'target.name', errors);
  return errors;
}

const SCHEDULED = { type: 'PodScheduled', status: 'True' } as const;

/**
 * The pod as the binding leaves it (sharing what does not change), or the 409 that says why it cannot be bound. `now` in ms since
 * the epoch. A uid or resourceVersion in the binding must be the pod's.
 */
export function assignPod(pod: Pod, binding: Binding, now: number): Result<Pod> {
  const name = pod.metadata.name ?? '';
  const mismatch = preconditionMismatch(pod, binding);
  if (mismatch) return fail(conflict('pods', name, mismatch));
  const why = whyNotAssignable(pod);
  if (why) return fail(conflict('pods/binding', name, why));
  const { nominatedNodeName: _cleared, ...status } = withPodCondition(pod.status, SCHEDULED, now);
  return ok({
    ...pod,
    metadata: boundMetadata(pod, binding),
    spec: { ...(pod.spec as PodSpec), nodeName: binding.target.name },
    status,
  });
}

function boundMetadata({ metadata }: Pod, binding: Binding): ObjectMeta {
  const annotations = { ...metadata.annotations, ...binding.metadata.annotations };
  dropInitContainerAnnotations(annotations);
  const { annotations: _replaced, ...rest } = metadata;
  return {
    ...rest,
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(binding.metadata.labels ? { labels: { ...metadata.labels, ...binding.metadata.labels } } : {}),
  };
}

function preconditionMismatch({ metadata: stored }: Pod, { metadata: wanted }: Binding): string | undefined {
  if (wanted.uid && wanted.uid !== stored.uid) {
    return `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${stored.uid}`;
  }
  if (wanted.resourceVersion && wanted.resourceVersion !== stored.resourceVersion) {
    const versions = [wanted.resourceVersion, stored.resourceVersion] as const;
    return `Precondition failed: ResourceVersion in precondition: ${versions[0]}, ResourceVersion in object meta: ${versions[1]}`;
  }
  return undefined;
}

function whyNotAssignable(pod: Pod): string | undefined {
  const { name, deletionTimestamp } = pod.metadata;
  if (deletionTimestamp) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (pod.spec?.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`;
  if (pod.spec?.schedulingGates?.length) return `pod ${name} has non-empty .spec.schedulingGates`;
  return undefined;
}
