/** How many pods there should be behind a budget. Source: pkg/controller/disruption getExpectedPodCount, getExpectedScale. */
import { scaledIntOrPercent } from '../../../schema/meta/int-or-string.ts';
import type { OwnerReference, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import { definitionOfKind } from '../../../schema/resources/lookup.ts';
import type { PodDisruptionBudget } from '../../../schema/resources/policy/pod-disruption-budget.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import { controllerOf } from '../ownership.ts';

export type Counted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

const ok = <T>(value: T): Counted<T> => ({ ok: true, value });

interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

const groupOf = (apiVersion: string): string => apiVersion.split('/').slice(0, -1).join('/');

/** The scale of an owner; undefined when it is not there. A ReplicaSet of a Deployment stands for the Deployment. */
function scaleOf(owner: OwnerReference, view: StoreReader): Counted<Scaled | undefined> {
  const definition = definitionOfKind(groupOf(owner.apiVersion), owner.kind);
  if (!definition) return { ok: false, error: `no matches for kind "${owner.kind}" in version "${owner.apiVersion}"` };
  if (!definition.scale) return { ok: false, error: `${definition.key} does not implement the scale subresource` };
  const object = view.get(definition.key, owner.name);
  if (object?.metadata.uid !== owner.uid) return ok(undefined);
  const above = definition.key === 'replicasets.apps' ? controllerOf(object) : undefined;
  const deployment = above?.kind === 'Deployment' ? scaleOf(above, view) : undefined;
  if (deployment?.ok && deployment.value) return deployment;
  return ok({ uid: owner.uid, replicas: definition.scale.replicas(object as UntypedObject) });
}

interface ExpectedScale {
  readonly count: number;
  readonly hasUnmanaged: boolean;
}

/** The sum of what the pods' controllers are scaled to. */
function expectedScale(pods: readonly Pod[], view: StoreReader): Counted<ExpectedScale> {
  const asked = new Set<string>();
  const scales = new Map<string, number>();
  let hasUnmanaged = false;
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner) hasUnmanaged = true;
    if (!owner || asked.has(owner.uid)) continue;
    asked.add(owner.uid);
    const scale = scaleOf(owner, view);
    if (!scale.ok) return scale;
    if (!scale.value) return { ok: false, error: `found no controllers for pod "${pod.metadata.name}"` };
    scales.set(scale.value.uid, scale.value.replicas);
  }
  return ok({ count: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), hasUnmanaged });
}

export interface Expected {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
  /** Some pods have no controller although the budget is about a part of all. */
  readonly hasUnmanaged: boolean;
}

export function expectedOf({ spec }: PodDisruptionBudget, pods: readonly Pod[], view: StoreReader): Counted<Expected> {
  const { minAvailable, maxUnavailable } = spec ?? {};
  if (maxUnavailable === undefined && typeof minAvailable === 'number') {
    return ok({ expectedPods: pods.length, desiredHealthy: minAvailable, hasUnmanaged: false });
  }
  const bound = maxUnavailable ?? minAvailable;
  if (bound === undefined) return ok({ expectedPods: 0, desiredHealthy: 0, hasUnmanaged: false });
  const scale = expectedScale(pods, view);
  if (!scale.ok) return scale;
  const { count, hasUnmanaged } = scale.value;
  const part = scaledIntOrPercent(bound, count, true);
  if (!part.ok) return part;
  const desiredHealthy = maxUnavailable === undefined ? part.value : Math.max(0, count - part.value);
  return ok({ expectedPods: count, desiredHealthy, hasUnmanaged });
}
