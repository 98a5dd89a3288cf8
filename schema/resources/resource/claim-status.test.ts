import { describe, expect, it } from 'vitest';
import type { Permission, StrategyContext } from '../../meta/resource.ts';
import { decoded, FIXTURE_NOW, rowOf } from '../kind-fixture.ts';
import type { ClaimStatus, ResourceClaim } from './device-types.ts';
import { resourceClaim } from './resource-claim.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const REFERENCE =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const CIDR = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
const UID = '0b8ff5f4-5c4e-4d61-a9a5-1f0a5b1f0c3d';

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const result = { request: 'gpu', driver: 'gpu.example.com', pool: 'n1', device: 'd0' };
const device = { driver: 'gpu.example.com', pool: 'n1', device: 'd0' };
const allocation = { devices: { results: [result] } };
const consumer = { resource: 'pods', name: 'p', uid: 'u' };
const allocated = (fields: object): object => ({ allocation: { devices: { results: [{ ...result, ...fields }] } } });
const configured = (config: object): object => ({ allocation: { devices: { results: [result], config: [config] } } });
const reported = (fields: object): object => ({ allocation, devices: [{ ...device, ...fields }] });
const condition = (type: string): object => ({
  type,
  status: 'True',
  reason: 'R',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

const claimWith = (status: object): ResourceClaim =>
  decoded(resourceClaim, {
    spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }] } },
    status,
  });

const CONTEXT: StrategyContext = { now: FIXTURE_NOW, user: { username: 'driver', groups: [] } };

function changed(
  before: object,
  after: object,
  context = CONTEXT,
  metadata: object = {},
): { status: ClaimStatus | undefined; errors: string[] } {
  const previous = claimWith(before);
  const next = claimWith(after);
  Object.assign(next.metadata, metadata);
  resourceClaim.status?.prepareForUpdate?.(next, previous, context);
  const errors = resourceClaim.status?.validateUpdate(next, previous, context) ?? [];
  return { status: next.status, errors: errors.map(({ field, body }) => `${field}: ${body}`) };
}

interface Row {
  readonly name: string;
  readonly before?: object;
  readonly after: object;
  readonly errors?: readonly string[];
}

const RESULT = 'status.allocation.devices.results[0]';
const CONFIG = 'status.allocation.devices.config[0]';

