/**
 * What a driver publishes, beyond what upstream declares on the types (declared-devices.ts).
 * Source: pkg/apis/resource/validation validateResourceSliceSpec.
 */
import { pushAll } from '../../meta/push-all.ts';
import { duplicate, type FieldError, invalid, required, tooLong, tooMany } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { FIELD_IMMUTABLE } from '../../meta/object-meta-validation.ts';
import { validateNodeSelector } from '../core/pod-validation/affinity.ts';
import { dns1123LabelErrors } from '../field-checks.ts';
import { CONSUMED_COUNTER_SETS_MAX, COUNTER_SETS_MAX } from './declared-devices.ts';
import { DOMAIN_BYTES_MAX, IDENTIFIER_BYTES_MAX } from './declared-formats.ts';
import { repeatsIn, sameValue } from './declared-rules.ts';
import {
  bindingParameterErrors,
  driverNameErrors,
  poolNameErrors,
  qualifiedNameErrors,
  taintErrors,
} from './device-checks.ts';
import type { Device, DeviceAttribute, SliceSpec } from './device-types.ts';
import { printInternal } from './printed-structs.ts';
import { capacityErrors } from './request-policy.ts';

const DEVICES_MAX = 128;
/** Of slices with devices that have taints or consume counters. */
const ADVANCED_DEVICES_MAX = 64;
const DEVICE_NAMES_MAX = 32;
const DEVICE_VALUES_MAX = 48;
const DEVICE_TAINTS_MAX = 16;
const COUNTERS_MAX = 32;
const VALUE_BYTES_MAX = 64;
/** Longer keys are cut in the middle where a path shows them. */
const SHOWN_KEY_BYTES_MAX = DOMAIN_BYTES_MAX + 1 + IDENTIFIER_BYTES_MAX;

const NUMERIC = '(0|[1-9]\\d*)';
const PRE_RELEASE = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const BUILD = '[0-9a-zA-Z-]+';
const SEMVER = new RegExp(
  `^${NUMERIC}\\.${NUMERIC}\\.${NUMERIC}(-${PRE_RELEASE}(\\.${PRE_RELEASE})*)?(\\+${BUILD}(\\.${BUILD})*)?$`,
);

type NodeSelector = Parameters<typeof validateNodeSelector>[0];
type Counters = Readonly<Record<string, unknown>> | undefined;

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function nodeSelectorErrors(selector: unknown, field: string): FieldError[] {
  const errors: FieldError[] = [];
  validateNodeSelector(selector as NodeSelector, field, false, errors);
  return errors;
}

const nodeNameErrors = (name: string, field: string): FieldError[] =>
  nameIsDNSSubdomain(name, false).map((text) => invalid(field, name, text));

const UNSET_OR_TRUE = 'must be either unset or set to true';

interface NodeChoice {
  readonly given: readonly string[];
  readonly errors: readonly FieldError[];
}

function flagChoice(value: boolean | undefined, name: string, field: string): NodeChoice {
  if (!isGiven(value)) return { given: [], errors: [] };
  return value
    ? { given: [`\`${name}\``], errors: [] }
    : { given: [], errors: [invalid(`${field}.${name}`, false, UNSET_OR_TRUE)] };
}

/** Which nodes a slice, or one of its devices, says it is for. */
function nodeChoice(of: SliceSpec | Device, field: string, emptyName: string): NodeChoice {
  const { nodeName, nodeSelector, allNodes } = of;
  const given: string[] = [];
  const errors: FieldError[] = [];
  if (nodeName) {
    given.push('`nodeName`');
    pushAll(errors, nodeNameErrors(nodeName, `${field}.nodeName`));
  } else if (isGiven(nodeName)) errors.push(invalid(`${field}.nodeName`, '', emptyName));
  if (nodeSelector) {
    given.push('`nodeSelector`');
    pushAll(errors, nodeSelectorErrors(nodeSelector, `${field}.nodeSelector`));
  }
  const all = flagChoice(allNodes, 'allNodes', field);
  return { given: [...given, ...all.given], errors: [...errors, ...all.errors] };
}

