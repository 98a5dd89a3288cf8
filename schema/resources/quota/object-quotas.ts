/** What services and claims use of quotas. Source: pkg/quota/v1/evaluator/core services.go, persistent_volume_claims.go. */
import type { KubeObject, UntypedObject } from '../../meta/object-meta.ts';
import { compareQuantities, newQuantity, type Quantity, quantityValue } from '../../meta/quantity.ts';
import type { PersistentVolumeClaim } from '../core/persistent-volume-claim.ts';
import { quantity, type Resources } from '../core/pod-resource-list.ts';
import type { Service } from '../core/service.ts';
import { storageClassOf } from '../core/storage-printing.ts';
import { countName, ONE, type QuotaEvaluator, requirementHolds } from './quota-evaluator.ts';

const SERVICE_NAMES = [countName('services'), 'services', 'services.nodeports', 'services.loadbalancers'];
const number = (value: number): Quantity => newQuantity(value, 'DecimalSI');

/** What is asked for, whether or not it has been drawn yet. */
function nodePorts({ spec }: Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
}

export const serviceQuota: QuotaEvaluator = {
  resource: 'services',
  measures: (name) => SERVICE_NAMES.includes(name),
  isInScope: () => false,
  usage(object) {
    const service = object as KubeObject as Service;
    return new Map([
      [countName('services'), ONE],
      ['services', ONE],
      ['services.nodeports', number(nodePorts(service))],
      ['services.loadbalancers', number(service.spec?.type === 'LoadBalancer' ? 1 : 0)],
    ]);
  },
};

const CLASS_SUFFIX = '.storageclass.storage.k8s.io/';
const CLAIMS = 'persistentvolumeclaims';
const STORAGE = 'requests.storage';

/** In whole bytes; what has been allocated beyond the request counts. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const requested = spec?.resources?.requests?.['storage'];
  if (requested === undefined) return undefined;
  const allocated = quantity(status?.allocatedResources?.['storage']);
  const wanted = quantity(requested);
  const most = compareQuantities(allocated, wanted) > 0 ? allocated : wanted;
  return most.scale < 0 ? newQuantity(quantityValue(most), most.format) : most;
}

function claimUsage(object: UntypedObject): Resources {
  const claim = object as KubeObject as PersistentVolumeClaim;
  const className = storageClassOf(claim);
  const storage = storageOf(claim);
  const use: Resources = new Map([
    [CLAIMS, ONE],
    [countName(CLAIMS), ONE],
  ]);
  if (className) use.set(`${className}${CLASS_SUFFIX}${CLAIMS}`, ONE);
  if (storage) use.set(STORAGE, storage);
  if (storage && className) use.set(`${className}${CLASS_SUFFIX}${STORAGE}`, storage);
  return use;
}

function attributesClasses({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return names.filter((name): name is string => Boolean(name));
}

export const claimQuota: QuotaEvaluator = {
  resource: CLAIMS,
  measures: (name) =>
    [CLAIMS, countName(CLAIMS), STORAGE].includes(name) ||
    name.endsWith(`${CLASS_SUFFIX}${CLAIMS}`) ||
    name.endsWith(`${CLASS_SUFFIX}${STORAGE}`),
  usage: claimUsage,
  isInScope: (requirement, object) =>
    requirement.scopeName === 'VolumeAttributesClass' && requirementHolds(requirement, attributesClasses(object)),
};
