/** Requests to objects: which handler, if any. Each becomes one call to a shard or the hub. */
import { goQuote } from '../../../schema/meta/go-format.ts';
import { isPathSegmentName } from '../../../schema/meta/name-rules.ts';
import { badRequest, type Status, timeout } from '../../../schema/meta/status.ts';
import { findCreateSubresource } from '../../registry/subresources/create-subresources.ts';
import { allowsObjectForms } from '../answers/object-forms.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import type { Accepted } from '../negotiation/accept.ts';
import { answerForm } from '../negotiation/answer-form.ts';
import { routeRefusal } from '../negotiation/route-match.ts';
import { methodNotAllowed, unknownResource } from '../request/request-errors.ts';
import { isObjectSubresource, objectSubresourceVerbs } from '../served/object-subresources.ts';
import type { ServedResource } from '../served/served-resources.ts';
import { findSubresourceRoute } from '../subresources/subresource-routes.ts';
import { getObject, listObjects } from './read-requests.ts';
import { watchObjects } from './watch-request.ts';
import {
  createObject,
  createOnSubresource,
  deleteObject,
  deleteObjects,
  PATCH_TYPES,
  patchObject,
  updateObject,
} from './write-requests.ts';

export async function serveObjects(api: ApiRequest, resource: ServedResource): Promise<Handled> {
  const misrouted = checkRoute(api, resource);
  if (misrouted) return misrouted;
  const { subresource, verb } = api.info;
  const route = subresource ? findSubresourceRoute(resource.definition.key, subresource) : undefined;
  if (route) {
    return (route.verbs as readonly string[]).includes(verb) ? route.handle(api, resource) : methodNotAllowed();
  }
  const created = subresource ? findCreateSubresource(resource.definition.key, subresource) : undefined;
  if (created) return verb === 'create' ? createOnSubresource(api, resource, created) : methodNotAllowed();
  if (subresource && !isObjectSubresource(resource, subresource)) return unknownResource();
  const allowed: readonly string[] = subresource ? objectSubresourceVerbs(subresource) : resource.definition.verbs;
  if (!allowed.includes(verb)) return methodNotAllowed();
  const refused = routeRefusal(api.request.headers, {
    isCollection: verb === 'list' || verb === 'watch',
    ...(verb === 'patch' ? { consumes: Object.keys(PATCH_TYPES) } : {}),
  });
  if (refused) return refused;
  const accepted = answerForm({ headers: api.request.headers, query: api.query }, allowsObjectForms);
  if (!accepted.ok) return accepted.status;
  const handler = HANDLERS[verb];
  if (!handler) return methodNotAllowed();
  const handled = handler(api, resource, accepted.value);
  return verb === 'watch' ? handled : api.runtime.within(REQUEST_MS_MAX, handled, tooLate);
}

/** What takes longer is told to be tried again. Source: apiserver --request-timeout. */
const REQUEST_MS_MAX = 60_000;

const tooLate = (): Status =>
  timeout('Timeout: request did not complete within requested timeout - context deadline exceeded');

type Handler = (api: ApiRequest, resource: ServedResource, accepted: Accepted) => Promise<Handled>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  create: createObject,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteObjects,
  get: getObject,
  list: listObjects,
  watch: watchObjects,
};

/** Paths whose shape does not fit the kind's scope, or which carry too little or too much. */
function checkRoute({ info }: ApiRequest, { definition }: ServedResource): Status | undefined {
  const { namespace, pathName, verb, parts } = info;
  if (parts.length > 3 && !findSubresourceRoute(definition.key, info.subresource)) return unknownResource();
  if (definition.scope === 'Cluster') {
    if (namespace !== '' && definition.key !== 'namespaces') return unknownResource();
  } else if (namespace === '') {
    if (pathName !== '') return unknownResource();
    if (verb !== 'list' && verb !== 'watch') return methodNotAllowed();
  }
  if (pathName === '') return verb === 'update' || verb === 'patch' || verb === 'get' ? methodNotAllowed() : undefined;
  if (verb === 'create' && info.subresource === '') return methodNotAllowed();
  const wrong = isPathSegmentName(pathName);
  if (wrong.length === 0) return undefined;
  return badRequest(`Name parameter invalid: ${goQuote(pathName)}: ${wrong.join(';')}`);
}
