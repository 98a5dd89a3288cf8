/** The scale subresource. Source: registry/apps/deployment/storage ScaleREST, autoscaling/v1 Scale. */
import { invalid, invalidStatus } from '../../schema/meta/field-error.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { validateObjectMeta } from '../../schema/meta/object-meta-validation.ts';
import type { ScaleSubresource } from '../../schema/meta/resource.ts';
import { type Scale, scaleOf } from '../../schema/meta/scale.ts';
import { fail, ok, type Result } from '../../schema/meta/status.ts';
import { ownersAfterScale, SCALE_KIND, scaleOwners } from './apply/scale-ownership.ts';
import { trackedUpdate } from './apply/track-update.ts';
import { setManagedFields } from './managed-fields.ts';
import { withOwnMetadata } from './system-metadata.ts';
import { metaRules, type WriteContext } from './target.ts';
import type { NextState } from './update.ts';

/** The Scale of a stored object, with those who own its replicas. */
export function ownedScale(
  { definition }: WriteContext,
  scale: ScaleSubresource<UntypedObject>,
  existing: UntypedObject,
): UntypedObject {
  const current = scaleOf(scale, existing);
  setManagedFields(current.metadata, scaleOwners(definition, existing.metadata.managedFields));
  return current as unknown as UntypedObject;
}

/** How a write of a Scale is tracked: as one of a kind of its own. */
export const scaleWrite = ({ request, env }: WriteContext) =>
  ({
    definition: SCALE_KIND,
    apiVersion: 'autoscaling/v1',
    subresource: 'scale',
    manager: request.fieldManager,
    now: env.now,
  }) as const;

/** The object that a new Scale asks for, for `updateObject`. */
export function scaledState(
  context: WriteContext,
  scale: ScaleSubresource<UntypedObject>,
  existing: UntypedObject,
  wanted: Scale,
): Result<NextState> {
  const current = ownedScale(context, scale, existing);
  setManagedFields(wanted.metadata, trackedUpdate(scaleWrite(context), current, wanted as unknown as UntypedObject));
  return trackedScale(context, scale, existing, wanted);
}

/** The same for a Scale in which its owners are noted. */
export function trackedScale(
  context: WriteContext,
  scale: ScaleSubresource<UntypedObject>,
  existing: UntypedObject,
  wanted: Scale,
): Result<NextState> {
  return ok({
    object: existing,
    isTracked: true,
    admitted: { object: wanted, oldObject: scaleOf(scale, existing) as unknown as UntypedObject },
    afterAdmission: () => applyScale(context, scale, existing, wanted),
  });
}

function applyScale(
  context: WriteContext,
  scale: ScaleSubresource<UntypedObject>,
  existing: UntypedObject,
  wanted: Scale,
): Result<UntypedObject> {
  const replicas = wanted.spec?.replicas ?? 0;
  const errors = [
    ...validateObjectMeta(wanted.metadata, metaRules(context.definition)),
    ...(replicas < 0 ? [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')] : []),
  ];
  if (errors.length > 0) return fail(invalidStatus('autoscaling', 'Scale', existing.metadata.name ?? '', errors));
  const next = withOwnMetadata({ ...existing, spec: { ...(existing.spec as object) } });
  scale.setReplicas(next, replicas);
  const owners = existing.metadata.managedFields;
  const { definition, request } = context;
  setManagedFields(
    next.metadata,
    ownersAfterScale(definition, request.apiVersion, owners, wanted.metadata.managedFields),
  );
  if (wanted.metadata.resourceVersion) next.metadata.resourceVersion = wanted.metadata.resourceVersion;
  else delete next.metadata.resourceVersion;
  return ok(next);
}
