/** What resource claims use of quotas. Source: pkg/quota/v1/evaluator/core resource_claims.go. */
import type { KubeObject, UntypedObject } from '../../meta/object-meta.ts';
import { addQuantities, compareQuantities, newQuantity, type Quantity, ZERO_QUANTITY } from '../../meta/quantity.ts';
import type { Resources } from '../core/pod-resource-list.ts';
import type { DeviceRequest, ExactRequest, ResourceClaim, SubRequest } from '../resource/device-types.ts';
import { countName, ONE, type QuotaEvaluator } from './quota-evaluator.ts';

const CLAIMS = 'resourceclaims.resource.k8s.io';
/** `gpu.example.com.deviceclass.resource.k8s.io/devices`. */
const CLASS_SUFFIX = '.deviceclass.resource.k8s.io/devices';
/** A claim cannot be given more: so many count where it wants all there are. */
const DEVICES_OF_CLAIM_MAX = 32;

/** Modes of other releases count nothing. */
function devices({ allocationMode, count = 0 }: ExactRequest | SubRequest): Quantity {
  if (allocationMode === 'ExactCount') return newQuantity(count, 'DecimalSI');
  return allocationMode === 'All' ? newQuantity(DEVICES_OF_CLAIM_MAX, 'DecimalSI') : ZERO_QUANTITY;
}

/** The most that a request may come to, by class: of its alternatives one is taken. */
function requestUse({ exactly, firstAvailable = [] }: DeviceRequest): Resources {
  const most: Resources = new Map();
  for (const one of firstAvailable.length > 0 ? firstAvailable : exactly ? [exactly] : []) {
    const name = `${one.deviceClassName ?? ''}${CLASS_SUFFIX}`;
    const [wanted, before] = [devices(one), most.get(name)];
    if (!before || compareQuantities(wanted, before) > 0) most.set(name, wanted);
  }
  return most;
}

function usage(object: UntypedObject): Resources {
  const { spec } = object as KubeObject as ResourceClaim;
  const use: Resources = new Map([[countName(CLAIMS), ONE]]);
  for (const request of spec?.devices?.requests ?? []) {
    for (const [name, count] of requestUse(request)) {
      use.set(name, addQuantities(use.get(name) ?? ZERO_QUANTITY, count));
    }
  }
  return use;
}

export const deviceQuota: QuotaEvaluator = {
  resource: CLAIMS,
  measures: (name) => name === countName(CLAIMS) || name.endsWith(CLASS_SUFFIX),
  isInScope: () => false,
  usage,
};
