import { describe, expect, it } from 'vitest';
import { created, decoded, rowOf, updated } from '../kind-fixture.ts';
import type { ResourceSlice } from './device-types.ts';
import { resourceSlice } from './resource-slice.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const IDENTIFIER =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
const KEY =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_NAMES = '`int`, `bool`, `string`, `version`, `ints`, `bools`, `strings`, `versions`';
const NODES = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
const DEVICE_NODES =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const named = (count: number, value: object, prefix = 'a'): object =>
  Object.fromEntries(times(count, (i) => [`${prefix}${i}`, value]));
const pool = { name: 'n1', generation: 1, resourceSliceCount: 1 };
const base = { driver: 'gpu.example.com', pool, nodeName: 'n1' };
const withDevice = (device: object): object => ({ devices: [{ name: 'd0', ...device }] });
const attribute = (value: object): object => withDevice({ attributes: { a: value } });
const shared = (value: string, requestPolicy: object): object =>
  withDevice({ allowMultipleAllocations: true, capacity: { m: { value, requestPolicy } } });
const range = (value: string, fallback: string | undefined, validRange: object): object =>
  shared(value, { ...(fallback ? { default: fallback } : {}), validRange });

interface Row {
  readonly name: string;
  readonly spec: object;
  readonly errors?: readonly string[];
}

const D = 'spec.devices[0]';
const POLICY = `${D}.capacity[m].requestPolicy`;

