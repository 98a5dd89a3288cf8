/** Resources that are answered and never stored. The only list of them. */
import { componentStatuses } from './component-statuses.ts';
import { accessReviews } from './reviews/access-review.ts';
import { selfSubjectReviews, tokenReviews } from './reviews/token-review.ts';
import { bindings } from '../subresources/bindings.ts';
import type { VirtualResource } from './virtual-resource.ts';

export const virtualResources: readonly VirtualResource[] = [
  bindings,
  componentStatuses,
  tokenReviews,
  selfSubjectReviews,
  ...accessReviews,
];

const byPath = new Map(
  virtualResources.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]),
);

export const findVirtualResource = (group: string, version: string, plural: string): VirtualResource | undefined =>
  byPath.get(`${group}/${version}/${plural}`);
