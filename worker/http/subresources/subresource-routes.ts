/** Subresources with code of their own. The only list of them. */
import type { SubresourceRoute } from './subresource-route.ts';
import { podLogRoute } from './pod-log.ts';
import { serviceAccountTokenRoute } from './service-account-token.ts';

export const subresourceRoutes: readonly SubresourceRoute[] = [podLogRoute, serviceAccountTokenRoute];

const byPath = new Map(subresourceRoutes.map((route) => [`${route.resource}/${route.subresource}`, route]));

export const findSubresourceRoute = (resource: string, subresource: string): SubresourceRoute | undefined =>
  byPath.get(`${resource}/${subresource}`);
