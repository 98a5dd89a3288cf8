/** The form of a request's answer: media type, conversion, and whether it is indented. */
import { ok, type Result } from '../../../schema/meta/status.ts';
import { type Accepted, type AllowsConversion, negotiate } from './accept.ts';
import type { MediaType } from './media-type.ts';

/** Programs that people look at get indented answers unasked. Source: apiserver negotiation isPrettyPrint. */
function isForPeople(headers: Headers, query: URLSearchParams): boolean {
  const asked = query.get('pretty');
  if (asked) return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(asked);
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(headers.get('user-agent') ?? '');
}

/** As `negotiate`, with what else of a request bears on the form. */
export function answerForm(
  request: { readonly headers: Headers; readonly query: URLSearchParams },
  allows: AllowsConversion,
  offered?: readonly MediaType[],
): Result<Accepted> {
  const accepted = negotiate(request.headers.get('accept'), allows, offered);
  if (!accepted.ok || accepted.value.isPretty || !isForPeople(request.headers, request.query)) return accepted;
  return ok({ ...accepted.value, isPretty: true });
}