const STATUSES: readonly Row[] = [
  { name: 'takes an allocation', after: { allocation } },
  { name: 'takes an allocation back', before: { allocation }, after: {} },
  {
    name: 'changes no allocation',
    before: { allocation },
    after: allocated({ device: 'd1' }),
    errors: ['status.allocation: Invalid value: null: field cannot be modified once set'],
  },
  { name: 'keeps what was once taken', before: allocated({ device: 'D' }), after: allocated({ device: 'D' }) },
  {
    name: 'checks what is allocated',
    after: allocated({ request: 'other', driver: '', pool: '', device: 'D' }),
    errors: [
      `${RESULT}.request: Invalid value: "other": ${REFERENCE}`,
      `${RESULT}.device: Invalid value: "D": ${LABEL}`,
      `${RESULT}.driver: Required value`,
      `${RESULT}.pool: Required value`,
    ],
  },
  {
    name: 'checks each part of a pool',
    after: allocated({ pool: 'a//B', shareID: UID.toUpperCase() }),
    errors: [
      `${RESULT}.pool: Invalid value: "a//B": segment 1: must not be empty`,
      `${RESULT}.pool: Invalid value: "B": segment 2: ${SUBDOMAIN}`,
      `${RESULT}.shareID: Invalid value: "${UID.toUpperCase()}": must be a lowercase UUID in 8-4-4-4-12 format`,
    ],
  },
  {
    name: 'takes pools of 253 bytes',
    after: allocated({ pool: times(64, () => 'abc').join('/') }),
    errors: [`${RESULT}.pool: Too long: may not be more than 253 bytes`],
  },
  {
    name: 'wants conditions of success and of failure',
    after: allocated({ bindingConditions: ['a', 'a'] }),
    errors: [
      `${RESULT}.bindingConditions[1]: Duplicate value: "a"`,
      `${RESULT}.bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions`,
    ],
  },
  {
    name: 'wants none that is both',
    after: allocated({ bindingConditions: ['a'], bindingFailureConditions: ['a'] }),
    errors: [
      `${RESULT}.bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions`,
    ],
  },
  {
    name: 'takes four of each',
    after: allocated({
      bindingConditions: times(5, (i) => `c${i}`),
      bindingFailureConditions: times(4, (i) => `f${i}`),
    }),
    errors: [`${RESULT}.bindingConditions: Too many: 5: must have at most 4 items`],
  },
  {
    name: 'takes at most 32 results',
    after: { allocation: { devices: { results: times(33, () => ({})) } } },
    errors: ['status.allocation.devices.results: Too many: 33: must have at most 32 items'],
  },
  {
    name: 'checks configuration',
    after: configured({ requests: ['x'], opaque: { driver: 'a.b', parameters: 1 } }),
    errors: [
      `${CONFIG}.requests[0]: Invalid value: "x": ${REFERENCE}`,
      `${CONFIG}.opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object`,
      `${CONFIG}.source: Required value`,
    ],
  },
  {
    name: 'knows where configuration comes from',
    after: configured({ source: 'FromNowhere', opaque: { driver: 'a.b', parameters: {} } }),
    errors: [`${CONFIG}.source: Unsupported value: "FromNowhere": supported values: "FromClaim", "FromClass"`],
  },
  {
    name: 'takes at most 64 configurations',
    after: { allocation: { devices: { config: times(65, () => ({})) } } },
    errors: ['status.allocation.devices.config: Too many: 65: must have at most 64 items'],
  },
  {
    name: 'checks the nodes',
    after: { allocation: { ...allocation, nodeSelector: { nodeSelectorTerms: [] } } },
    errors: [
      'status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
  },
  { name: 'takes consumers', before: { allocation }, after: { allocation, reservedFor: [consumer] } },
  {
    name: 'is reserved when allocated',
    after: { reservedFor: [consumer] },
    errors: ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
  },
  {
    name: 'wants to know consumers',
    before: { allocation },
    after: { allocation, reservedFor: [{}] },
    errors: [
      'status.reservedFor[0].resource: Required value',
      'status.reservedFor[0].name: Required value',
      'status.reservedFor[0].uid: Required value',
    ],
  },
  {
    name: 'tells consumers apart',
    before: { allocation },
    after: { allocation, reservedFor: [consumer, { ...consumer, name: 'q' }] },
    errors: ['status.reservedFor[1]: Duplicate value: {"resource":"pods","name":"q","uid":"u"}'],
  },
  {
    name: 'takes at most 256 consumers',
    before: { allocation },
    after: { allocation, reservedFor: times(257, (i) => ({ ...consumer, uid: `u${i}` })) },
    errors: ['status.reservedFor: Too many: 257: must have at most 256 items'],
  },
  {
    name: 'takes what a driver reports',
    before: { allocation },
    after: reported({
      conditions: [condition('Ready')],
      data: { a: 1 },
      networkData: { interfaceName: 'eth0', ips: ['10.9.8.1/24', '2001:db8::1/64'], hardwareAddress: 'bc:1c' },
    }),
  },
  {
    name: 'takes reports of what is allocated',
    before: { allocation },
    after: reported({ device: 'd7' }),
    errors: [
      'status.devices[0]: Invalid value: {"Driver":"gpu.example.com","Pool":"n1","Device":"d7","ShareID":""}: must be an allocated device in the claim',
    ],
  },
  {
    name: 'tells shares apart',
    before: allocated({ shareID: UID }),
    after: { ...allocated({ shareID: UID }), devices: [{ ...device, shareID: UID }] },
  },
  {
    name: 'checks reports',
    before: { allocation },
    after: { allocation, devices: [{ driver: '', pool: 'n1', device: '', shareID: 'x' }] },
    errors: [
      'status.devices[0].driver: Required value',
      `status.devices[0].device: Invalid value: "": ${LABEL}`,
      'status.devices[0]: Invalid value: {"Driver":"","Pool":"n1","Device":"","ShareID":"x"}: must be an allocated device in the claim',
      'status.devices[0].shareID: Invalid value: "x": must be a lowercase UUID in 8-4-4-4-12 format',
    ],
  },
  {
    name: 'tells reports apart',
    before: { allocation },
    after: { allocation, devices: [device, { device: 'd0', pool: 'n1', driver: 'gpu.example.com' }] },
    errors: [
      'status.devices[1]: Duplicate value: {"driver":"gpu.example.com","pool":"n1","device":"d0","conditions":null}',
    ],
  },
  {
    name: 'takes at most 8 conditions, and checks them',
    before: { allocation },
    after: reported({ conditions: [...times(8, (i) => condition(`T${i}`)), { ...condition('T8'), status: 'Maybe' }] }),
    errors: [
      'status.devices[0].conditions: Too many: 9: must have at most 8 items',
      'status.devices[0].conditions[8].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
    ],
  },
  {
    name: 'takes an object of 10 KiB as data',
    before: { allocation },
    after: reported({ data: { a: 'x'.repeat(10 * 1024) } }),
    errors: ['status.devices[0].data: Too long: may not be more than 10240 bytes'],
  },
  {
    name: 'checks addresses',
    before: { allocation },
    after: reported({ networkData: { ips: ['10.9.8.1', '10.9.08.1/24', '10.9.8.1/24', '10.9.8.1/24'] } }),
    errors: [
      `status.devices[0].networkData.ips[0]: Invalid value: "10.9.8.1": ${CIDR}`,
      'status.devices[0].networkData.ips[1]: Invalid value: "10.9.08.1/24": must be in canonical form ("10.9.8.1/24")',
      'status.devices[0].networkData.ips[3]: Duplicate value: "10.9.8.1/24"',
    ],
  },
  {
    name: 'limits what it says of networks',
    before: { allocation },
    after: reported({
      networkData: {
        interfaceName: 'i'.repeat(257),
        hardwareAddress: 'h'.repeat(129),
        ips: times(17, (i) => `10.0.0.${i}/8`),
      },
    }),
    errors: [
      'status.devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes',
      'status.devices[0].networkData.ips: Too many: 17: must have at most 16 items',
      'status.devices[0].networkData.hardwareAddress: Too long: may not be more than 128 bytes',
    ],
  },
];

describe('the status of a claim', () => {
  it.each(STATUSES.map((row) => [row.name, row] as const))('%s', (_name, { before = {}, after, errors = [] }) => {
    expect(changed(before, after).errors).toEqual(errors);
  });

  it('takes no new consumers once it is being deleted', () => {
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const reserved = { allocation, reservedFor: [consumer, { ...consumer, uid: 'v' }] };
    expect(changed(reserved, { allocation, reservedFor: [consumer] }, CONTEXT, metadata).errors).toEqual([]);
    expect(changed({ allocation, reservedFor: [consumer] }, reserved, CONTEXT, metadata).errors).toEqual([
      'status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
    ]);
  });

  it('loses the reports of devices that are given back', () => {
    expect(changed(reported({}), { devices: [device] })).toEqual({ status: {}, errors: [] });
  });

  it('loses the fields of features that are off', () => {
    expect(changed({}, allocated({ skipNodeOperations: ['*'] })).status).toEqual({ allocation });
  });

  it('grants admin access where the namespace is labelled', () => {
    const namespaceLabels = () => ({});
    const text =
      'Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace';
    const granted = allocated({ adminAccess: true });
    expect(changed({}, granted, { ...CONTEXT, namespaceLabels }).errors).toEqual([`${RESULT}.adminAccess: ${text}`]);
    expect(changed(granted, granted, { ...CONTEXT, namespaceLabels }).errors).toEqual([]);
  });

  it('shows its state', () => {
    const state = (status: object, metadata: object = {}) => {
      const claim = claimWith(status);
      Object.assign(claim.metadata, metadata);
      return rowOf(resourceClaim, claim);
    };
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(state({})).toEqual(['x', 'pending', '60m']);
    expect(state({ allocation })[1]).toBe('allocated');
    expect(state({ allocation, reservedFor: [consumer] })[1]).toBe('allocated,reserved');
    expect(state({ allocation }, { deletionTimestamp })[1]).toBe('deleted,allocated');
    expect(state({}, { deletionTimestamp })[1]).toBe('deleted');
  });
});

describe('who may change the status of a claim', () => {
  const onNode = {
    ...allocation,
    nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }] },
  };
  const driverOn = (node: string): StrategyContext['user'] => ({
    username: 'system:serviceaccount:kube-system:driver',
    groups: [],
    extra: { 'authentication.kubernetes.io/node-name': [node] },
  });

  function asked(before: object, after: object, user: StrategyContext['user'], allowed: readonly string[] = []) {
    const questions: Permission[] = [];
    const refusal = (permission: Permission): string | undefined => {
      questions.push(permission);
      return allowed.includes(`${permission.subresource} ${permission.verb}`) ? undefined : 'no';
    };
    const authorization = { verb: 'update', namespace: 'shop', refusal };
    return { questions, ...changed(before, after, { ...CONTEXT, user, authorization }) };
  }

  it('is asked for allocations and reservations in all namespaces', () => {
    const { questions, errors } = asked({}, { allocation }, CONTEXT.user);
    expect(questions).toEqual([{ verb: 'update', subresource: 'binding', namespace: '', name: '' }]);
    expect(errors).toEqual([
      'status: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: no',
    ]);
    expect(asked({}, { allocation }, CONTEXT.user, ['binding update']).errors).toEqual([]);
    expect(asked({ allocation }, { allocation }, CONTEXT.user).questions).toEqual([]);
  });

  it('is asked for each driver whose devices change', () => {
    const { questions, errors } = asked({ allocation }, reported({}), CONTEXT.user);
    expect(questions).toEqual([
      { verb: 'arbitrary-node:update', subresource: 'driver', namespace: 'shop', name: 'gpu.example.com' },
    ]);
    expect(errors).toEqual([
      'status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:update]" permission: no',
    ]);
    expect(asked(reported({}), reported({}), CONTEXT.user).questions).toEqual([]);
    expect(asked(reported({}), { allocation }, CONTEXT.user, ['driver arbitrary-node:update']).errors).toEqual([]);
  });

  it('is less to ask of a driver on the node of the allocation', () => {
    const after = { allocation: onNode, devices: [device] };
    const own = asked({ allocation: onNode }, after, driverOn('n1'), ['driver associated-node:update']);
    expect(own.errors).toEqual([]);
    const other = asked({ allocation: onNode }, after, driverOn('n2'), ['driver associated-node:update']);
    expect(other.errors).toHaveLength(1);
    const neither = asked({ allocation: onNode }, after, driverOn('n1'));
    expect(neither.errors[0]).toContain('verb="[associated-node:update arbitrary-node:update]"');
  });
});
