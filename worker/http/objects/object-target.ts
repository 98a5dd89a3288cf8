/** What a request to objects is about, and who answers it. */
import type { RequestTarget } from '../../../schema/protocol/shard.ts';
import type { ApiRequest } from '../api-request.ts';
import type { ServedResource } from '../served/served-resources.ts';
import { shardOf } from '../stores.ts';

export function targetOf({ info, user }: ApiRequest, resource: ServedResource): RequestTarget {
  const { definition, apiVersion } = resource;
  return {
    resource: definition.key,
    apiVersion,
    namespace: definition.scope === 'Namespaced' ? info.namespace : '',
    ...(info.subresource ? { subresource: info.subresource } : {}),
    user,
  };
}

export const shardFor = (api: ApiRequest, target: RequestTarget) => shardOf(api.env, target.namespace);

export const userAgent = (api: ApiRequest): string => api.request.headers.get('user-agent') ?? '';
