/** Routes of subresources whose body the shard turns into a change: pods/binding, pods/eviction. */
import type { KubeObject } from '../../../schema/meta/object-meta.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { jsonAnswer } from '../answers.ts';
import { decodeForeignBody, type ForeignKind } from '../foreign-body.ts';
import { negotiate, noConversion } from '../negotiation/accept.ts';
import { shardOf } from '../stores.ts';
import type { SubresourceRoute } from '../subresource-route.ts';

/** Sends a decoded body to the shard as a create on the subresource of `name` (absent: the body's name). */
export async function createInShard(
  api: ApiRequest,
  target: { readonly resource: string; readonly subresource: string; readonly name?: string },
  kind: ForeignKind,
): Promise<Handled> {
  const accepted = negotiate(api.request.headers.get('accept'), noConversion);
  if (!accepted.ok) return accepted.status;
  const body = await decodeForeignBody(api, kind);
  if (!body.ok) return body.status;
  const { json, options, warnings } = body.value;
  const { namespace } = api.info;
  const name = target.name ?? (JSON.parse(json) as Partial<KubeObject>).metadata?.name ?? '';
  const answer = await shardOf(api.env, namespace).write({
    verb: 'create',
    ...target,
    name,
    apiVersion: 'v1',
    namespace,
    user: api.user,
    dryRun: options.dryRun,
    fieldManager: options.fieldManager,
    body: json,
  });
  return jsonAnswer(answer.code, answer.body, {
    accepted: accepted.value,
    warnings: [...warnings, ...(answer.warnings ?? [])],
  });
}

const POD_BINDING: ForeignKind = { group: '', version: 'v1', kind: 'Binding', plural: 'bindings', schema: 'V1Binding' };
const POD_EVICTION: ForeignKind = {
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  plural: 'evictions',
  schema: 'V1Eviction',
};

export const podBindingRoute: SubresourceRoute = {
  resource: 'pods',
  subresource: 'binding',
  kind: 'Binding',
  verbs: ['create'],
  handle: (api) => createInShard(api, { resource: 'pods', subresource: 'binding', name: api.info.name }, POD_BINDING),
};

export const podEvictionRoute: SubresourceRoute = {
  resource: 'pods',
  subresource: 'eviction',
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  verbs: ['create'],
  handle: (api) => createInShard(api, { resource: 'pods', subresource: 'eviction', name: api.info.name }, POD_EVICTION),
};

export { POD_BINDING };
