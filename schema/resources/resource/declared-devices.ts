/** What upstream declares on the types of resource.k8s.io/v1, in the order of their fields. */
import { invalid } from '../../meta/field-error.ts';
import { FIELD_IMMUTABLE } from '../../meta/object-meta-validation.ts';
import {
  bytesMax,
  charsMax,
  DOMAIN_BYTES_MAX,
  extendedResourceName,
  fullyQualifiedName,
  labelKey,
  longName,
  longNameCaseless,
  resourcePoolName,
  shortName,
  uuid,
} from './declared-formats.ts';
import {
  list,
  mapKeys,
  mapValues,
  needed,
  oneOf,
  optional,
  pointer,
  type Rule,
  struct,
  textSet,
} from './declared-rules.ts';
import type {
  AllocatedConfiguration,
  AllocatedResult,
  Allocation,
  AllocationDevices,
  ClaimConsumer,
  ClaimSpec,
  ClaimStatus,
  ClassSpec,
  Device,
  DeviceAttribute,
  DeviceClaim,
  DeviceConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceStatus,
  DeviceTaint,
  DeviceToleration,
  ExactRequest,
  SliceSpec,
  SubRequest,
  TaintRuleSpec,
} from './device-types.ts';
import { printWire } from './printed-structs.ts';

export const REQUESTS_MAX = 32;
export const CONSTRAINTS_MAX = 32;
export const CONFIGS_MAX = 32;
export const SELECTORS_MAX = 32;
export const SUB_REQUESTS_MAX = 8;
export const ALLOCATED_RESULTS_MAX = 32;
/** Those of the class and those of the claim. */
export const ALLOCATED_CONFIGS_MAX = 64;
export const RESERVED_FOR_MAX = 256;
export const BINDING_CONDITIONS_MAX = 4;
export const DEVICE_IPS_MAX = 16;
export const COUNTER_SETS_MAX = 8;
export const CONSUMED_COUNTER_SETS_MAX = 2;
const INTERFACE_NAME_BYTES_MAX = 256;
const HARDWARE_ADDRESS_BYTES_MAX = 128;

const effect = oneOf('NoExecute', 'NoSchedule', 'None');
const allocationMode = oneOf('All', 'ExactCount');
const driver = needed(longNameCaseless, charsMax(DOMAIN_BYTES_MAX));
const tolerations = list<DeviceToleration>({
  each: struct<DeviceToleration>({
    key: optional(labelKey),
    operator: needed(oneOf('Equal', 'Exists')),
    effect: optional(effect),
  }),
});
const taint: Rule<DeviceTaint> = struct({ effect: needed(effect) });
const opaque = optional<NonNullable<DeviceConfiguration['opaque']>>(
  struct<NonNullable<DeviceConfiguration['opaque']>>({ driver }),
);
const bindingConditions = list<string>({ max: BINDING_CONDITIONS_MAX });

const subRequest: Rule<SubRequest> = struct({
  deviceClassName: needed(longName),
  selectors: list({ max: SELECTORS_MAX }),
  allocationMode: optional(allocationMode),
  tolerations,
});

const exactRequest: Rule<ExactRequest> = struct({
  selectors: list({ max: SELECTORS_MAX }),
  allocationMode: optional(allocationMode),
  tolerations,
});

const byName = ({ name = '' }: { readonly name?: string }): string => name;

const request: Rule<DeviceRequest> = struct({
  exactly: optional(exactRequest),
  firstAvailable: list({
    max: SUB_REQUESTS_MAX,
    key: byName,
    print: (item: SubRequest) => printWire('SubRequest', item),
    each: subRequest,
  }),
});

const constraint: Rule<DeviceConstraint> = struct({
  requests: textSet(REQUESTS_MAX),
  matchAttribute: pointer(fullyQualifiedName),
  distinctAttribute: pointer(fullyQualifiedName),
});

const configuration: Rule<DeviceConfiguration> = struct({ requests: textSet(REQUESTS_MAX), opaque });

const deviceClaim: Rule<DeviceClaim> = struct({
  requests: list({
    max: REQUESTS_MAX,
    key: byName,
    print: (item: DeviceRequest) => printWire('DeviceRequest', item),
    each: request,
  }),
  constraints: list({ max: CONSTRAINTS_MAX, each: constraint }),
  config: list({ max: CONFIGS_MAX, each: configuration }),
});

/** Of a claim's spec, and of a template's, at `field`. */
export const declaredClaimSpec: Rule<ClaimSpec> = struct({ devices: optional(deviceClaim) });

/** Of a claim: on update only that its spec stays. */
export const declaredClaim = struct<{ spec?: ClaimSpec }>({
  spec: (next, previous, field) =>
    previous === undefined ? declaredClaimSpec(next ?? {}, undefined, field) : [invalid(field, null, FIELD_IMMUTABLE)],
});

