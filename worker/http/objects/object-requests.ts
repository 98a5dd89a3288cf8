/** Requests to objects: each becomes one call to a shard or the hub. */
import type { ExpectedKind } from '../../../schema/decode/decode-object.ts';
import { goQuote } from '../../../schema/meta/go-format.ts';
import { isPathSegmentName, nameIsDNSLabel } from '../../../schema/meta/name-rules.ts';
import {
  badRequest,
  fail,
  ok,
  type Result,
  type Status,
  timeout,
  unsupportedMediaType,
} from '../../../schema/meta/status.ts';
import type { Answer, PatchType, RequestTarget } from '../../../schema/protocol/shard.ts';
import { nodeOf } from '../../../schema/protocol/user-info.ts';
import { wholeList } from '../../../schema/protocol/whole-list.ts';
import { forbiddenStatus } from '../../authz/attributes.ts';
import { authorize } from '../../authz/chain.ts';
import type { CreateSubresource } from '../../registry/environment.ts';
import { findCreateSubresource } from '../../registry/subresources/create-subresources.ts';
import { type AnswerOptions, jsonAnswer, streamAnswer } from '../answers/answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { type ApplyBody, decodeApplyBody } from '../request/apply-body.ts';
import { attributesOf } from '../authorization-attributes.ts';
import { readBody } from '../request/body.ts';
import { decodeDeleteOptions } from '../request/delete-options.ts';
import { type ListForm, listInPieces, objectList, streamed } from '../answers/list-parts.ts';
import { type Accepted, noConversion } from '../negotiation/accept.ts';
import { answerForm } from '../negotiation/answer-form.ts';
import { jsonMediaType } from '../negotiation/json.ts';
import { routeRefusal } from '../negotiation/route-match.ts';
import { unknownBodyFormat } from '../negotiation/media-types.ts';
import { decodeObjectBody } from '../request/object-body.ts';
import { allowsObjectForms, convertedList, convertText, includeObject } from '../answers/object-forms.ts';
import { writeObject } from './object-writes.ts';
import { methodNotAllowed, unknownResource } from '../request/request-errors.ts';
import { type ListOptions, listOptions, writeOptions } from '../request/request-options.ts';
import type { ServedResource } from '../served/served-resources.ts';
import { hubOf, shardOf } from '../stores.ts';
import { findSubresourceRoute } from '../subresources/subresource-routes.ts';
import { watchObjects } from './watch-request.ts';

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

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

/** Subresources that are the object itself (or its Scale) under other rules. */
export function isObjectSubresource({ definition }: ServedResource, subresource: string): boolean {
  if (subresource === 'status') return definition.status !== undefined;
  if (subresource === 'scale') return definition.scale !== undefined;
  return Object.hasOwn(definition.updateSubresources, subresource);
}

/** `finalize` is only ever written. */
export const objectSubresourceVerbs = (subresource: string): readonly string[] =>
  subresource === 'finalize' ? ['update'] : ['get', 'patch', 'update'];

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

function targetOf({ info, user }: ApiRequest, resource: ServedResource): RequestTarget {
  const { definition, apiVersion } = resource;
  return {
    resource: definition.key,
    apiVersion,
    namespace: definition.scope === 'Namespaced' ? info.namespace : '',
    ...(info.subresource ? { subresource: info.subresource } : {}),
    user,
  };
}

const shardFor = (api: ApiRequest, target: RequestTarget) => shardOf(api.env, target.namespace);

/** What a body on that path must be. */
const expectedKind = ({ group, version, schema, definition }: ServedResource, subresource: string): ExpectedKind =>
  subresource === 'scale' ? SCALE : { group, version, schema, kind: definition.kind };

const SCALE: ExpectedKind = { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'V1Scale' };

/** pods/binding, pods/eviction: an object of another kind, created on the one named. */
async function createOnSubresource(
  api: ApiRequest,
  resource: ServedResource,
  subresource: CreateSubresource,
): Promise<Handled> {
  const refused = routeRefusal(api.request.headers);
  if (refused) return refused;
  const accepted = answerForm({ headers: api.request.headers, query: api.query }, noConversion);
  if (!accepted.ok) return accepted.status;
  const { apiVersion, kind, schema } = subresource;
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const body = await decodeObjectBody(api, { group, version, kind, schema }, 'CreateOptions');
  if (!body.ok) return body.status;
  const target = targetOf(api, resource);
  const { json, options, warnings } = body.value;
  const answer = await shardFor(api, target).write({
    ...target,
    verb: 'create',
    name: api.info.pathName,
    body: json,
    dryRun: options.dryRun,
    fieldManager: options.fieldManager,
  });
  return respond(api, resource, accepted.value, answer, warnings);
}