function sliceNodeErrors(spec: SliceSpec): FieldError[] {
  const own = nodeChoice({ ...spec, allNodes: undefined }, 'spec', 'must be either unset or set to a non-empty string');
  const terms = spec.nodeSelector?.nodeSelectorTerms;
  const errors = [...own.errors];
  if (spec.nodeSelector && terms?.length !== 1) {
    const shown = printInternal('NodeSelectorTerm', terms);
    errors.push(invalid('spec.nodeSelector.nodeSelectorTerms', shown, 'must have exactly one node selector term'));
  }
  const all = flagChoice(spec.allNodes, 'allNodes', 'spec');
  const perDevice = flagChoice(spec.perDeviceNodeSelection, 'perDeviceNodeSelection', 'spec');
  pushAll(errors, [...all.errors, ...perDevice.errors]);
  const given = [...own.given, ...all.given, ...perDevice.given];
  const text = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (given.length === 0) errors.push(required('spec', text));
  if (given.length > 1) {
    errors.push(invalid('spec', `{${given.join(', ')}}`, `${text}, but multiple fields are set`));
  }
  return errors;
}

const PER_DEVICE =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
const NOT_PER_DEVICE =
  '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

function deviceNodeErrors(device: Device, isPerDevice: boolean, field: string): FieldError[] {
  if (!isPerDevice) {
    const isSet = isGiven(device.nodeName) || isGiven(device.nodeSelector) || isGiven(device.allNodes);
    return isSet ? [invalid(field, null, NOT_PER_DEVICE)] : [];
  }
  const { given, errors } = nodeChoice(device, field, 'must not be empty');
  if (given.length === 1) return [...errors];
  return [
    ...errors,
    given.length === 0 ? required(field, PER_DEVICE) : invalid(field, `{${given.join(', ')}}`, PER_DEVICE),
  ];
}

function shownKey(key: string): string {
  if (key.length <= SHOWN_KEY_BYTES_MAX) return key;
  const kept = SHOWN_KEY_BYTES_MAX - 3;
  return `${key.slice(0, Math.ceil(kept / 2))}...${key.slice(key.length - Math.floor(kept / 2))}`;
}

/** The errors of each name and value of a map, in key order. */
const namedErrors = <T>(
  named: Readonly<Record<string, T>> | undefined,
  errorsOf: (value: T, field: string) => FieldError[],
  field: string,
): FieldError[] =>
  Object.keys(named ?? {})
    .sort()
    .flatMap((key) => [
      ...qualifiedNameErrors(key, field),
      ...errorsOf(named?.[key] as T, `${field}[${shownKey(key)}]`),
    ]);

function attributeErrors({ string: text, version }: DeviceAttribute, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(text ?? '') > VALUE_BYTES_MAX) errors.push(tooLong(`${field}.string`, VALUE_BYTES_MAX));
  if (!isGiven(version)) return errors;
  const value = version as string;
  const at = `${field}.version`;
  if (!SEMVER.test(value)) errors.push(invalid(at, value, 'must be a string compatible with semver.org spec 2.0.0'));
  if (byteLength(value) > VALUE_BYTES_MAX) errors.push(tooLong(at, VALUE_BYTES_MAX));
  return errors;
}

function countErrors(device: Device, field: string): FieldError[] {
  const attributes = Object.keys(device.attributes ?? {}).length;
  const names = attributes + Object.keys(device.capacity ?? {}).length;
  const errors: FieldError[] = [];
  if (names > DEVICE_NAMES_MAX) {
    const text = `the total number of attributes and capacities must not exceed ${DEVICE_NAMES_MAX}`;
    errors.push(invalid(field, names, text));
  }
  if (attributes > DEVICE_VALUES_MAX) {
    const text = `the total number of attribute values must not exceed ${DEVICE_VALUES_MAX}`;
    errors.push(invalid(field, attributes, text));
  }
  return errors;
}

function deviceTaintErrors({ taints = [] }: Device, field: string): FieldError[] {
  const at = `${field}.taints`;
  if (taints.length > DEVICE_TAINTS_MAX) return [tooMany(at, taints.length, DEVICE_TAINTS_MAX)];
  return taints.flatMap((taint, i) => taintErrors(taint, `${at}[${i}]`));
}

