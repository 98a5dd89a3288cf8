/** Create, update, patch and delete. */
import type { ExpectedKind } from '../../../schema/decode/decode-object.ts';
import { badRequest, fail, ok, type Result, type Status, unsupportedMediaType } from '../../../schema/meta/status.ts';
import type { PatchType } from '../../../schema/protocol/shard.ts';
import { nodeOf } from '../../../schema/protocol/user-info.ts';
import { forbiddenStatus } from '../../authz/attributes.ts';
import { authorize } from '../../authz/chain.ts';
import type { CreateSubresource } from '../../registry/environment.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { attributesOf } from '../authorization-attributes.ts';
import { type Accepted, noConversion } from '../negotiation/accept.ts';
import { answerForm } from '../negotiation/answer-form.ts';
import { unknownBodyFormat } from '../negotiation/media-types.ts';
import { routeRefusal } from '../negotiation/route-match.ts';
import { type ApplyBody, decodeApplyBody } from '../request/apply-body.ts';
import { readBody } from '../request/body.ts';
import { decodeDeleteOptions } from '../request/delete-options.ts';
import { decodeObjectBody } from '../request/object-body.ts';
import { listOptions, writeOptions } from '../request/request-options.ts';
import type { ServedResource } from '../served/served-resources.ts';
import { shardFor, targetOf, userAgent } from './object-target.ts';
import { writeObject } from './object-writes.ts';
import { respond } from './respond.ts';

export const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** What a body on that path must be. */
const expectedKind = ({ group, version, schema, definition }: ServedResource, subresource: string): ExpectedKind =>
  subresource === 'scale' ? SCALE : { group, version, schema, kind: definition.kind };

const SCALE: ExpectedKind = { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'V1Scale' };

/** pods/binding, pods/eviction: an object of another kind, created on the one named. */
export async function createOnSubresource(
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

export async function createObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
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

export async function updateObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
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

export async function patchObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
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

export async function deleteObject(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
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

export async function deleteObjects(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
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
