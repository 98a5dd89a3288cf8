/**
 * What was allocated to a claim and who uses it, beyond what upstream declares on the types
 * (declared-devices.ts). Source: pkg/apis/resource/validation validateResourceClaimStatusUpdate.
 */
import { pushAll } from '../../meta/push-all.ts';
import { type FieldError, forbiddenField, invalid, required, tooMany } from '../../meta/field-error.ts';
import { validateConditions } from '../conditions.ts';
import { validateNodeSelector } from '../core/pod-validation/affinity.ts';
import { dns1123LabelErrors } from '../field-checks.ts';
import { interfaceAddressErrors } from '../ip-address.ts';
import {
  type RequestNames,
  requestNamesOf,
  requestReferenceErrors,
  requestReferencesErrors,
} from './claim-spec-validation.ts';
import {
  ALLOCATED_CONFIGS_MAX,
  ALLOCATED_RESULTS_MAX,
  DEVICE_IPS_MAX,
  deviceKey,
  RESERVED_FOR_MAX,
} from './declared-devices.ts';
import {
  bindingParameterErrors,
  configurationErrors,
  driverNameErrors,
  poolNameErrors,
  rawObjectErrors,
  tolerationsErrors,
} from './device-checks.ts';
import type {
  AllocatedResult,
  Allocation,
  ClaimConsumer,
  ClaimStatus,
  DeviceStatus,
  ResourceClaim,
} from './device-types.ts';

const DEVICE_CONDITIONS_MAX = 8;
const DEVICE_DATA_BYTES_MAX = 10 * 1024;

const consumerErrors = ({ resource, name, uid }: ClaimConsumer, field: string): FieldError[] => [
  ...(resource ? [] : [required(`${field}.resource`)]),
  ...(name ? [] : [required(`${field}.name`)]),
  ...(uid ? [] : [required(`${field}.uid`)]),
];

function addressErrors(ips: readonly string[] = [], field: string): FieldError[] {
  if (ips.length > DEVICE_IPS_MAX) return [];
  return ips.flatMap((ip, i) => interfaceAddressErrors(ip, `${field}[${i}]`));
}

function deviceStatusErrors(status: DeviceStatus, isAllocated: boolean, field: string): FieldError[] {
  const { driver = '', pool = '', device = '', shareID = '', conditions, data, networkData } = status;
  const errors = [
    ...driverNameErrors(driver, `${field}.driver`),
    ...poolNameErrors(pool, `${field}.pool`),
    ...dns1123LabelErrors(device, `${field}.device`),
  ];
  if (!isAllocated) {
    const shown = { Driver: driver, Pool: pool, Device: device, ShareID: shareID };
    errors.push(invalid(field, shown, 'must be an allocated device in the claim'));
  }
  const count = conditions?.length ?? 0;
  if (count > DEVICE_CONDITIONS_MAX) errors.push(tooMany(`${field}.conditions`, count, DEVICE_CONDITIONS_MAX));
  pushAll(errors, validateConditions(conditions ?? [], `${field}.conditions`));
  if (data !== undefined && data !== null) {
    pushAll(errors, rawObjectErrors(data, `${field}.data`, false, DEVICE_DATA_BYTES_MAX));
  }
  return [...errors, ...addressErrors(networkData?.ips, `${field}.networkData.ips`)];
}

const consumerKey = ({ apiGroup = '', resource = '', name = '', uid = '' }: ClaimConsumer): string =>
  JSON.stringify([apiGroup, resource, name, uid]);

function reservationErrors(next: ClaimStatus, previous: ClaimStatus, isDeleting: boolean): FieldError[] {
  const reserved = next.reservedFor ?? [];
  const field = 'status.reservedFor';
  if (reserved.length === 0) return [];
  if (!next.allocation) return [forbiddenField(field, 'may not be specified when `allocated` is not set')];
  const before = new Set((previous.reservedFor ?? []).map(consumerKey));
  const hasNew = reserved.some((consumer) => !before.has(consumerKey(consumer)));
  if (!isDeleting || !hasNew) return [];
  const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return [forbiddenField(field, text)];
}

const resultErrors = (result: AllocatedResult, names: RequestNames, field: string): FieldError[] => [
  ...requestReferenceErrors(result.request ?? '', names, `${field}.request`),
  ...dns1123LabelErrors(result.device ?? '', `${field}.device`),
  ...bindingParameterErrors(result, field),
  ...tolerationsErrors(result.tolerations, field),
];

function allocationErrors({ devices = {}, nodeSelector }: Allocation, names: RequestNames, field: string) {
  const { results = [], config = [] } = devices;
  const errors: FieldError[] = [];
  if (results.length <= ALLOCATED_RESULTS_MAX) {
    pushAll(
      errors,
      results.flatMap((result, i) => resultErrors(result, names, `${field}.devices.results[${i}]`)),
    );
  }
  config.slice(0, config.length > ALLOCATED_CONFIGS_MAX ? 0 : undefined).forEach((configuration, i) => {
    const at = `${field}.devices.config[${i}]`;
    pushAll(errors, requestReferencesErrors(configuration.requests, names, at));
    pushAll(errors, configurationErrors(configuration, at, false));
  });
  if (nodeSelector) {
    validateNodeSelector(
      nodeSelector as Parameters<typeof validateNodeSelector>[0],
      `${field}.nodeSelector`,
      false,
      errors,
    );
  }
  return errors;
}

/** All errors of a changed status, but those of what is declared. */
export function claimStatusErrors(next: ResourceClaim, previous: ResourceClaim): FieldError[] {
  const [status, before] = [next.status ?? {}, previous.status ?? {}];
  const consumers = status.reservedFor ?? [];
  const allocated = new Set((status.allocation?.devices?.results ?? []).map(deviceKey));
  return [
    ...(consumers.length > RESERVED_FOR_MAX
      ? []
      : consumers.flatMap((consumer, i) => consumerErrors(consumer, `status.reservedFor[${i}]`))),
    ...(status.devices ?? []).flatMap((device, i) =>
      deviceStatusErrors(device, allocated.has(deviceKey(device)), `status.devices[${i}]`),
    ),
    ...reservationErrors(status, before, next.metadata.deletionTimestamp !== undefined),
    ...(status.allocation && !before.allocation
      ? allocationErrors(status.allocation, requestNamesOf(next.spec), 'status.allocation')
      : []),
  ];
}
