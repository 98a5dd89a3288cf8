/** Get and list. */
import { nameIsDNSLabel } from '../../../schema/meta/name-rules.ts';
import type { RequestTarget } from '../../../schema/protocol/shard.ts';
import { wholeList } from '../../../schema/protocol/whole-list.ts';
import { streamAnswer } from '../answers/answers.ts';
import { type ListForm, listInPieces, objectList, streamed } from '../answers/list-parts.ts';
import { convertedList, includeObject } from '../answers/object-forms.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import type { Accepted } from '../negotiation/accept.ts';
import { jsonMediaType } from '../negotiation/json.ts';
import { type ListOptions, listOptions } from '../request/request-options.ts';
import type { ServedResource } from '../served/served-resources.ts';
import { hubOf } from '../stores.ts';
import { shardFor, targetOf } from './object-target.ts';
import { answerOptions, respond } from './respond.ts';

export async function getObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const target = targetOf(api, resource);
  const resourceVersion = api.query.get('resourceVersion') ?? '';
  const answer = await shardFor(api, target).read({ ...target, verb: 'get', name: api.info.pathName, resourceVersion });
  return respond(api, resource, accepted, answer);
}

export async function listObjects(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const options = listOptions(api.query, resource);
  if (!options.ok) return options.status;
  const target = narrowed(targetOf(api, resource), resource, options.value);
  const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch } = options.value;
  const request = {
    ...target,
    verb: 'list' as const,
    labelSelector,
    fieldSelector,
    limit,
    continue: options.value.continue,
    resourceVersion,
    resourceVersionMatch,
  };
  const isFannedOut = resource.definition.scope === 'Namespaced' && target.namespace === '';
  const ask = (token: string) => {
    const part = {
      ...request,
      continue: token,
      ...(token === request.continue ? {} : { resourceVersion: '', resourceVersionMatch: '' as const }),
    };
    return isFannedOut ? hubOf(api.env).list(part) : shardFor(api, target).read(part);
  };
  const first = await ask(request.continue);
  if (request.limit !== 0) return respond(api, resource, accepted, first);
  const form = streamedForm(api, resource, accepted);
  if (!form) return respond(api, resource, accepted, await wholeList(first, ask));
  const pieces = listInPieces(first, ask, form);
  if (!pieces) return respond(api, resource, accepted, first);
  return streamAnswer(200, streamed(pieces), answerOptions(api, resource, accepted, first));
}

/** How a list is written as it comes; none where the whole of it is needed first (protobuf, YAML). */
function streamedForm(api: ApiRequest, resource: ServedResource, accepted: Accepted): ListForm | undefined {
  if (accepted.mediaType !== jsonMediaType || accepted.isPretty) return undefined;
  if (!accepted.conversion) return objectList;
  const include = includeObject(api.query);
  if (!include.ok) return undefined;
  return convertedList(accepted.conversion, { resource, include: include.value, now: api.runtime.now() });
}

/** A field selector that demands one namespace needs only that namespace's shard. */
const narrowed = (
  target: RequestTarget,
  { definition }: ServedResource,
  { onlyNamespace }: ListOptions,
): RequestTarget =>
  definition.scope === 'Namespaced' &&
  target.namespace === '' &&
  onlyNamespace !== undefined &&
  nameIsDNSLabel(onlyNamespace, false).length === 0
    ? { ...target, namespace: onlyNamespace }
    : target;
