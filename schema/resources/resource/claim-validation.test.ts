import { describe, expect, it } from 'vitest';
import { created, decoded, updated } from '../kind-fixture.ts';
import { resourceClaim } from './resource-claim.ts';
import { resourceClaimTemplate } from './resource-claim-template.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const CASELESS =
  "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'Example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const IDENTIFIER =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
const REFERENCE =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const KEY =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const ONE_OF = 'exactly one of `exactly` or `firstAvailable` is required';
const NO_CONSTRAINT = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const exactly = { deviceClassName: 'gpu.example.com' };
const gpu = { name: 'gpu', exactly };
const asks = (fields: object): object => ({ requests: [{ name: 'gpu', exactly: { ...exactly, ...fields } }] });
const sub = (name: string): object => ({ name, deviceClassName: 'gpu.example.com' });
const config = (opaque: object | undefined, requests?: string[]): object => ({
  requests: [gpu],
  config: [{ ...(opaque ? { opaque } : {}), ...(requests ? { requests } : {}) }],
});
const constrained = (constraint: object): object => ({ requests: [gpu], constraints: [constraint] });

interface Row {
  readonly name: string;
  readonly devices: object;
  readonly errors?: readonly string[];
}

const AT = 'spec.devices.requests[0]';

const SPECS: readonly Row[] = [
  { name: 'takes a claim that asks for nothing', devices: {} },
  { name: 'takes one exact request', devices: { requests: [gpu] } },
  {
    name: 'wants names',
    devices: { requests: [{ exactly }, { name: 'A', exactly }] },
    errors: [`${AT}.name: Invalid value: "": ${LABEL}`, `spec.devices.requests[1].name: Invalid value: "A": ${LABEL}`],
  },
  {
    name: 'names the members of what stands twice in the order of the type',
    devices: { requests: [gpu, { exactly: { count: 2, ...exactly }, name: 'gpu' }] },
    errors: [
      'spec.devices.requests[1]: Duplicate value: {"name":"gpu","exactly":{"deviceClassName":"gpu.example.com","allocationMode":"ExactCount","count":2}}',
    ],
  },
  {
    name: 'takes at most 32 requests, and reads no more',
    devices: { requests: times(33, () => ({ name: '' })) },
    errors: ['spec.devices.requests: Too many: 33: must have at most 32 items'],
  },
  {
    name: 'wants a kind of request',
    devices: { requests: [{ name: 'a' }] },
    errors: [`${AT}: Required value: ${ONE_OF}`],
  },
  {
    name: 'wants one kind of request only',
    devices: { requests: [{ ...gpu, firstAvailable: [sub('a')] }] },
    errors: [`${AT}: Invalid value: null: ${ONE_OF}, but multiple fields are set`],
  },
  {
    name: 'wants a class',
    devices: { requests: [{ name: 'a', exactly: {} }] },
    errors: [`${AT}.exactly.deviceClassName: Required value`],
  },
  {
    name: 'wants a proper class',
    devices: asks({ deviceClassName: 'A_B' }),
    errors: [`${AT}.exactly.deviceClassName: Invalid value: "A_B": ${SUBDOMAIN}`],
  },
  {
    name: 'knows two allocation modes',
    devices: asks({ allocationMode: 'Some' }),
    errors: [`${AT}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`],
  },
  { name: 'takes all devices', devices: asks({ allocationMode: 'All' }) },
  {
    name: 'counts no devices when all are meant',
    devices: asks({ allocationMode: 'All', count: 2 }),
    errors: [`${AT}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`],
  },
  {
    name: 'counts from one',
    devices: asks({ count: -1 }),
    errors: [`${AT}.exactly.count: Invalid value: -1: must be greater than zero`],
  },
  {
    name: 'wants an expression in a selector',
    devices: asks({ selectors: [{}] }),
    errors: [`${AT}.exactly.selectors[0].cel: Required value`],
  },
  {
    name: 'takes expressions of 10 KiB at most',
    devices: asks({ selectors: [{ cel: { expression: 'x'.repeat(10 * 1024 + 1) } }] }),
    errors: [`${AT}.exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes`],
  },
  {
    name: 'takes at most 32 selectors',
    devices: asks({ selectors: times(33, () => ({})) }),
    errors: [`${AT}.exactly.selectors: Too many: 33: must have at most 32 items`],
  },
  { name: 'takes an equal toleration', devices: asks({ tolerations: [{ key: 'a', value: 'b' }] }) },
  {
    name: 'wants no value for a toleration of whatever exists',
    devices: asks({ tolerations: [{ operator: 'Exists', value: 'a' }] }),
    errors: [`${AT}.exactly.tolerations[0].value: Invalid value: "a": must be empty for operator \`Exists\``],
  },
  {
    name: 'checks tolerations',
    devices: asks({ tolerations: [{ key: '-', operator: 'Less', effect: 'Never' }] }),
    errors: [
      `${AT}.exactly.tolerations[0].key: Invalid value: "-": ${KEY}`,
      `${AT}.exactly.tolerations[0].operator: Unsupported value: "Less": supported values: "Equal", "Exists"`,
      `${AT}.exactly.tolerations[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"`,
    ],
  },
  { name: 'takes alternatives', devices: { requests: [{ name: 'a', firstAvailable: [sub('x'), sub('y')] }] } },
  {
    name: 'checks alternatives',
    devices: {
      requests: [{ name: 'a', firstAvailable: [{ name: 'X.Y' }, { ...sub('z'), count: -3 }] }],
    },
    errors: [
      `${AT}.firstAvailable[0].name: Invalid value: "X.Y": ${LABEL}`,
      `${AT}.firstAvailable[1].count: Invalid value: -3: must be greater than zero`,
      `${AT}.firstAvailable[0].deviceClassName: Required value`,
    ],
  },
  {
    name: 'takes at most 8 alternatives',
    devices: { requests: [{ name: 'a', firstAvailable: times(9, (i) => sub(`x${i}`)) }] },
    errors: [`${AT}.firstAvailable: Too many: 9: must have at most 8 items`],
  },
  {
    name: 'wants alternatives told apart',
    devices: { requests: [{ name: 'a', firstAvailable: [sub('x'), sub('x')] }] },
    errors: [
      `${AT}.firstAvailable[1]: Duplicate value: {"name":"x","deviceClassName":"gpu.example.com","allocationMode":"ExactCount","count":1}`,
    ],
  },
  { name: 'takes a constraint', devices: constrained({ requests: ['gpu'], matchAttribute: 'example.com/numa' }) },
  { name: 'takes a constraint of difference', devices: constrained({ distinctAttribute: 'example.com/numa' }) },
  {
    name: 'wants an attribute in a constraint',
    devices: constrained({}),
    errors: [`spec.devices.constraints[0]: Required value: ${NO_CONSTRAINT}`],
  },
  {
    name: 'wants a domain before an attribute',
    devices: constrained({ matchAttribute: 'numa' }),
    errors: [
      'spec.devices.constraints[0].matchAttribute: Invalid value: "numa": a fully qualified name must be a domain and a name separated by a slash',
    ],
  },
  {
    name: 'checks domain and attribute',
    devices: constrained({ matchAttribute: 'A_/1' }),
    errors: [
      `spec.devices.constraints[0].matchAttribute: Invalid value: "A_": prefix: ${SUBDOMAIN}`,
      `spec.devices.constraints[0].matchAttribute: Invalid value: "1": ${IDENTIFIER}`,
    ],
  },
  {
    name: 'wants both domain and attribute',
    devices: constrained({ distinctAttribute: '/' }),
    errors: [
      'spec.devices.constraints[0].distinctAttribute: Invalid value: "": prefix must not be empty',
      'spec.devices.constraints[0].distinctAttribute: Invalid value: "": name must not be empty',
    ],
  },
  {
    name: 'takes domains of 63 and attributes of 32 bytes',
    devices: constrained({ matchAttribute: `${'a'.repeat(64)}/${'b'.repeat(33)}` }),
    errors: [
      'spec.devices.constraints[0].matchAttribute: Too long: may not be more than 63 bytes',
      'spec.devices.constraints[0].matchAttribute: Too long: may not be more than 32 bytes',
    ],
  },
  {
    name: 'takes one slash',
    devices: constrained({ matchAttribute: 'a/b/c' }),
    errors: [
      'spec.devices.constraints[0].matchAttribute: Invalid value: "a/b/c": must not contain more than one slash',
    ],
  },
  {
    name: 'knows the requests it refers to',
    devices: constrained({ requests: ['gpu/x', 'other', 'a/b/c', 'gpu', 'gpu'], matchAttribute: 'e.com/a' }),
    errors: [
      `spec.devices.constraints[0].requests[0]: Invalid value: "gpu/x": ${REFERENCE}`,
      `spec.devices.constraints[0].requests[1]: Invalid value: "other": ${REFERENCE}`,
      `spec.devices.constraints[0].requests[2]: Invalid value: "a/b/c": ${REFERENCE}`,
      'spec.devices.constraints[0].requests[4]: Duplicate value: "gpu"',
    ],
  },
  {
    name: 'knows subrequests',
    devices: {
      requests: [{ name: 'a', firstAvailable: [sub('x')] }],
      constraints: [{ requests: ['a', 'a/x', 'a/y'], matchAttribute: 'e.com/a' }],
    },
    errors: [`spec.devices.constraints[0].requests[2]: Invalid value: "a/y": ${REFERENCE}`],
  },
  {
    name: 'takes at most 32 constraints',
    devices: { requests: [gpu], constraints: times(33, () => ({})) },
    errors: ['spec.devices.constraints: Too many: 33: must have at most 32 items'],
  },
  { name: 'takes configuration', devices: config({ driver: 'gpu.example.com', parameters: { a: 1 } }, ['gpu']) },
  {
    name: 'wants opaque configuration',
    devices: config(undefined),
    errors: ['spec.devices.config[0].opaque: Required value'],
  },
  {
    name: 'wants driver and parameters',
    devices: config({}),
    errors: [
      'spec.devices.config[0].opaque.parameters: Required value',
      'spec.devices.config[0].opaque.driver: Required value',
    ],
  },
  {
    name: 'wants an object as parameters and a proper driver',
    devices: config({ driver: 'A_', parameters: ['x'] }),
    errors: [
      'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
      `spec.devices.config[0].opaque.driver: Invalid value: "A_": ${CASELESS}`,
    ],
  },
  {
    name: 'takes drivers of 63 characters and parameters of 10 KiB',
    devices: config({ driver: 'd'.repeat(64), parameters: { a: 'x'.repeat(10 * 1024) } }),
    errors: [
      'spec.devices.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
      'spec.devices.config[0].opaque.driver: Too long: may not be more than 63 characters',
    ],
  },
  {
    name: 'takes at most 32 configurations',
    devices: { requests: [gpu], config: times(33, () => ({})) },
    errors: ['spec.devices.config: Too many: 33: must have at most 32 items'],
  },
];

