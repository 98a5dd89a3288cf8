/**
 * What a claim's spec and status get and lose on the way in: defaults, and fields of features that are
 * off. Source: pkg/apis/resource/v1 defaults, pkg/api/resourceclaimspec, pkg/registry/resource/resourceclaim.
 */
import { deviceKey } from './declared-devices.ts';
import type {
  ClaimSpec,
  ClaimStatus,
  DeviceRequest,
  DeviceToleration,
  ExactRequest,
  SubRequest,
} from './device-types.ts';

function defaultTolerations(tolerations: DeviceToleration[] | undefined): void {
  for (const toleration of tolerations ?? []) toleration.operator ||= 'Equal';
}

function defaultAmount(request: ExactRequest | SubRequest): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount' && !request.count) request.count = 1;
  defaultTolerations(request.tolerations);
}

const partsOf = ({ exactly, firstAvailable }: DeviceRequest): (ExactRequest | SubRequest)[] => [
  ...(exactly ? [exactly] : []),
  ...(firstAvailable ?? []),
];

const requestsOf = (spec: ClaimSpec | undefined): DeviceRequest[] => spec?.devices?.requests ?? [];

/** Fills a spec in place. Upstream writes a missing list of requests as null. */
export function defaultClaimSpec(spec: ClaimSpec): void {
  const devices: { requests?: unknown } = (spec.devices ??= {});
  devices.requests ??= null;
  for (const part of requestsOf(spec).flatMap(partsOf)) defaultAmount(part);
}

/** Fills a status in place. */
export function defaultClaimStatus(status: ClaimStatus): void {
  if (status.allocation) status.allocation.devices ??= {};
  for (const result of status.allocation?.devices?.results ?? []) defaultTolerations(result.tolerations);
  for (const device of (status.devices ?? []) as { conditions?: unknown }[]) device.conditions ??= null;
}

/** Removes members in place that no type of ours has. */
export function dropFields(object: object, ...names: readonly string[]): void {
  for (const name of names) delete (object as Record<string, unknown>)[name];
}

/** DRADerivedAttributes is off. */
export function dropDisabledSpecFields(spec: ClaimSpec | undefined): void {
  for (const part of requestsOf(spec).flatMap(partsOf)) dropFields(part, 'derivedAttributes');
}

/** DRAOptionalNodeOperations is off. */
export function dropDisabledStatusFields(status: ClaimStatus): void {
  for (const result of status.allocation?.devices?.results ?? []) dropFields(result, 'skipNodeOperations');
}

/** What drivers reported of devices goes when the devices are given back. */
export function dropDeallocatedDevices(next: ClaimStatus, previous: ClaimStatus): void {
  const gone = new Set((previous.allocation?.devices?.results ?? []).map(deviceKey));
  for (const result of next.allocation?.devices?.results ?? []) gone.delete(deviceKey(result));
  const kept = next.devices?.filter((device) => !gone.has(deviceKey(device)));
  if (kept?.length) next.devices = kept;
  else delete next.devices;
}