async function createObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const body = await decodeObjectBody(api, expectedKind(resource, ''), 'CreateOptions');
  if (!body.ok) return body.status;
  const target = targetOf(api, resource);
  const { json, options, warnings } = body.value;
  const answer = await writeObject(api, {
    ...target,
    verb: 'create',
    body: json,
    dryRun: options.dryRun,
    fieldManager: options.fieldManager,
    ...(target.resource === 'pods' ? { writerNodeUid: await writerNodeUid(api) } : {}),
  });
  return respond(api, resource, accepted, answer, warnings);
}

async function writerNodeUid({ user, security }: ApiRequest): Promise<string | undefined> {
  const node = nodeOf(user);
  return node === '' ? undefined : (await security.objects.get('nodes', '', node, 0))?.metadata.uid;
}

async function updateObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const body = await decodeObjectBody(api, expectedKind(resource, api.info.subresource), 'UpdateOptions');
  if (!body.ok) return body.status;
  const target = targetOf(api, resource);
  const { json, options, warnings } = body.value;
  const createRefused = resource.definition.allowCreateOnUpdate ? await createRefusal(api) : undefined;
  const answer = await writeObject(api, {
    ...target,
    verb: 'update',
    name: api.info.pathName,
    body: json,
    dryRun: options.dryRun,
    fieldManager: options.fieldManager,
    ...(createRefused ? { createRefused } : {}),
  });
  return respond(api, resource, accepted, answer, warnings);
}

/** Whether the caller may also create what its PUT does not find. */
async function createRefusal(api: ApiRequest): Promise<Status | undefined> {
  const attributes = attributesOf({ ...api.info, verb: 'create' }, api.user, '');
  const { allowed, reason } = await authorize(attributes, api.security);
  return allowed ? undefined : forbiddenStatus(attributes, reason);
}

async function patchObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const contentType = (api.request.headers.get('content-type') ?? '').split(';')[0] as string;
  const patchType = Object.hasOwn(PATCH_TYPES, contentType) ? PATCH_TYPES[contentType] : undefined;
  if (!patchType) return unsupportedMediaType(unknownBodyFormat(Object.keys(PATCH_TYPES)));
  const body = await readBody(api.request);
  if (!body.ok) return body.status;
  const options = writeOptions('PatchOptions', api.query, userAgent(api), patchType);
  if (!options.ok) return options.status;
  const patch = patchType === 'apply' ? decodeApplyBody(body.value) : decodePatchBody(body.value);
  if (!patch.ok) return patch.status;
  const { json, strictError } = patch.value;
  api.audit.requestBody(json);
  const mayCreate = patchType === 'apply' && api.info.subresource === '';
  const createRefused = mayCreate ? await createRefusal(api) : undefined;
  const target = targetOf(api, resource);
  const { dryRun, fieldManager, fieldValidation, force } = options.value;
  const answer = await writeObject(api, {
    ...target,
    verb: 'patch',
    name: api.info.pathName,
    patchType,
    body: json,
    dryRun,
    fieldManager,
    fieldValidation,
    force,
    ...(strictError === undefined ? {} : { strictError }),
    ...(createRefused ? { createRefused } : {}),
  });
  return respond(api, resource, accepted, answer);
}

function decodePatchBody(text: string): Result<ApplyBody> {
  try {
    JSON.parse(text);
    return ok({ json: text, strictError: undefined });
  } catch {
    return fail(badRequest('invalid JSON patch'));
  }
}

async function deleteObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const options = await decodeDeleteOptions(api);
  if (!options.ok) return options.status;
  const target = targetOf(api, resource);
  const answer = await shardFor(api, target).write({
    ...target,
    verb: 'delete',
    name: api.info.pathName,
    options: options.value,
    dryRun: (options.value.dryRun ?? []).length > 0,
    fieldManager: '',
  });
  return respond(api, resource, accepted, answer);
}

async function deleteObjects(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const list = listOptions(api.query, resource);
  if (!list.ok) return list.status;
  const options = await decodeDeleteOptions(api);
  if (!options.ok) return options.status;
  const target = targetOf(api, resource);
  const answer = await shardFor(api, target).write({
    ...target,
    verb: 'deletecollection',
    options: options.value,
    labelSelector: list.value.labelSelector,
    fieldSelector: list.value.fieldSelector,
    dryRun: (options.value.dryRun ?? []).length > 0,
    fieldManager: '',
  });
  return respond(api, resource, accepted, answer);
}

async function getObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const target = targetOf(api, resource);
  const resourceVersion = api.query.get('resourceVersion') ?? '';
  const answer = await shardFor(api, target).read({ ...target, verb: 'get', name: api.info.pathName, resourceVersion });
  return respond(api, resource, accepted, answer);
}

async function listObjects(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
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

function answerOptions(
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

export const userAgent = (api: ApiRequest): string => api.request.headers.get('user-agent') ?? '';
