/** Which groups and versions have paths at all: those of stored kinds and of kinds that are only answered. */
import { apiVersionOf } from '../../../schema/meta/served-version.ts';
import { servedResources } from './served-resources.ts';
import { virtualResources } from '../virtual/virtual-resources.ts';

const groupVersions: ReadonlySet<string> = new Set([
  ...servedResources.map(({ apiVersion }) => apiVersion),
  ...virtualResources.map(apiVersionOf),
]);

export const isServedGroupVersion = (group: string, version: string): boolean =>
  groupVersions.has(apiVersionOf({ group, version }));