describe('the spec of a claim', () => {
  it.each(SPECS.map((row) => [row.name, row] as const))('%s', (_name, { devices, errors = [] }) => {
    expect(created(resourceClaim, { spec: { devices } }).errors).toEqual(errors);
  });

  it.each(SPECS.map((row) => [row.name, row] as const))('%s, in a template', (_name, { devices, errors = [] }) => {
    const template = created(resourceClaimTemplate, { spec: { spec: { devices } } });
    expect(template.errors).toEqual(errors.map((text) => `spec.${text}`));
  });

  it('says how many devices and what it tolerates', () => {
    const firstAvailable = [sub('x'), { ...sub('y'), allocationMode: 'All' }];
    const requests = [
      { name: 'a', exactly: { ...exactly, tolerations: [{ key: 'k' }] } },
      { name: 'b', firstAvailable },
    ];
    expect(created(resourceClaim, { spec: { devices: { requests } } }).object.spec?.devices?.requests).toEqual([
      {
        name: 'a',
        exactly: {
          ...exactly,
          allocationMode: 'ExactCount',
          count: 1,
          tolerations: [{ key: 'k', operator: 'Equal' }],
        },
      },
      {
        name: 'b',
        firstAvailable: [
          { ...sub('x'), allocationMode: 'ExactCount', count: 1 },
          { ...sub('y'), allocationMode: 'All' },
        ],
      },
    ]);
  });

  it('is written with what Go never leaves out', () => {
    const { spec, status } = created(resourceClaim, { status: { devices: [] } }).object;
    expect({ spec, status }).toEqual({ spec: { devices: { requests: null } }, status: {} });
    expect(created(resourceClaimTemplate).object.spec).toEqual({
      metadata: {},
      spec: { devices: { requests: null } },
    });
  });

  it('loses the fields of features that are off', () => {
    const derivedAttributes = [{ name: 'a/b', expression: '1' }];
    const { object, errors } = created(resourceClaim, { spec: { devices: asks({ derivedAttributes }) } });
    expect(errors).toEqual([]);
    expect(object.spec?.devices?.requests?.[0]?.exactly).not.toHaveProperty('derivedAttributes');
  });

  it('stays as it was', () => {
    const claim = decoded(resourceClaim, { spec: { devices: { requests: [gpu] } } });
    const { errors } = updated(resourceClaim, claim, ({ spec }) => {
      spec?.devices?.requests?.push({ name: '' });
    });
    expect(errors).toEqual(['spec: Invalid value: null: field is immutable']);
    const labelled = updated(resourceClaim, claim, ({ metadata, spec = {} }) => {
      metadata.labels = { a: 'b' };
      spec.devices = { ...spec.devices, constraints: [] };
    });
    expect(labelled.errors).toEqual([]);
  });
});

