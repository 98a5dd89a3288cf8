/**
 * What resource claims use of quotas: devices by class, and by the extended resources that stand for the
 * class. Source: pkg/quota/v1/evaluator/core/resource_claims.go (KEP-4381, KEP-5004).
 */
import type { GroupResource, KubeObject, UntypedObject } from '../../meta/object-meta.ts';
import { newQuantity, type Quantity, quantitySign, subtractQuantities, ZERO_QUANTITY } from '../../meta/quantity.ts';
import type { Pod } from '../core/pod-types.ts';
import type { Resources } from '../core/pod-resource-list.ts';
import { ALLOCATED_RESULTS_MAX } from '../resource/declared-devices.ts';
import type { ClaimSpec, ClassSpec, DeviceRequest, ExactRequest } from '../resource/device-types.ts';
import { DEVICE_CLASS_PREFIX, isExtendedInQuota, podQuota, REQUESTS_PREFIX } from './pod-quota.ts';
import { countName, ONE, type QuotaEvaluator, type QuotaSurroundings } from './quota-evaluator.ts';

const CLAIMS: GroupResource = 'resourceclaims.resource.k8s.io';
const CLASSES: GroupResource = 'deviceclasses.resource.k8s.io';
const CLASS_SUFFIX = '.deviceclass.resource.k8s.io/devices';
/** On claims that the scheduler makes for a pod's extended resources. */
const EXTENDED_CLAIM = 'resource.kubernetes.io/extended-resource-claim';

type Counted = Pick<ExactRequest, 'allocationMode' | 'count'>;

/** The most it may take; how many devices `All` are is not known before they are allocated. */
function devices({ allocationMode, count }: Counted): number {
  if (allocationMode === 'All') return ALLOCATED_RESULTS_MAX;
  return allocationMode === 'ExactCount' ? (count ?? 0) : 0;
}

/** By class. Of alternatives those of the same class count once, the greatest; each class could be chosen. */
function devicesOf({ exactly, firstAvailable = [] }: DeviceRequest): ReadonlyMap<string, number> {
  const alternatives = firstAvailable.length > 0 ? firstAvailable : exactly ? [exactly] : [];
  const most = new Map<string, number>();
  for (const alternative of alternatives) {
    const className = alternative.deviceClassName ?? '';
    most.set(className, Math.max(most.get(className) ?? 0, devices(alternative)));
  }
  return most;
}

function devicesByClass(claim: UntypedObject): ReadonlyMap<string, number> {
  const { devices: claimed } = (claim as { spec?: ClaimSpec }).spec ?? {};
  const sum = new Map<string, number>();
  for (const request of claimed?.requests ?? []) {
    for (const [className, count] of devicesOf(request)) sum.set(className, (sum.get(className) ?? 0) + count);
  }
  return sum;
}

/** The pod that controls a claim made for its extended resources: name and uid. */
function podOf({ metadata }: UntypedObject): { readonly name: string; readonly uid: string } | undefined {
  if (metadata.annotations?.[EXTENDED_CLAIM] !== 'true') return undefined;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner?.kind === 'Pod' && owner.apiVersion === 'v1' ? owner : undefined;
}

/** Whether it was there first, by name among those of the same second. */
function isBefore({ metadata: a }: UntypedObject, { metadata: b }: UntypedObject): boolean {
  const [at, bt] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
  return at === bt ? (a.name ?? '') < (b.name ?? '') : at < bt;
}

function isFirstOf(pod: UntypedObject, claim: UntypedObject, around: QuotaSurroundings): boolean {
  const owned = around.ownedBy(pod.metadata.uid ?? '', CLAIMS).map(({ object }) => object);
  return !owned.some((other) => podOf(other)?.uid === pod.metadata.uid && isBefore(other, claim));
}

/** What the pod is charged for already, of which its one extended-resource claim is the other half. */
function chargedToPod(claim: UntypedObject, now: number, around: QuotaSurroundings): Resources {
  const none: Resources = new Map();
  const owner = podOf(claim);
  const pod = owner && around.get('pods', owner.name);
  if (!pod || pod.metadata.uid !== owner.uid) return none;
  const known = (pod as Pod).status?.extendedResourceClaimStatus;
  if (known ? known.resourceClaimName !== claim.metadata.name : !isFirstOf(pod, claim, around)) return none;
  return podQuota.usage(pod, now, around);
}

/** The names that extended resources of the class have in quotas; none where there is no such class. */
function extendedNames(className: string, around: QuotaSurroundings): readonly string[] {
  const found = around.config(CLASSES, className);
  if (!found) return [];
  const { extendedResourceName } = (found as KubeObject as { spec?: ClassSpec }).spec ?? {};
  return [`${DEVICE_CLASS_PREFIX}${className}`, ...(extendedResourceName ? [extendedResourceName] : [])].map(
    (name) => `${REQUESTS_PREFIX}${name}`,
  );
}

const number = (value: number): Quantity => newQuantity(value, 'DecimalSI');

function usage(claim: UntypedObject, now: number, around: QuotaSurroundings): Resources {
  const use: Resources = new Map([[countName(CLAIMS), ONE]]);
  const charged = chargedToPod(claim, now, around);
  for (const [className, count] of devicesByClass(claim)) {
    use.set(`${className}${CLASS_SUFFIX}`, number(count));
    for (const name of extendedNames(className, around)) {
      const rest = subtractQuantities(number(count), charged.get(name) ?? ZERO_QUANTITY);
      if (quantitySign(rest) > 0) use.set(name, rest);
    }
  }
  return use;
}

export const deviceQuota: QuotaEvaluator = {
  resource: CLAIMS,
  measures: (name) => name === countName(CLAIMS) || name.endsWith(CLASS_SUFFIX) || isExtendedInQuota(name),
  usage,
  isInScope: () => false,
  looksAround: true,
};
