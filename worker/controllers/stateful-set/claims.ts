/**
 * Who owns the claims of a StatefulSet's pods, by its retention policy.
 * Source: stateful_pod_control.go, stateful_set_utils.go (updateClaimOwnerRefForSetAndPod). KEP-1847.
 */
import { cloneJson } from '../../../schema/meta/json-value.ts';
import type { KubeObject, OwnerReference, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { StatefulSet } from '../../../schema/resources/apps/stateful-set.ts';
import type { StoreReader } from '../../registry/transaction.ts';
import type { ControllerWrite } from '../controller.ts';
import { controllerReference } from '../ownership.ts';
import { claimName, newClaims } from './identity.ts';

const CLAIMS = 'persistentvolumeclaims';

const policyOf = (set: StatefulSet) => ({
  whenScaled: set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled ?? 'Retain',
  whenDeleted: set.spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? 'Retain',
});

/** The claims of an ordinal that are missing, to be created before its pod. */
export const missingClaims = (view: StoreReader, set: StatefulSet, ordinal: number): readonly UntypedObject[] =>
  newClaims(set, ordinal)
    .filter(({ metadata }) => !view.get(CLAIMS, metadata.name ?? ''))
    .map((claim) => {
      const owner = setOwner(set, false);
      if (owner) claim.metadata.ownerReferences = [owner];
      return claim;
    });

/** True while a claim that the ordinal's earlier pod took along has not gone yet. */
export function hasStaleClaim(view: StoreReader, set: StatefulSet, ordinal: number): boolean {
  if (policyOf(set).whenScaled === 'Retain') return false;
  return presentClaims(view, set, ordinal).some(({ metadata }) =>
    metadata.ownerReferences?.some(({ kind }) => kind === 'Pod'),
  );
}

/** Brings the owners of a pod's claims in line with the policy. `isCondemned`: the pod is to be scaled away. */
export function claimOwnerWrites(
  view: StoreReader,
  set: StatefulSet,
  pod: KubeObject,
  ordinal: number,
  isCondemned: boolean,
): readonly ControllerWrite[] {
  return presentClaims(view, set, ordinal).flatMap((claim) => {
    const references = claim.metadata.ownerReferences ?? [];
    const isSets = ({ uid }: OwnerReference) => uid === set.metadata.uid;
    const isPods = ({ uid }: OwnerReference) => uid === pod.metadata.uid;
    const wanted = [setOwner(set, isCondemned), podOwner(set, pod, isCondemned)].filter((owner) => owner !== undefined);
    const has = (owner: OwnerReference) => references.some(({ uid }) => uid === owner.uid);
    const isRight =
      wanted.every(has) && references.filter((owner) => isSets(owner) || isPods(owner)).length === wanted.length;
    if (isRight) return [];
    const next = cloneJson(claim);
    next.metadata.ownerReferences = [...references.filter((owner) => !isSets(owner) && !isPods(owner)), ...wanted];
    return [{ op: 'update', resource: CLAIMS, object: next }];
  });
}

function presentClaims(view: StoreReader, set: StatefulSet, ordinal: number): readonly UntypedObject[] {
  return (set.spec?.volumeClaimTemplates ?? []).flatMap(
    (template) => view.get(CLAIMS, claimName(set, template, ordinal)) ?? [],
  );
}

function setOwner(set: StatefulSet, isCondemned: boolean): OwnerReference | undefined {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (whenDeleted === 'Retain' || (isCondemned && whenScaled === 'Delete')) return undefined;
  return controllerReference(set);
}

function podOwner(set: StatefulSet, pod: KubeObject, isCondemned: boolean): OwnerReference | undefined {
  return isCondemned && policyOf(set).whenScaled === 'Delete'
    ? controllerReference({ ...pod, apiVersion: 'v1', kind: 'Pod' })
    : undefined;
}