const SPECS: readonly Row[] = [
  { name: 'takes a slice of one node', spec: { devices: [{ name: 'd0' }, { name: 'd1' }] } },
  {
    name: 'wants driver and pool',
    spec: { driver: undefined, pool: undefined },
    errors: [
      'spec.driver: Required value',
      'spec.pool.name: Required value',
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
    ],
  },
  {
    name: 'checks driver and pool',
    spec: { driver: 'A_', pool: { name: 'a/B', generation: -1, resourceSliceCount: -1 } },
    errors: [
      `spec.driver: Invalid value: "A_": ${SUBDOMAIN}`,
      `spec.pool.name: Invalid value: "B": ${SUBDOMAIN}`,
      'spec.pool.resourceSliceCount: Invalid value: -1: must be greater than zero',
      'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
    ],
  },
  {
    name: 'takes drivers of 63 and pools of 253 bytes',
    spec: { driver: 'd'.repeat(64), pool: { ...pool, name: times(64, () => 'abc').join('/') } },
    errors: [
      'spec.driver: Too long: may not be more than 63 bytes',
      'spec.pool.name: Too long: may not be more than 253 bytes',
    ],
  },
  { name: 'is for some nodes', spec: { nodeName: undefined }, errors: [`spec: Required value: ${NODES}`] },
  {
    name: 'is for one kind of nodes',
    spec: { allNodes: true, perDeviceNodeSelection: true },
    errors: [
      `spec: Invalid value: "{\`nodeName\`, \`allNodes\`, \`perDeviceNodeSelection\`}": ${NODES}, but multiple fields are set`,
    ],
  },
  {
    name: 'says yes or nothing',
    spec: { allNodes: false, perDeviceNodeSelection: false },
    errors: [
      'spec.allNodes: Invalid value: false: must be either unset or set to true',
      'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
    ],
  },
  {
    name: 'wants a node with a name',
    spec: { nodeName: '' },
    errors: [
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      `spec: Required value: ${NODES}`,
    ],
  },
  { name: 'checks the node', spec: { nodeName: 'N' }, errors: [`spec.nodeName: Invalid value: "N": ${SUBDOMAIN}`] },
  {
    name: 'takes one term of nodes',
    spec: {
      nodeName: undefined,
      nodeSelector: {
        nodeSelectorTerms: times(2, () => ({ matchExpressions: [{ key: 'a', operator: 'Exists' }] })),
      },
    },
    errors: [
      'spec.nodeSelector.nodeSelectorTerms: Invalid value: [{"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null},{"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null}]: must have exactly one node selector term',
    ],
  },
  {
    name: 'has devices or counters',
    spec: { devices: [], sharedCounters: [{ name: 'c', counters: { m: { value: '1' } } }] },
    errors: ['spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed'],
  },
  {
    name: 'takes at most 128 devices',
    spec: { devices: times(129, (i) => ({ name: `d${i}` })) },
    errors: ['spec.devices: Too many: 129: must have at most 128 items'],
  },
  {
    name: 'takes at most 64 devices when one has taints',
    spec: { devices: times(65, (i) => ({ name: `d${i}`, taints: [{ key: 'k', effect: 'None' }] })) },
    errors: ['spec.devices: Too many: 65: must have at most 64 items'],
  },
  {
    name: 'tells devices apart',
    spec: { devices: [{ name: 'd0' }, { name: 'd0' }, { name: 'D' }] },
    errors: [`spec.devices[2].name: Invalid value: "D": ${LABEL}`, 'spec.devices[1]: Duplicate value: "d0"'],
  },
  {
    name: 'takes attributes',
    spec: withDevice({
      attributes: {
        'example.com/model': { string: 'x' },
        version: { version: '1.2.3-rc.1+b' },
        n: { int: 0 },
        on: { bool: false },
      },
    }),
  },
  {
    name: 'checks the names of attributes',
    spec: withDevice({
      attributes: { '1': { int: 1 }, '/a': { int: 1 }, 'a/': { int: 1 }, 'a/b/c': { int: 1 }, 'A_/b': { int: 1 } },
    }),
    errors: [
      `${D}.attributes: Invalid value: "": the domain must not be empty`,
      `${D}.attributes: Invalid value: "1": ${IDENTIFIER}`,
      `${D}.attributes: Invalid value: "A_": ${SUBDOMAIN}`,
      `${D}.attributes: Invalid value: "": the name must not be empty`,
      `${D}.attributes: Invalid value: "a/b/c": must not contain more than one slash`,
    ],
  },
  {
    name: 'cuts long names in the middle',
    spec: withDevice({ attributes: { [`${'d'.repeat(64)}/${'i'.repeat(33)}`]: { version: 'x' } } }),
    errors: [
      `${D}.attributes: Too long: may not be more than 63 bytes`,
      `${D}.attributes: Too long: may not be more than 32 bytes`,
      `${D}.attributes[${'d'.repeat(47)}...${'d'.repeat(12)}/${'i'.repeat(33)}].version: Invalid value: "x": must be a string compatible with semver.org spec 2.0.0`,
    ],
  },
  {
    name: 'wants a value in an attribute',
    spec: attribute({}),
    errors: [`${D}.attributes[a]: Invalid value: "": must specify one of: ${VALUE_NAMES}`],
  },
  {
    name: 'wants one value in an attribute',
    spec: attribute({ string: 'x', int: 1 }),
    errors: [`${D}.attributes[a]: Invalid value: "{int, string}": must specify exactly one of: ${VALUE_NAMES}`],
  },
  {
    name: 'takes texts of 64 bytes',
    spec: attribute({ string: 'x'.repeat(65) }),
    errors: [`${D}.attributes[a].string: Too long: may not be more than 64 bytes`],
  },
  {
    name: 'takes proper versions of 64 bytes',
    spec: attribute({ version: `v${'1'.repeat(64)}` }),
    errors: [
      `${D}.attributes[a].version: Invalid value: "v${'1'.repeat(64)}": must be a string compatible with semver.org spec 2.0.0`,
      `${D}.attributes[a].version: Too long: may not be more than 64 bytes`,
    ],
  },
  {
    name: 'takes no lists, which are a feature that is off',
    spec: attribute({ strings: ['x'] }),
    errors: [`${D}.attributes[a]: Invalid value: "": must specify one of: ${VALUE_NAMES}`],
  },
  {
    name: 'takes 32 attributes and capacities',
    spec: withDevice({ attributes: named(20, { int: 1 }), capacity: named(13, { value: '1' }, 'c') }),
    errors: [`${D}: Invalid value: 33: the total number of attributes and capacities must not exceed 32`],
  },
  {
    name: 'takes 48 values',
    spec: withDevice({ attributes: named(49, { int: 1 }) }),
    errors: [
      `${D}: Invalid value: 49: the total number of attributes and capacities must not exceed 32`,
      `${D}: Invalid value: 49: the total number of attribute values must not exceed 48`,
    ],
  },
  {
    name: 'shares only what may be allocated several times',
    spec: withDevice({ capacity: { m: { value: '1Gi', requestPolicy: { default: '1Mi' } } } }),
    errors: [`${POLICY}: Forbidden: allowMultipleAllocations must be true`],
  },
  { name: 'takes a range', spec: range('10Gi', '1Gi', { min: '1Gi', max: '8Gi', step: '1Gi' }) },
  { name: 'takes values', spec: shared('8', { default: '2', validValues: ['1', '2', '4'] }) },
  {
    name: 'takes values or a range',
    spec: shared('8', { default: '1', validValues: ['1'], validRange: { min: '1' } }),
    errors: [
      `${POLICY}: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time`,
    ],
  },
  {
    name: 'wants a default of values',
    spec: shared('8', { validValues: ['1'] }),
    errors: [`${POLICY}.default: Required value: required when validValues is defined`],
  },
  {
    name: 'checks values',
    spec: shared('8', { default: '3', validValues: ['4', '2', '16', '2'] }),
    errors: [
      `${POLICY}.validValues[1]: Invalid value: "2": values must be sorted in ascending order`,
      `${POLICY}.validValues[3]: Invalid value: "2": values must be sorted in ascending order`,
      `${POLICY}.validValues[2]: Invalid value: "16": option is larger than capacity value: 8`,
      `${POLICY}.validValues[3]: Duplicate value: "2"`,
      `${POLICY}.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
    ],
  },
  {
    name: 'takes at most 10 values',
    spec: shared('100', { default: '1', validValues: times(11, (i) => String(i + 1)) }),
    errors: [
      `${POLICY}.validValues: Too many: 11: must have at most 10 items`,
      `${POLICY}.validValues: Invalid value: "1": default value is not valid according to the requestPolicy`,
    ],
  },
  {
    name: 'wants a default of a range',
    spec: range('8', undefined, { min: '1' }),
    errors: [`${POLICY}.default: Required value: required when validRange is defined`],
  },
  {
    name: 'wants a beginning of a range',
    spec: range('8', '1', { max: '4' }),
    errors: [`${POLICY}.validRange.min: Required value: required when validRange is defined`],
  },
  {
    name: 'checks a range',
    spec: range('8', '1', { min: '10', max: '9' }),
    errors: [
      `${POLICY}.validRange.min: Invalid value: "10": min is larger than capacity value: 8`,
      `${POLICY}.validRange.default: Invalid value: "1": default is less than min: 10`,
      `${POLICY}.validRange.max: Invalid value: "10": min is larger than max: 9`,
      `${POLICY}.validRange.max: Invalid value: "9": max is larger than capacity value: 8`,
    ],
  },
  {
    name: 'wants a default within the range',
    spec: range('8', '5', { min: '1', max: '4' }),
    errors: [`${POLICY}.validRange.default: Invalid value: "5": default is more than max: 4`],
  },
  {
    name: 'wants a step forward',
    spec: range('8', '1', { min: '1', step: '0' }),
    errors: [`${POLICY}.validRange.step: Invalid value: "0": must be greater than zero`],
  },
  {
    name: 'wants a step within the capacity, and default and end on one',
    spec: range('8', '4', { min: '1', max: '7', step: '8' }),
    errors: [
      `${POLICY}.validRange.step: Invalid value: "8": one step 9 is larger than capacity value: 8`,
      `${POLICY}.validRange.step: Invalid value: "4": value is not a multiple of a given step (8) from (1)`,
      `${POLICY}.validRange.step: Invalid value: "7": value is not a multiple of a given step (8) from (1)`,
    ],
  },
  {
    name: 'steps by thousandths',
    spec: range('8', '1500m', { min: '500m', max: '1600m', step: '500m' }),
    errors: [
      `${POLICY}.validRange.step: Invalid value: "1600m": value is not a multiple of a given step (500m) from (500m)`,
    ],
  },
  {
    name: 'counts in thousandths at most',
    spec: range('8', '1', { min: '1u', step: '1' }),
    errors: [`${POLICY}.validRange.min: Invalid value: "1u": value cannot be represented as a milli value`],
  },
  {
    name: 'counts up to 2^63-1',
    spec: range('100E', '10E', { min: '0', step: '10E' }),
    errors: [
      `${POLICY}.validRange.default: Invalid value: "10E": must not be larger than 9223372036854775807`,
      `${POLICY}.validRange.step: Invalid value: "10E": must not be larger than 9223372036854775807`,
    ],
  },
  {
    name: 'counts up from nothing',
    spec: range('8', '1', { min: '-1', step: '1' }),
    errors: [`${POLICY}.validRange.min: Invalid value: "-1": must be greater than or equal to 0`],
  },
  {
    name: 'checks taints',
    spec: withDevice({ taints: [{ key: '', value: 'a b', effect: 'Never' }, { key: 'k' }] }),
    errors: [
      `${D}.taints[0].key: Invalid value: "": name part must be non-empty`,
      `${D}.taints[0].key: Invalid value: "": ${KEY}`,
      `${D}.taints[0].value: Invalid value: "a b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      `${D}.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"`,
      `${D}.taints[1].effect: Required value`,
    ],
  },
  {
    name: 'takes at most 16 taints',
    spec: withDevice({ taints: times(17, (i) => ({ key: `k${i}`, effect: 'None' })) }),
    errors: [`${D}.taints: Too many: 17: must have at most 16 items`],
  },
  {
    name: 'takes consumed counters',
    spec: withDevice({ consumesCounters: [{ counterSet: 'c', counters: { m: { value: '1' } } }] }),
  },
  {
    name: 'checks consumed counters',
    spec: withDevice({ consumesCounters: [{}, { counterSet: 'C', counters: { 'A.B': { value: '1' } } }] }),
    errors: [
      `${D}.consumesCounters[0].counterSet: Required value`,
      `${D}.consumesCounters[0].counters: Required value`,
      `${D}.consumesCounters[1].counterSet: Invalid value: "C": ${LABEL}`,
      `${D}.consumesCounters[1].counters: Invalid value: "A.B": ${LABEL}`,
    ],
  },
  {
    name: 'takes at most two sets of counters, of 32',
    spec: withDevice({ consumesCounters: times(3, (i) => ({ counterSet: `c${i}`, counters: {} })) }),
    errors: [`${D}.consumesCounters: Too many: 3: must have at most 2 items`],
  },
  {
    name: 'takes a set of counters once, of 32',
    spec: withDevice({
      consumesCounters: [
        { counterSet: 'c', counters: named(33, { value: '1' }, 'm') },
        { counterSet: 'c', counters: { m: { value: '1' } } },
      ],
    }),
    errors: [
      `${D}.consumesCounters[0].counters: Too many: 33: must have at most 32 items`,
      `${D}.consumesCounters[1]: Duplicate value: {"counterSet":"c","counters":{"m":{"value":"1"}}}`,
    ],
  },
  {
    name: 'checks shared counters',
    spec: {
      sharedCounters: [
        { name: 'a', counters: named(33, { value: '1' }, 'm') },
        { counters: {} },
        { name: 'a', counters: { m: { value: '1' } } },
      ],
    },
    errors: [
      'spec.sharedCounters[0].counters: Too many: 33: must have at most 32 items',
      'spec.sharedCounters[2]: Duplicate value: {"name":"a","counters":{"m":{"value":"1"}}}',
      'spec.sharedCounters[1].name: Required value',
      'spec.sharedCounters[1].counters: Required value',
    ],
  },
  {
    name: 'takes at most 8 shared sets',
    spec: { sharedCounters: times(9, (i) => ({ name: `c${i}`, counters: { m: { value: '1' } } })) },
    errors: ['spec.sharedCounters: Too many: 9: must have at most 8 items'],
  },
  {
    name: 'gives devices nodes when it says so',
    spec: withDevice({ nodeName: 'n1' }),
    errors: [
      `${D}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
    ],
  },
  {
    name: 'wants one kind of nodes for each device',
    spec: {
      nodeName: undefined,
      perDeviceNodeSelection: true,
      devices: [
        { name: 'd0' },
        { name: 'd1', nodeName: '', allNodes: true },
        { name: 'd2', nodeName: 'n1', allNodes: true },
        { name: 'd3', allNodes: false },
        { name: 'd4', nodeName: 'n1' },
      ],
    },
    errors: [
      `spec.devices[0]: Required value: ${DEVICE_NODES}`,
      'spec.devices[1].nodeName: Invalid value: "": must not be empty',
      `spec.devices[2]: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${DEVICE_NODES}`,
      'spec.devices[3].allNodes: Invalid value: false: must be either unset or set to true',
      `spec.devices[3]: Required value: ${DEVICE_NODES}`,
    ],
  },
  {
    name: 'checks binding conditions',
    spec: withDevice({ bindingConditions: ['-'], bindingFailureConditions: ['a', 'a'] }),
    errors: [
      `${D}.bindingConditions[0]: Invalid value: "-": ${KEY}`,
      `${D}.bindingFailureConditions[1]: Duplicate value: "a"`,
    ],
  },
  {
    name: 'wants conditions of success',
    spec: withDevice({ bindingFailureConditions: ['a'] }),
    errors: [
      `${D}.bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions`,
    ],
  },
];

