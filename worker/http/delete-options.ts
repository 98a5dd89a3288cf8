/** DeleteOptions, from the body or, without one, from the query. Source: apiserver endpoints/handlers/delete.go. */
import { type FieldError, invalid, invalidStatus, notSupported } from '../../schema/meta/field-error.ts';
import { badRequest, fail, ok, type Result, unsupportedMediaType } from '../../schema/meta/status.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';
import type { ApiRequest } from './api-request.ts';
import { readBody } from './body.ts';
import { ANSWER_MEDIA_TYPES, bodyMediaType, unknownBodyFormat } from './negotiation/media-types.ts';
import { isTrue } from './request-info.ts';
import { dryRunErrors } from './request-options.ts';

const PROPAGATION_POLICIES: readonly string[] = ['Foreground', 'Background', 'Orphan', 'nil'];

export async function decodeDeleteOptions(api: ApiRequest): Promise<Result<DeleteOptions>> {
  const body = await readBody(api.request);
  if (!body.ok) return body;
  const options = body.value === '' ? optionsOfQuery(api.query) : optionsOfBody(body.value, api.request.headers.get('content-type'));
  if (!options.ok) return options;
  const errors = optionErrors(options.value);
  return errors.length > 0 ? fail(invalidStatus('meta.k8s.io', 'DeleteOptions', '', errors)) : options;
}

function optionErrors({ orphanDependents, propagationPolicy, dryRun }: DeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    errors.push(invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (propagationPolicy !== undefined && !PROPAGATION_POLICIES.slice(0, 3).includes(propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', propagationPolicy, PROPAGATION_POLICIES));
  }
  return [...errors, ...dryRunErrors(dryRun ?? [])];
}

function optionsOfQuery(query: URLSearchParams): Result<DeleteOptions> {
  const options: DeleteOptions = {};
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && grace !== '') {
    if (!/^[+-]?\d{1,15}$/.test(grace)) return fail(badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`));
    options.gracePeriodSeconds = Number(grace);
  }
  if (query.has('orphanDependents')) options.orphanDependents = isTrue(query.get('orphanDependents'));
  const policy = query.get('propagationPolicy');
  if (policy !== null) options.propagationPolicy = policy as DeleteOptions['propagationPolicy'];
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) options.dryRun = dryRun;
  return ok(options);
}

function optionsOfBody(body: string, contentType: string | null): Result<DeleteOptions> {
  const mediaType = bodyMediaType(contentType);
  if (!mediaType) return fail(unsupportedMediaType(unknownBodyFormat(ANSWER_MEDIA_TYPES.map((type) => type.name))));
  const read = mediaType.readBody(body);
  if (!read.ok) return fail(badRequest(read.error));
  let decoded: unknown;
  try {
    decoded = JSON.parse(read.json);
  } catch (error) {
    return fail(badRequest(`couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : ''}`));
  }
  if (decoded === null || typeof decoded !== 'object' || Array.isArray(decoded)) {
    return fail(badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct"));
  }
  return decodeFields(decoded as Record<string, unknown>);
}

/** Type of each field: what Go's decoder would refuse is refused. */
function decodeFields(raw: Record<string, unknown>): Result<DeleteOptions> {
  const { kind, gracePeriodSeconds, orphanDependents, propagationPolicy, dryRun, preconditions } = raw;
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions') {
    return fail(badRequest(`no kind ${JSON.stringify(kind)} is registered for the internal version of group "meta.k8s.io"`));
  }
  if (isSet(gracePeriodSeconds) && !Number.isSafeInteger(gracePeriodSeconds)) return mismatch('gracePeriodSeconds', 'int64', gracePeriodSeconds);
  if (isSet(orphanDependents) && typeof orphanDependents !== 'boolean') return mismatch('orphanDependents', 'bool', orphanDependents);
  if (isSet(propagationPolicy) && typeof propagationPolicy !== 'string') return mismatch('propagationPolicy', 'string', propagationPolicy);
  if (isSet(dryRun) && !(Array.isArray(dryRun) && dryRun.every((value) => typeof value === 'string'))) return mismatch('dryRun', '[]string', dryRun);
  if (isSet(preconditions) && (typeof preconditions !== 'object' || Array.isArray(preconditions))) return mismatch('preconditions', 'Preconditions', preconditions);
  const { uid, resourceVersion } = (preconditions ?? {}) as Record<string, unknown>;
  if (isSet(uid) && typeof uid !== 'string') return mismatch('preconditions.uid', 'string', uid);
  if (isSet(resourceVersion) && typeof resourceVersion !== 'string') return mismatch('preconditions.resourceVersion', 'string', resourceVersion);
  const options: DeleteOptions = {};
  if (isSet(gracePeriodSeconds)) options.gracePeriodSeconds = gracePeriodSeconds as number;
  if (isSet(orphanDependents)) options.orphanDependents = orphanDependents as boolean;
  if (isSet(propagationPolicy)) options.propagationPolicy = propagationPolicy as DeleteOptions['propagationPolicy'];
  if (isSet(dryRun)) options.dryRun = dryRun as string[];
  if (isSet(uid) || isSet(resourceVersion)) {
    options.preconditions = {
      ...(isSet(uid) ? { uid: uid as string } : {}),
      ...(isSet(resourceVersion) ? { resourceVersion: resourceVersion as string } : {}),
    };
  }
  return ok(options);
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

function mismatch(field: string, type: string, value: unknown) {
  const given = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return fail(badRequest(`json: cannot unmarshal ${given} into Go struct field DeleteOptions.${field} of type ${type}`));
}
