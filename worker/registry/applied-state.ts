/** Server-side apply as an update's next state. Source: apiserver endpoints/handlers/patch.go applyPatcher. */
import { checkFields } from '../../schema/decode/check-fields.ts';
import { withoutManagedFields } from '../../schema/meta/clone-object.ts';
import { cloneJson } from '../../schema/meta/json-value.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Scale } from '../../schema/meta/scale.ts';
import { fromServed } from '../../schema/meta/served-version.ts';
import { badRequest, conflict, fail, notFound, ok, type Result, type Status } from '../../schema/meta/status.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { type Applied, applyConfiguration } from './apply/apply-configuration.ts';
import { setManagedFields } from './managed-fields.ts';
import { ownedScale, scaleWrite, trackedScale } from './scale.ts';
import { checkName, ensureNamespace } from './system-metadata.ts';
import type { WriteContext } from './target.ts';
import type { NextState } from './update.ts';

type ApplyRequest = WriteRequest & { verb: 'patch' };

/** The object (or the object whose Scale) a configuration is applied to, as it is then to be. */
export function appliedState(
  context: WriteContext,
  request: ApplyRequest,
  existing: UntypedObject | undefined,
): Result<NextState> {
  const { definition, served, subresource } = context;
  const config = configuration(request.body);
  if (!config) return fail(badRequest(NO_MAP));
  const scale = subresource === 'scale' ? definition.scale : undefined;
  if (scale && !existing) return fail(notFound(context.qualified, request.name));
  const live = scale && existing ? ownedScale(context, scale, existing) : existing;
  const { apiVersion, fieldManager: manager, force } = request;
  const write = scale ? scaleWrite(context) : { definition, apiVersion, subresource, manager, now: context.env.now };
  const applied = applyConfiguration({ ...write, live, config, force });
  if (!applied.ok) return applied;
  const refused = strictRefusal(context, request);
  if (refused) return fail(refused);

  const object = checkedObject(applied.value, scale ? 'V1Scale' : (served ?? definition).schema);
  if (!object.ok) return object;
  const misfit = identityProblem(context, request, object.value, existing);
  if (misfit) return fail(misfit);
  if (scale && existing) return trackedScale(context, scale, existing, object.value as unknown as Scale);
  return ok({ object: fromServed(definition, served, object.value), isTracked: true });
}

const NO_MAP =
  'error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}';

function configuration(body: string): UntypedObject | undefined {
  const value = (JSON.parse(body) as UntypedObject | null) ?? ({} as UntypedObject);
  return typeof value === 'object' && !Array.isArray(value) ? value : undefined;
}

/** Members given twice come last, as upstream decodes strictly after it has applied. */
function strictRefusal(context: WriteContext, { strictError, fieldValidation }: ApplyRequest): Status | undefined {
  if (strictError === undefined || fieldValidation === 'Ignore') return undefined;
  if (fieldValidation === 'Strict') return badRequest(`error strict decoding patch: ${strictError}`);
  context.warnings.push(strictError);
  return undefined;
}

/** The outcome as an object of its own, its values checked, with its owners. */
function checkedObject({ object, managedFields }: Applied, schema: string): Result<UntypedObject> {
  // A configuration need not say anything of metadata; what is no map is told by the check.
  const metadata: unknown = object.metadata ?? {};
  const isMap = typeof metadata === 'object' && !Array.isArray(metadata);
  const whole = { ...object, metadata } as UntypedObject;
  const own = cloneJson(isMap ? withoutManagedFields(whole) : whole);
  const { error } = checkFields(own, schema);
  if (error) return fail(badRequest(`failed to convert new object to proper version: ${error}`));
  setManagedFields(own.metadata, managedFields);
  return ok(own);
}

function identityProblem(
  context: WriteContext,
  request: ApplyRequest,
  object: UntypedObject,
  existing: UntypedObject | undefined,
): Status | undefined {
  const { metadata } = object;
  if (metadata.uid && !existing) {
    const why = `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`;
    return conflict(context.qualified, request.name, why);
  }
  return ensureNamespace(metadata, request.namespace) ?? checkName(object, request.name);
}
