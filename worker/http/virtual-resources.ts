/** Resources that are answered and never stored. The only list of them. */
import type { VirtualResource } from './virtual-resource.ts';

export const virtualResources: readonly VirtualResource[] = [];

const byPath = new Map(virtualResources.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]));

export const findVirtualResource = (group: string, version: string, plural: string): VirtualResource | undefined =>
  byPath.get(`${group}/${version}/${plural}`);
