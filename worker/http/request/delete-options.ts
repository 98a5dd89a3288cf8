/** DeleteOptions, from the body or, without one, from the query. Source: apiserver endpoints/handlers/delete.go. */
import { checkFields } from '../../../schema/decode/check-fields.ts';
import { parseJson } from '../../../schema/decode/decode-json.ts';
import { parseYaml } from '../../../schema/decode/decode-yaml.ts';
import { type FieldError, invalid, invalidStatus, notSupported } from '../../../schema/meta/field-error.ts';
import { badRequest, fail, ok, type Result } from '../../../schema/meta/status.ts';
import type { DeleteOptions } from '../../../schema/protocol/shard.ts';
import type { ApiRequest } from '../api-request.ts';
import { readText, type TextBody } from './object-body.ts';
import { integerParameter } from './integer-parameter.ts';
import { isTrue } from './request-info.ts';
import { dryRunErrors } from './request-options.ts';

const PROPAGATION_POLICIES: readonly string[] = ['Foreground', 'Background', 'Orphan', 'nil'];

export async function decodeDeleteOptions(api: ApiRequest): Promise<Result<DeleteOptions>> {
  // Without a body the query counts, whatever Content-Type says; clients also send empty ones.
  const isEmpty = !api.request.body || api.request.headers.get('content-length') === '0';
  const body = !isEmpty ? await readText(api.request, { kind: 'DeleteOptions', schema: 'V1DeleteOptions' }) : undefined;
  if (body && !body.ok) return body;
  const options = !body?.value.text ? optionsOfQuery(api.query) : optionsOfBody(body.value);
  if (!options.ok) return options;
  if (body?.value.text) {
    const sent = { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options.value };
    api.audit.requestBody(JSON.stringify(sent));
  }
  const errors = optionErrors(options.value);
  return errors.length > 0 ? fail(invalidStatus('meta.k8s.io', 'DeleteOptions', '', errors)) : options;
}

function optionErrors({ orphanDependents, propagationPolicy, dryRun }: DeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    errors.push(
      invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (propagationPolicy !== undefined && !PROPAGATION_POLICIES.slice(0, 3).includes(propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', propagationPolicy, PROPAGATION_POLICIES));
  }
  return [...errors, ...dryRunErrors(dryRun ?? [])];
}

function optionsOfQuery(query: URLSearchParams): Result<DeleteOptions> {
  const options: DeleteOptions = {};
  const grace = integerParameter(query, 'gracePeriodSeconds');
  if (!grace.ok) return grace;
  if (grace.value !== undefined) options.gracePeriodSeconds = grace.value;
  if (query.has('orphanDependents')) options.orphanDependents = isTrue(query.get('orphanDependents'));
  const policy = query.get('propagationPolicy');
  if (policy !== null) options.propagationPolicy = policy as DeleteOptions['propagationPolicy'];
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) options.dryRun = dryRun;
  return ok(options);
}

/** A body may be of any group: clients send the group's own DeleteOptions. */
function optionsOfBody({ text, format }: TextBody): Result<DeleteOptions> {
  const parsed = format === 'json' ? parseJson(text) : parseYaml(text);
  if (!parsed.ok) return fail(badRequest(`couldn't get version/kind; json parse error: ${parsed.error}`));
  const { value } = parsed;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return fail(
      badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct"),
    );
  }
  const raw = value as Record<string, unknown>;
  if (raw.kind !== undefined && raw.kind !== '' && raw.kind !== 'DeleteOptions') {
    return fail(
      badRequest(`no kind ${JSON.stringify(raw.kind)} is registered for the internal version of group "meta.k8s.io"`),
    );
  }
  const { error } = checkFields(raw, 'V1DeleteOptions');
  if (error) return fail(badRequest(error));
  const { gracePeriodSeconds, propagationPolicy, preconditions, orphanDependents, dryRun } = raw as DeleteOptions;
  return ok({ gracePeriodSeconds, propagationPolicy, preconditions, orphanDependents, dryRun });
}
