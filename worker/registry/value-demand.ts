/** What a request may take from cluster-wide pools, told before its batch reserves. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import { fromServed, servedVersionOf } from '../../schema/meta/served-version.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { PATCH_DEMAND, type ValueDemand } from '../../schema/protocol/value-lease.ts';

/** Undefined for requests that draw nothing: all but writes of a few kinds. */
export function valueDemandOf(definition: ResourceDefinition, request: WriteRequest): ValueDemand | undefined {
  const { poolAllocation } = definition;
  if (!poolAllocation || request.subresource) return undefined;
  if (request.verb === 'patch') return PATCH_DEMAND;
  if (request.verb !== 'create' && request.verb !== 'update') return undefined;
  const body = JSON.parse(request.body) as UntypedObject;
  body.metadata ??= {};
  return poolAllocation.demand(fromServed(definition, servedVersionOf(definition, request.apiVersion), body));
}