const slice = (spec: object): object => ({ spec: { ...base, ...spec } });

describe('a resource slice', () => {
  it.each(SPECS.map((row) => [row.name, row] as const))('%s', (_name, { spec, errors = [] }) => {
    expect(created(resourceSlice, slice(spec)).errors).toEqual(errors);
  });

  it('stays of one driver, pool and node', () => {
    const { errors } = updated(resourceSlice, decoded(resourceSlice, slice({})), ({ spec = {} }) => {
      spec.driver = 'b.com';
      spec.pool = { ...pool, name: 'n2', generation: 2 };
      delete spec.nodeName;
      spec.allNodes = true;
    });
    expect(errors).toEqual([
      'spec.pool.name: Invalid value: "n2": field is immutable',
      'spec.driver: Invalid value: "b.com": field is immutable',
      'spec.nodeName: Invalid value: null: field is immutable',
    ]);
  });

  it('keeps what was once taken of a device', () => {
    const taints = [{ key: '-', effect: 'None', timeAdded: '2026-01-01T00:00:00Z' }];
    const bad = { capacity: { '1': { value: '1' } }, taints, attributes: { a: {} } };
    const stored = decoded(resourceSlice, slice(withDevice(bad)));
    const pooled = updated(resourceSlice, stored, ({ spec = {} }) => {
      spec.pool = { ...pool, generation: 2 };
    });
    expect(pooled.errors).toEqual([]);
    const grown = updated(resourceSlice, stored, ({ spec = {} }) => {
      spec.devices = [...(spec.devices ?? []), { name: 'd1' }];
    });
    // Lists of devices have no keys: with one new device all are new, but to the older rules.
    expect(grown.errors).toEqual([`${D}.attributes[a]: Invalid value: "": must specify one of: ${VALUE_NAMES}`]);
  });

  it('dates taints, and drops the fields of features that are off', () => {
    const device = {
      taints: [{ key: 'k', effect: 'None' }],
      nodeAllocatableResources: { cpu: {} },
      consumesCounters: [{ counterSet: 'c', counters: { m: { value: '1' } }, compatibilityGroups: ['a'] }],
    };
    const spec = { ...withDevice(device), partitionTypeAttribute: 'a/b', skipNodeOperations: ['*'] };
    const { object, errors } = created(resourceSlice, slice(spec));
    expect(errors).toEqual([]);
    expect(object.spec).toEqual({
      ...base,
      ...withDevice({
        taints: [{ key: 'k', effect: 'None', timeAdded: '2026-01-01T01:00:00Z' }],
        consumesCounters: [{ counterSet: 'c', counters: { m: { value: '1' } } }],
      }),
    });
  });

  it('is found by node, driver and pool, shows them, and warns of capitals', () => {
    const { object } = created(resourceSlice, slice({ driver: 'GPU.com' }));
    expect(resourceSlice.selectableFields?.(object)).toEqual({
      'spec.driver': 'GPU.com',
      'spec.nodeName': 'n1',
      'spec.pool.name': 'n1',
    });
    expect(rowOf(resourceSlice, object)).toEqual(['x', 'n1', 'GPU.com', 'n1', '60m']);
    expect(resourceSlice.update.warnings?.(object, undefined)).toEqual([
      'spec.driver: driver names should be lowercase; "GPU.com" contains uppercase characters',
    ]);
    const everywhere: ResourceSlice = decoded(resourceSlice, slice({ nodeName: undefined, allNodes: true }));
    expect(rowOf(resourceSlice, everywhere)[1]).toBe('');
    expect(resourceSlice.update.warnings?.(everywhere, undefined)).toEqual([]);
  });
});
