/** A Job's pods: how they are made, and what they came to. Source: pkg/controller/job job_controller.go, indexed_job_utils.go. */
import { cloneJson } from '../../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Job } from '../../../schema/resources/batch/job.ts';
import type { Container, Pod, PodTemplateSpec } from '../../../schema/resources/core/pod-types.ts';
import type { ControllerWrite } from '../controller.ts';
import { podFromTemplate } from '../pod-from-template.ts';

/** Keeps a pod until it is counted. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
export const INDEX_KEY = 'batch.kubernetes.io/job-completion-index';
const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX';

export const isIndexed = (job: Job): boolean => job.spec?.completionMode === 'Indexed';

/** -1 where the pod has none. */
export function indexOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[INDEX_KEY];
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : -1;
}

export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(TRACKING_FINALIZER) === true;

/** `index` undefined: the Job does not count by index. */
export function newJobPod(job: Job, index: number | undefined): UntypedObject {
  const pod = podFromTemplate((job.spec?.template ?? {}) as PodTemplateSpec, job);
  const finalizers = [...new Set([...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER])];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const spec = pod.spec as NonNullable<Pod['spec']>;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${job.metadata.name}-${index}-`,
      finalizers,
      annotations: { ...pod.metadata.annotations, [INDEX_KEY]: String(index) },
      labels: { ...pod.metadata.labels, [INDEX_KEY]: String(index) },
    },
    spec: {
      ...spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: spec.containers?.map(withIndexVariable),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndexVariable) } : {}),
    },
  };
}

function withIndexVariable(container: Container): Container {
  if (container.env?.some(({ name }) => name === INDEX_VARIABLE)) return container;
  const valueFrom = { fieldRef: { fieldPath: `metadata.labels['${INDEX_KEY}']` } };
  return { ...container, env: [...(container.env ?? []), { name: INDEX_VARIABLE, valueFrom }] };
}

/** Lets a pod go that has been counted, or whose Job is gone. */
export function releaseWrite(pod: Pod): ControllerWrite {
  const next = cloneJson(pod) as KubeObject as UntypedObject;
  const finalizers = next.metadata.finalizers?.filter((finalizer) => finalizer !== TRACKING_FINALIZER) ?? [];
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  return { op: 'update', resource: 'pods', object: next };
}

export const hasSucceeded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded';

/** Unless only failed pods are to be replaced, one on its way out counts as failed at once. */
export const hasFailed = (pod: Pod, job: Job): boolean =>
  pod.status?.phase === 'Failed' ||
  (pod.metadata.deletionTimestamp !== undefined && !hasSucceeded(pod) && !replacesOnlyFailed(job));

export const replacesOnlyFailed = (job: Job): boolean => job.spec?.podReplacementPolicy === 'Failed';

/** ms since the epoch. */
function finishedAt(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ''),
  );
  const known = ends.filter((end) => !Number.isNaN(end));
  if (known.length > 0) return Math.max(...known);
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  return Date.parse(pod.metadata.deletionTimestamp ?? ready ?? pod.metadata.creationTimestamp ?? '') || 0;
}

const BACKOFF_MS_MIN = 10_000;
const BACKOFF_MS_MAX = 600_000;

/** When the next pod may be made after the failures since the last success; 0: now. */
export function nextCreationAt(pods: readonly Pod[], job: Job): number {
  const lastSuccess = Math.max(0, ...pods.filter(hasSucceeded).map(finishedAt));
  const failures = pods
    .filter((pod) => hasFailed(pod, job))
    .map(finishedAt)
    .filter((at) => at >= lastSuccess);
  if (failures.length === 0) return 0;
  const backoff = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures.length - 1, 10));
  return Math.max(...failures) + backoff;
}

/** How often containers were restarted, where the pods restart them themselves. */
export const restartsOf = (pods: readonly Pod[]): number =>
  pods.reduce(
    (sum, { status }) =>
      [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].reduce(
        (total, { restartCount }) => total + restartCount,
        sum,
      ),
    0,
  );
