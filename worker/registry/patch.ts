/** Patch: the patch applied to the served form, then an update. Source: apiserver endpoints/handlers/patch.go. */
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { type Scale, scaleOf } from '../../schema/meta/scale.ts';
import { fromServed, toServed } from '../../schema/meta/served-version.ts';
import { conflict, fail, notFound, ok, type Result, unsupportedMediaType } from '../../schema/meta/status.ts';
import type { PatchType, WriteRequest } from '../../schema/protocol/shard.ts';
import { scaledState } from './scale.ts';
import { checkName, ensureNamespace } from './system-metadata.ts';
import { unknownPath, updateStrategyOf, type WriteContext, type WriteResult } from './target.ts';
import { type NextState, updateObject } from './update.ts';

type PatchRequest = WriteRequest & { verb: 'patch' };

/** One way to patch: gives the patched object, a private copy, decoded and checked by the kind's field table. */
type PatchMechanism = (context: WriteContext, request: PatchRequest, current: KubeObject) => Result<UntypedObject>;

const MECHANISMS: Partial<Record<PatchType, PatchMechanism>> = {};

export function patchObject(context: WriteContext, request: PatchRequest): WriteResult {
  const strategy = updateStrategyOf(context.definition, context.subresource);
  if (!strategy) return fail(unknownPath());
  const mechanism = MECHANISMS[request.patchType];
  if (!mechanism) return fail(unsupportedMediaType(UNSUPPORTED));
  return updateObject(context, {
    name: request.name,
    strategy,
    createIfMissing: false,
    next: (existing) => (existing ? patchedState(context, request, mechanism, existing) : fail(notFound(context.qualified, request.name))),
  });
}

const UNSUPPORTED =
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json';

function patchedState(context: WriteContext, request: PatchRequest, mechanism: PatchMechanism, existing: UntypedObject): Result<NextState> {
  const { definition, served, subresource } = context;
  const current: KubeObject =
    subresource === 'scale' && definition.scale ? scaleOf(definition.scale, existing) : toServed(served, existing);
  const patched = mechanism(context, request, current);
  if (!patched.ok) return patched;
  const next = patched.value;
  next.metadata ??= {};
  if (next.metadata.uid && !existing.metadata.uid) {
    return fail(conflict(context.qualified, request.name, `uid mismatch: the provided object specified uid ${next.metadata.uid}, and no existing object was found`));
  }
  const misfit = ensureNamespace(next.metadata, request.namespace) ?? checkName(next, request.name);
  if (misfit) return fail(misfit);
  if (subresource === 'scale' && definition.scale) return scaledState(context, definition.scale, existing, next as unknown as Scale);
  return ok({ object: fromServed(definition, served, next) });
}
