/** Patch: the patch applied to the served form, then an update. Source: apiserver endpoints/handlers/patch.go. */
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { type Scale, scaleOf } from '../../schema/meta/scale.ts';
import { fromServed, toServed } from '../../schema/meta/served-version.ts';
import {
  badRequest,
  fail,
  notFound,
  ok,
  type Result,
  type Status,
  unsupportedMediaType,
} from '../../schema/meta/status.ts';
import type { PatchType, WriteRequest } from '../../schema/protocol/shard.ts';
import { applyPatch } from './patch/apply-patch.ts';
import { scaledState } from './scale.ts';
import { checkName, ensureNamespace } from './system-metadata.ts';
import { unknownPath, updateStrategyOf, type WriteContext, type WriteResult } from './target.ts';
import { type NextState, updateObject } from './update.ts';

type PatchRequest = WriteRequest & { verb: 'patch' };
/** Server-side apply takes a way of its own: it may create, and it records who owns what. */
type MergingPatchType = Exclude<PatchType, 'apply'>;

const UNSUPPORTED =
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json';

export function patchObject(context: WriteContext, request: PatchRequest): WriteResult {
  const strategy = updateStrategyOf(context.definition, context.subresource);
  if (!strategy) return fail(unknownPath());
  const { patchType } = request;
  if (patchType === 'apply') return fail(unsupportedMediaType(UNSUPPORTED));
  return updateObject(context, {
    name: request.name,
    strategy,
    createIfMissing: false,
    next: (existing) =>
      existing ? patchedState(context, request, patchType, existing) : fail(notFound(context.qualified, request.name)),
  });
}

function patchedState(
  context: WriteContext,
  request: PatchRequest,
  type: MergingPatchType,
  existing: UntypedObject,
): Result<NextState> {
  const { definition, served, subresource } = context;
  const scale = subresource === 'scale' ? definition.scale : undefined;
  const current: KubeObject = scale ? scaleOf(scale, existing) : toServed(served, existing);
  const schema = scale ? 'V1Scale' : (served ?? definition).schema;
  const patched = applyPatch({ type, patch: request.body, current, schema, fieldValidation: request.fieldValidation });
  if (!patched.ok) return fail(clientsFault(patched.status));
  context.warnings.push(...patched.value.warnings);

  const { object } = patched.value;
  const misfit = ensureNamespace(object.metadata, request.namespace) ?? checkName(object, request.name);
  if (misfit) return fail(misfit);
  if (scale) return scaledState(context, scale, existing, object as unknown as Scale);
  return ok({ object: fromServed(definition, served, object) });
}

/** Upstream answers 500 to malformed patches that it did not foresee; here bad input is the client's fault. */
const clientsFault = (status: Status): Status => (status.code < 500 ? status : badRequest(status.message ?? ''));