const allocatedResult: Rule<AllocatedResult> = struct({
  driver,
  pool: needed(resourcePoolName),
  tolerations,
  bindingConditions,
  bindingFailureConditions: bindingConditions,
  shareID: pointer(uuid),
});

const allocatedConfiguration: Rule<AllocatedConfiguration> = struct({
  source: needed(oneOf('FromClaim', 'FromClass')),
  requests: textSet(REQUESTS_MAX),
  opaque,
});

const allocationDevices: Rule<AllocationDevices> = struct({
  results: list({ max: ALLOCATED_RESULTS_MAX, each: allocatedResult }),
  config: list({ max: ALLOCATED_CONFIGS_MAX, each: allocatedConfiguration }),
});

const allocation: Rule<Allocation> = (next, previous, field) =>
  previous === undefined
    ? struct<Allocation>({ devices: optional(allocationDevices) })(next, undefined, field)
    : [invalid(field, null, 'field cannot be modified once set')];

/** What tells allocated devices apart. */
export const deviceKey = ({ driver: of = '', pool = '', device = '', shareID = '' }: DeviceStatus): string =>
  JSON.stringify([of, pool, device, shareID]);

const deviceStatus: Rule<DeviceStatus> = struct({
  shareID: pointer(uuid),
  networkData: optional(
    struct<NonNullable<DeviceStatus['networkData']>>({
      interfaceName: optional(bytesMax(INTERFACE_NAME_BYTES_MAX)),
      ips: textSet(DEVICE_IPS_MAX),
      hardwareAddress: optional(bytesMax(HARDWARE_ADDRESS_BYTES_MAX)),
    }),
  ),
});

/** Of a claim's status. */
export const declaredClaimStatus: Rule<ClaimStatus> = struct({
  allocation: optional(allocation),
  reservedFor: list({
    max: RESERVED_FOR_MAX,
    key: ({ uid = '' }: ClaimConsumer) => uid,
    print: (item: ClaimConsumer) => printWire('ClaimConsumer', item),
  }),
  devices: list({
    // Declared, an empty share is another one than none.
    key: ({ shareID, ...of }) => `${deviceKey(of)}${JSON.stringify(shareID ?? null)}`,
    print: (item: DeviceStatus) => printWire('DeviceStatus', item),
    each: deviceStatus,
  }),
});

/** Of a class's spec. */
export const declaredClassSpec: Rule<ClassSpec> = struct({
  selectors: list({ max: SELECTORS_MAX }),
  config: list({ max: CONFIGS_MAX, each: struct<Pick<DeviceConfiguration, 'opaque'>>({ opaque }) }),
  extendedResourceName: pointer(extendedResourceName),
});

const ATTRIBUTE_VALUES = ['int', 'bool', 'string', 'version', 'ints', 'bools', 'strings', 'versions'] as const;

const attribute: Rule<DeviceAttribute> = (next, previous, field) => {
  const isSet = (of: DeviceAttribute) => ATTRIBUTE_VALUES.filter((name) => of[name] !== undefined && of[name] !== null);
  const given = isSet(next);
  if (previous !== undefined && isSet(previous).join() === given.join()) return [];
  const all = ATTRIBUTE_VALUES.map((name) => `\`${name}\``).join(', ');
  if (given.length > 1) return [invalid(field, `{${given.join(', ')}}`, `must specify exactly one of: ${all}`)];
  return given.length === 0 ? [invalid(field, '', `must specify one of: ${all}`)] : [];
};

type CounterSet = NonNullable<SliceSpec['sharedCounters']>[number];
type CounterConsumption = NonNullable<Device['consumesCounters']>[number];

const device: Rule<Device> = struct({
  attributes: optional(mapValues<DeviceAttribute>(attribute)),
  consumesCounters: list({
    max: CONSUMED_COUNTER_SETS_MAX,
    key: ({ counterSet = '' }: CounterConsumption) => counterSet,
    print: (item: CounterConsumption) => printWire('DeviceCounterConsumption', item),
    each: struct<CounterConsumption>({ counterSet: needed(shortName), counters: needed(mapKeys(shortName)) }),
  }),
  taints: list({ each: taint }),
  bindingConditions,
  bindingFailureConditions: bindingConditions,
});

/** Of a slice's spec. */
export const declaredSliceSpec: Rule<SliceSpec> = struct({
  devices: list({ each: device }),
  sharedCounters: list({
    max: COUNTER_SETS_MAX,
    key: byName,
    print: (item: CounterSet) => printWire('CounterSet', item),
    each: struct<CounterSet>({ name: needed(shortName), counters: needed(mapKeys(shortName)) }),
  }),
});

/** Of a taint rule's spec. */
export const declaredTaintRuleSpec: Rule<TaintRuleSpec> = struct({
  taint: (next, previous, field) => taint(next ?? {}, previous, field),
});
