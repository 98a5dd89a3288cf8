import { findCreateSubresource } from '../../registry/subresources/create-subresources.ts';
import { isObjectSubresource } from './object-subresources.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { findServedResource } from './served-resources.ts';
import { findSubresourceRoute } from '../subresources/subresource-routes.ts';
import { findVirtualResource } from '../virtual/virtual-resources.ts';

/** Whether a path's resource and subresource are of this API at all. */
export function isServedPath({ apiGroup, apiVersion, resource, subresource }: RequestInfo): boolean {
  const served = findServedResource(apiGroup, apiVersion, resource);
  if (!served) return subresource === '' && findVirtualResource(apiGroup, apiVersion, resource) !== undefined;
  if (subresource === '') return true;
  const { key } = served.definition;
  return (
    isObjectSubresource(served, subresource) ||
    findSubresourceRoute(key, subresource) !== undefined ||
    findCreateSubresource(key, subresource) !== undefined
  );
}
