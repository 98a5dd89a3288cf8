/** Patch: the patch applied to the served form, then an update. Source: apiserver endpoints/handlers/patch.go. */
import { withoutManagedFields } from '../../schema/meta/clone-object.ts';
import { pushAll } from '../../schema/meta/push-all.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Scale } from '../../schema/meta/scale.ts';
import { fromServed, toServed } from '../../schema/meta/served-version.ts';
import {
  badRequest,
  conflict,
  fail,
  notFound,
  OPTIMISTIC_LOCK_ERROR,
  ok,
  type Result,
  type Status,
} from '../../schema/meta/status.ts';
import type { PatchType, WriteRequest } from '../../schema/protocol/shard.ts';
import { appliedState } from './applied-state.ts';
import { setManagedFields } from './managed-fields.ts';
import { applyPatch } from './patch/apply-patch.ts';
import { ownedScale, scaledState } from './scale.ts';
import { checkName, ensureNamespace } from './system-metadata.ts';
import { unknownPath, updateStrategyOf, type WriteContext, type WriteResult } from './target.ts';
import { type NextState, updateObject } from './update.ts';

type PatchRequest = WriteRequest & { verb: 'patch' };
type MergingPatchType = Exclude<PatchType, 'apply'>;

export function patchObject(context: WriteContext, request: PatchRequest): WriteResult {
  const { definition, subresource } = context;
  const strategy = updateStrategyOf(definition, subresource);
  if (!strategy) return fail(unknownPath());
  const { patchType } = request;
  return updateObject(context, {
    name: request.name,
    strategy,
    createIfMissing: patchType === 'apply' && subresource === '',
    createRefused: request.createRefused,
    next(existing) {
      if (isElsewhere(request, existing)) return fail(conflict(context.qualified, request.name, OPTIMISTIC_LOCK_ERROR));
      if (patchType === 'apply') return appliedState(context, request, existing);
      return existing
        ? patchedState(context, request, patchType, existing)
        : fail(notFound(context.qualified, request.name));
    },
  });
}

const isElsewhere = ({ onlyAt }: PatchRequest, existing: UntypedObject | undefined): boolean =>
  onlyAt !== undefined && onlyAt !== (existing?.metadata.resourceVersion ?? '');

/** May name managedFields, which are else kept out of what is copied, patched and checked. */
const ABOUT_OWNERS = /managedFields|\\u/;

function patchedState(
  context: WriteContext,
  request: PatchRequest,
  type: MergingPatchType,
  existing: UntypedObject,
): Result<NextState> {
  const { definition, served, subresource } = context;
  const scale = subresource === 'scale' ? definition.scale : undefined;
  const current: KubeObject = scale ? ownedScale(context, scale, existing) : toServed(served, existing);
  const schema = scale ? 'V1Scale' : (served ?? definition).schema;
  const { body: patch, fieldValidation } = request;
  const isAboutOwners = ABOUT_OWNERS.test(patch);
  const base = isAboutOwners ? current : withoutManagedFields(current as UntypedObject);
  const patched = applyPatch({ type, patch, current: base, schema, fieldValidation });
  if (!patched.ok) return fail(clientsFault(patched.status));
  pushAll(context.warnings, patched.value.warnings);

  const { object } = patched.value;
  if (!isAboutOwners) setManagedFields(object.metadata, current.metadata.managedFields);
  const misfit = ensureNamespace(object.metadata, request.namespace) ?? checkName(object, request.name);
  if (misfit) return fail(misfit);
  if (scale) return scaledState(context, scale, existing, object as unknown as Scale);
  return ok({ object: fromServed(definition, served, object) });
}

/** Upstream answers 500 to malformed patches that it did not foresee; here bad input is the client's fault. */
const clientsFault = (status: Status): Status => (status.code < 500 ? status : badRequest(status.message ?? ''));
