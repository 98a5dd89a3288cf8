import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { AuthorizationAttributes } from '../authz/attributes.ts';
import type { RequestInfo } from './request/request-info.ts';

/** What a request wants to do, as the authorizers see it. */
export function attributesOf(info: RequestInfo, user: UserInfo, fieldSelector: string): AuthorizationAttributes {
  const { verb, apiGroup, apiVersion, resource, subresource, namespace, name, path, isResourceRequest } = info;
  return {
    user,
    verb,
    apiGroup,
    apiVersion,
    resource,
    subresource,
    namespace,
    name,
    path,
    resourceRequest: isResourceRequest,
    ...(fieldSelector ? { fieldSelector } : {}),
  };
}
