/**
 * Writes of Roles and bindings by those who could grant themselves more: what is stored is what was
 * checked. A patch is tried first and then made of the very state of the object that it was tried on.
 */
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Status } from '../../../schema/meta/status.ts';
import type { Answer, WriteRequest } from '../../../schema/protocol/shard.ts';
import { escalationRefusal } from '../../authz/escalation.ts';
import type { ApiRequest } from '../api-request.ts';
import { shardOf } from '../stores.ts';

/** How often a patch is tried again because the object has changed meanwhile. */
const PATCH_ATTEMPTS_MAX = 5;

export type ObjectWrite = Extract<WriteRequest, { verb: 'create' | 'update' | 'patch' }>;

const refused = (status: Status): Answer => ({ code: status.code, body: JSON.stringify(status) });

/** Sends a write to its shard, unless it would grant more than its writer has. */
export const writeWithoutEscalation = (api: ApiRequest, request: ObjectWrite): Promise<Answer> =>
  request.verb === 'patch' ? patchChecked(api, request) : writeChecked(api, request);

function refusalOf(api: ApiRequest, request: ObjectWrite, object: UntypedObject): Promise<Status | undefined> {
  const { resource, namespace } = request;
  const name = request.name ?? object.metadata?.name ?? '';
  return escalationRefusal({ resource, namespace, name, object }, api.user, api.security);
}

async function writeChecked(api: ApiRequest, request: Exclude<ObjectWrite, { verb: 'patch' }>): Promise<Answer> {
  const status = await refusalOf(api, request, JSON.parse(request.body) as UntypedObject);
  return status ? refused(status) : shardOf(api.env, request.namespace).write(request);
}

async function patchChecked(api: ApiRequest, request: Extract<ObjectWrite, { verb: 'patch' }>): Promise<Answer> {
  const shard = shardOf(api.env, request.namespace);
  for (let attempt = 1; ; attempt += 1) {
    const tried = await shard.write({ ...request, dryRun: true });
    if (tried.code >= 400) return tried;
    const object = JSON.parse(tried.body) as UntypedObject;
    const status = await refusalOf(api, request, object);
    if (status) return refused(status);
    if (request.dryRun) return tried;
    // An apply may create what it does not find.
    const onlyAt = tried.code === 201 ? '' : (object.metadata.resourceVersion ?? '');
    const answer = await shard.write({ ...request, onlyAt });
    if (answer.code !== 409 || attempt === PATCH_ATTEMPTS_MAX) return answer;
  }
}
