/** The wire types of resource.k8s.io with nothing required: validation says what is missing. */
import type { IAllocatedDeviceStatus } from 'kubernetes-models/resource.k8s.io/v1/AllocatedDeviceStatus';
import type { IAllocationResult } from 'kubernetes-models/resource.k8s.io/v1/AllocationResult';
import type { ICapacityRequestPolicy } from 'kubernetes-models/resource.k8s.io/v1/CapacityRequestPolicy';
import type { IDevice } from 'kubernetes-models/resource.k8s.io/v1/Device';
import type { IDeviceClassSpec } from 'kubernetes-models/resource.k8s.io/v1/DeviceClassSpec';
import type { IDeviceTaint } from 'kubernetes-models/resource.k8s.io/v1/DeviceTaint';
import type { IResourceClaimSpec } from 'kubernetes-models/resource.k8s.io/v1/ResourceClaimSpec';
import type { IResourceClaimStatus } from 'kubernetes-models/resource.k8s.io/v1/ResourceClaimStatus';
import type { IResourceSliceSpec } from 'kubernetes-models/resource.k8s.io/v1/ResourceSliceSpec';
import type { KubeObject, ObjectMeta } from '../../meta/object-meta.ts';

type Loose<T> = T extends readonly (infer Item)[]
  ? Loose<Item>[]
  : T extends object
    ? string extends keyof T
      ? { [Key in keyof T]: Loose<T[Key]> }
      : { [Key in keyof T]?: Loose<T[Key]> }
    : T;
type Item<T> = NonNullable<T> extends readonly (infer Of)[] ? Of : never;

export type ClaimSpec = Loose<IResourceClaimSpec>;
export type DeviceClaim = NonNullable<ClaimSpec['devices']>;
export type DeviceRequest = Item<DeviceClaim['requests']>;
export type ExactRequest = NonNullable<DeviceRequest['exactly']>;
export type SubRequest = Item<DeviceRequest['firstAvailable']>;
export type DeviceSelector = Item<ExactRequest['selectors']>;
export type DeviceToleration = Item<ExactRequest['tolerations']>;
export type DeviceConstraint = Item<DeviceClaim['constraints']>;
export type DeviceConfiguration = Item<DeviceClaim['config']>;

export type ClaimStatus = Loose<IResourceClaimStatus>;
export type Allocation = Loose<IAllocationResult>;
export type AllocationDevices = NonNullable<Allocation['devices']>;
export type AllocatedResult = Item<AllocationDevices['results']>;
export type AllocatedConfiguration = Item<AllocationDevices['config']>;
export type ClaimConsumer = Item<ClaimStatus['reservedFor']>;
export type DeviceStatus = Loose<IAllocatedDeviceStatus>;

export type ClassSpec = Loose<IDeviceClassSpec>;
export type SliceSpec = Loose<IResourceSliceSpec>;
export type Device = Loose<IDevice>;
export type DeviceAttribute = Loose<NonNullable<IDevice['attributes']>[string]>;
export type DeviceCapacity = Loose<NonNullable<IDevice['capacity']>[string]>;
export type RequestPolicy = Loose<ICapacityRequestPolicy>;
export type DeviceTaint = Loose<IDeviceTaint>;

export type ResourceClaim = KubeObject & { spec?: ClaimSpec; status?: ClaimStatus };
export type ClaimTemplateSpec = { metadata?: ObjectMeta; spec?: ClaimSpec };
export type ResourceClaimTemplate = KubeObject & { spec?: ClaimTemplateSpec };
export type DeviceClass = KubeObject & { spec?: ClassSpec };
export type ResourceSlice = KubeObject & { spec?: SliceSpec };

/** Not in the schema packages, which know its older versions only. */
export interface TaintRuleSpec {
  deviceSelector?: { driver?: string; pool?: string; device?: string };
  taint?: DeviceTaint;
}
export type DeviceTaintRule = KubeObject & {
  spec?: TaintRuleSpec;
  status?: { conditions?: NonNullable<IAllocatedDeviceStatus['conditions']> };
};