describe('a claim template', () => {
  it('stays as it was, and shows what was tried', () => {
    const template = decoded(resourceClaimTemplate, { spec: { spec: { devices: { requests: [gpu] } } } });
    const { errors } = updated(resourceClaimTemplate, template, ({ spec = {} }) => {
      spec.metadata = { labels: { a: 'b' } };
      spec.spec = { devices: { requests: [{ name: 'x', exactly: { ...exactly, adminAccess: false } }] } };
    });
    expect(errors).toEqual([
      'spec: Invalid value: {"labels":{"a":"b"},"Spec":{"Devices":{"Requests":[{"Name":"x","Exactly":{"DeviceClassName":"gpu.example.com","Selectors":null,"AllocationMode":"ExactCount","Count":1,"AdminAccess":false,"Tolerations":null,"Capacity":null,"DerivedAttributes":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}}: field is immutable',
    ]);
  });

  it('gives claims labels and annotations, and nothing else', () => {
    const metadata = { labels: { 'a b': 'c' }, name: 'x', finalizers: ['y'] };
    expect(created(resourceClaimTemplate, { spec: { metadata } }).errors).toEqual([
      `spec.metadata.labels: Invalid value: "a b": ${KEY}`,
      'spec.metadata.name: Forbidden: cannot be set',
      'spec.metadata.finalizers: Forbidden: cannot be set',
    ]);
  });
});

describe('admin access', () => {
  const claim = decoded(resourceClaim, { spec: { devices: asks({ adminAccess: true }) } });
  const validate = (labels: Record<string, string> | undefined): string[] =>
    resourceClaim
      .validate(claim, { now: 0, user: { username: 'a', groups: [] }, namespaceLabels: () => labels })
      .map(({ field, body }) => `${field}: ${body}`);

  it('is for namespaces with the label', () => {
    expect(validate({ 'resource.kubernetes.io/admin-access': 'true' })).toEqual([]);
    expect(validate({ 'resource.kubernetes.io/admin-access': 'yes' })).toEqual([
      `${AT}.adminAccess: Forbidden: admin access to devices requires the \`resource.kubernetes.io/admin-access: true\` label on the containing namespace`,
    ]);
    expect(validate(undefined)).toEqual([
      `${AT}.adminAccess: Internal error: could not retrieve namespace to verify admin access`,
    ]);
  });
});