function countersErrors(counters: Counters, field: string): FieldError[] {
  const count = Object.keys(counters ?? {}).length;
  return count > COUNTERS_MAX ? [tooMany(`${field}.counters`, count, COUNTERS_MAX)] : [];
}

function consumptionErrors({ consumesCounters = [] }: Device, field: string): FieldError[] {
  if (consumesCounters.length > CONSUMED_COUNTER_SETS_MAX) return [];
  return consumesCounters.flatMap(({ counters }, i) => countersErrors(counters, `${field}.consumesCounters[${i}]`));
}

function deviceErrors(device: Device, old: Device | undefined, isPerDevice: boolean, field: string): FieldError[] {
  const { name = '', attributes, capacity, allowMultipleAllocations: isShared = false } = device;
  return [
    ...dns1123LabelErrors(name, `${field}.name`),
    ...countErrors(device, field),
    ...namedErrors(attributes, (value, at) => attributeErrors(value ?? {}, at), `${field}.attributes`),
    ...(old && sameValue(old.capacity, capacity)
      ? []
      : namedErrors(capacity, (value, at) => capacityErrors(value ?? {}, isShared, at), `${field}.capacity`)),
    ...(old && sameValue(old.taints, device.taints) ? [] : deviceTaintErrors(device, field)),
    ...consumptionErrors(device, field),
    ...deviceNodeErrors(device, isPerDevice, field),
    ...bindingParameterErrors(device, field),
  ];
}

function devicesErrors(spec: SliceSpec, previous: SliceSpec | undefined): FieldError[] {
  const devices = spec.devices ?? [];
  const isAdvanced = devices.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length);
  const max = isAdvanced ? ADVANCED_DEVICES_MAX : DEVICES_MAX;
  if (devices.length > max) return [tooMany('spec.devices', devices.length, max)];
  const before = new Map((previous?.devices ?? []).map((device) => [device.name, device]));
  const isPerDevice = spec.perDeviceNodeSelection === true;
  const names = devices.map(({ name = '' }) => name);
  return [
    ...devices.flatMap((device, i) => deviceErrors(device, before.get(device.name), isPerDevice, `spec.devices[${i}]`)),
    ...repeatsIn(names).map((i) => duplicate(`spec.devices[${i}]`, names[i])),
  ];
}

function poolErrors({ name = '', resourceSliceCount = 0, generation = 0 }: NonNullable<SliceSpec['pool']>) {
  const errors = poolNameErrors(name, 'spec.pool.name');
  if (resourceSliceCount <= 0) {
    errors.push(invalid('spec.pool.resourceSliceCount', resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) errors.push(invalid('spec.pool.generation', generation, 'must be greater than or equal to zero'));
  return errors;
}

function changeErrors(next: SliceSpec, previous: SliceSpec): FieldError[] {
  const immutable = (value: unknown, old: unknown, field: string): FieldError[] =>
    sameValue(value, old) ? [] : [invalid(field, value ?? null, FIELD_IMMUTABLE)];
  return [
    ...immutable(next.pool?.name ?? '', previous.pool?.name ?? '', 'spec.pool.name'),
    ...immutable(next.driver ?? '', previous.driver ?? '', 'spec.driver'),
    ...immutable(next.nodeName, previous.nodeName, 'spec.nodeName'),
  ];
}

/** All errors of a spec, but those of what is declared; `previous` on update. */
export function sliceSpecErrors(spec: SliceSpec, previous: SliceSpec | undefined): FieldError[] {
  const { sharedCounters, devices } = spec;
  const hasBoth = isGiven(sharedCounters) && isGiven(devices);
  const isCounted = (sharedCounters?.length ?? 0) <= COUNTER_SETS_MAX;
  return [
    ...driverNameErrors(spec.driver ?? '', 'spec.driver'),
    ...poolErrors(spec.pool ?? {}),
    ...(previous ? changeErrors(spec, previous) : []),
    ...sliceNodeErrors(spec),
    ...(hasBoth ? [invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed')] : []),
    ...devicesErrors(spec, previous),
    ...(isCounted ? (sharedCounters ?? []) : []).flatMap(({ counters }, i) =>
      countersErrors(counters, `spec.sharedCounters[${i}]`),
    ),
  ];
}
