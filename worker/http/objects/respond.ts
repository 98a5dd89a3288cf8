import type { Answer } from '../../../schema/protocol/shard.ts';
import { type AnswerOptions, jsonAnswer } from '../answers/answers.ts';
import { convertText, includeObject } from '../answers/object-forms.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import type { Accepted } from '../negotiation/accept.ts';
import type { ServedResource } from '../served/served-resources.ts';

/** The kind's deprecation, the body's and the registry's warnings, and what the client accepts. */
export function answerOptions(
  api: ApiRequest,
  { definition: { deprecation } }: ServedResource,
  accepted: Accepted,
  answer: Answer,
  warnings: readonly string[] = [],
): AnswerOptions {
  return {
    accepted,
    warnings: [...(deprecation ? [deprecation] : []), ...warnings, ...(answer.warnings ?? [])],
    acceptEncoding: api.request.headers.get('accept-encoding'),
  };
}

/** The registry's answer, in the form and media type the client wants. */
export function respond(
  api: ApiRequest,
  resource: ServedResource,
  accepted: Accepted,
  answer: Answer,
  warnings: readonly string[] = [],
): Handled {
  api.audit.answered(answer);
  const options = answerOptions(api, resource, accepted, answer, warnings);
  if (!accepted.conversion || answer.code >= 400) return jsonAnswer(answer.code, answer.body, options);
  const include = includeObject(api.query);
  if (!include.ok) return include.status;
  const converted = convertText(answer.body, accepted.conversion, {
    resource,
    include: include.value,
    now: api.runtime.now(),
  });
  return converted.ok ? jsonAnswer(answer.code, converted.value, options) : converted.status;
}
