import type { ApiRequest, Handled } from '../../api-request.ts';
import type { ForeignKind } from '../../request/foreign-body.ts';
import type { VirtualResource } from '../virtual-resource.ts';

/** A kind that is created only to be answered. */
export const reviewResource = (
  { group, version, kind, plural }: ForeignKind,
  scope: 'Cluster' | 'Namespaced',
  handle: (api: ApiRequest) => Promise<Handled>,
): VirtualResource => ({
  group,
  version,
  plural,
  singular: kind.toLowerCase(),
  kind,
  scope,
  verbs: ['create'],
  handle,
});
