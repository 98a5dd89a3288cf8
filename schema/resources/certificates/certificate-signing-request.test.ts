import { beforeAll, describe, expect, it } from 'vitest';
import { base64, makeCertificate, makeKeys, makeRequest } from '../../../tests/certificates/made.ts';
import { verifySignature } from '../../../worker/verify-signature.ts';
import type { StrategyContext, UpdateStrategy } from '../../meta/resource.ts';
import { decoded, FIXTURE_NOW, rowOf } from '../kind-fixture.ts';
import { certificateSigningRequest as definition } from './certificate-signing-request.ts';
import type { CertificateSigningRequest, Condition } from './certificate-signing-request-types.ts';

const CONTEXT: StrategyContext = {
  now: FIXTURE_NOW,
  user: { username: 'jane', uid: '42', groups: ['devs'], extra: { 'example.com/team': ['blue'] } },
  verifySignature,
};

let request = '';
let forged = '';
let certificate = '';

beforeAll(async () => {
  const [keys, others] = [await makeKeys(), await makeKeys()];
  const made = await makeRequest(keys, 'CN=jane');
  request = base64(made.toString('pem'));
  const bytes = Buffer.from(made.rawData);
  // The last byte belongs to the signature.
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  const body = bytes.toString('base64');
  forged = base64(`-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`);
  const [notBefore, notAfter] = [new Date(FIXTURE_NOW), new Date(FIXTURE_NOW + 3_600_000)];
  const wanted = { key: made.publicKey, signer: others, notBefore, notAfter };
  certificate = (await makeCertificate(wanted)).toString('pem');
});

const specOf = (fields: object = {}) => ({
  request,
  signerName: 'example.com/signer',
  usages: ['client auth'],
  ...fields,
});

function create(fields: object, body: object = {}) {
  const object = decoded(definition, { spec: specOf(fields), ...body });
  definition.prepareForCreate?.(object, CONTEXT);
  const errors = definition.validate(object, CONTEXT).map(({ field, body: text }) => `${field}: ${text}`);
  return { object, errors };
}

describe('a new request', () => {
  it('says who asks, whatever the client says', () => {
    const { object, errors } = create(
      { username: 'root', uid: '0', groups: ['system:masters'], extra: { a: ['b'] } },
      { status: { conditions: [{ type: 'Approved', status: 'True' }] } },
    );
    expect(errors).toEqual([]);
    expect(object.spec).toMatchObject({
      username: 'jane',
      uid: '42',
      groups: ['devs'],
      extra: { 'example.com/team': ['blue'] },
    });
    expect(object.status).toEqual({});
  });

  it('of a user with nothing but a name carries nothing else', () => {
    const object = decoded(definition, { spec: specOf({ uid: 'x', groups: ['y'], extra: { z: ['z'] } }) });
    definition.prepareForCreate?.(object, { ...CONTEXT, user: { username: 'joe', groups: [] } });
    expect(object.spec).toEqual({ ...specOf(), username: 'joe' });
  });

  const MISSING = 'spec.request: Invalid value: "": PEM block type must be CERTIFICATE REQUEST';
  const supported =
    '"any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"';

  it.each<[string, object, string[]]>([
    ['everything', {}, []],
    ['ten minutes', { expirationSeconds: 600 }, []],
    [
      'less than ten minutes',
      { expirationSeconds: 599 },
      ['spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)'],
    ],
    [
      'no time',
      { expirationSeconds: -1 },
      ['spec.expirationSeconds: Invalid value: -1: may not specify a duration less than 600 seconds (10 minutes)'],
    ],
    ['no request', { request: '' }, [MISSING]],
    ['no usages', { usages: [] }, ['spec.usages: Required value']],
    [
      'an unknown usage',
      { usages: ['world domination'] },
      [`spec.usages[0]: Unsupported value: "world domination": supported values: ${supported}`],
    ],
    ['a usage twice', { usages: ['any', 'any'] }, ['spec.usages[1]: Duplicate value: "any"']],
    ['all usages that there are', { usages: supported.slice(1, -1).split('", "') }, []],
    ['no signer', { signerName: '' }, ['spec.signerName: Required value']],
    [
      'the signer of old',
      { signerName: 'kubernetes.io/legacy-unknown' },
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
    ],
    [
      'a signer without domain',
      { signerName: 'signer' },
      [
        `spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
      ],
    ],
    [
      'a signer of a bare host',
      { signerName: 'host/signer' },
      ['spec.signerName: Invalid value: "host": should be a domain with at least two segments separated by dots'],
    ],
  ])('with %s', (_name, fields, errors) => {
    expect(create(fields).errors).toEqual(errors);
  });

  it('must be signed with its key', () => {
    expect(create({ request: forged }).errors).toEqual([
      `spec.request: Invalid value: "${forged}": x509: ECDSA verification failure`,
    ]);
  });
});

const condition = (type: string, fields: object = {}): Condition =>
  ({
    type,
    status: 'True',
    lastUpdateTime: '2026-01-01T00:30:00Z',
    lastTransitionTime: '2026-01-01T00:30:00Z',
    ...fields,
  }) as Condition;

interface Status {
  conditions?: Condition[];
  certificate?: string;
}

const WAYS: Record<string, UpdateStrategy<CertificateSigningRequest> | undefined> = {
  object: definition.update,
  status: definition.status,
  approval: definition.updateSubresources['approval'],
};

function change(way: string, from: Status, to: Status) {
  const previous = { ...create({}).object, status: from } as CertificateSigningRequest;
  const next = structuredClone({ ...previous, status: to }) as CertificateSigningRequest;
  const strategy = WAYS[way];
  strategy?.prepareForUpdate?.(next, previous, CONTEXT);
  const errors = strategy?.validateUpdate(next, previous, CONTEXT).map(({ field, body }) => `${field}: ${body}`);
  return { status: next.status as Status, errors, next };
}

describe('an update', () => {
  it('changes neither spec nor status', () => {
    const previous = create({}).object;
    const next = structuredClone(previous);
    Object.assign(next.spec ?? {}, { signerName: 'example.com/other' });
    next.status = { conditions: [condition('Approved')] };
    definition.update.prepareForUpdate?.(next, previous, CONTEXT);
    expect(next).toEqual(previous);
    expect(definition.update.validateUpdate(next, previous, CONTEXT)).toEqual([]);
  });

  const bundle = () => base64(certificate);
  const approved = condition('Approved');

  it.each<[string, string, () => Status, () => Status, string[]]>([
    ['approves', 'approval', () => ({}), () => ({ conditions: [approved] }), []],
    ['denies', 'approval', () => ({}), () => ({ conditions: [condition('Denied')] }), []],
    [
      'decides both ways',
      'approval',
      () => ({ conditions: [approved] }),
      () => ({ conditions: [approved, condition('Denied')] }),
      ['status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'],
    ],
    [
      'takes a decision back',
      'approval',
      () => ({ conditions: [approved] }),
      () => ({}),
      ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
    ],
    [
      'approves with False',
      'approval',
      () => ({}),
      () => ({ conditions: [condition('Approved', { status: 'False' })] }),
      ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    ],
    [
      'leaves the status of a condition out',
      'approval',
      () => ({}),
      () => ({ conditions: [condition('Ready', { status: '' })] }),
      ['status.conditions[0].status: Required value'],
    ],
    [
      'has another type with a strange status',
      'approval',
      () => ({}),
      () => ({ conditions: [condition('Ready', { status: 'Maybe' })] }),
      ['status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"'],
    ],
    [
      'has a condition without type',
      'approval',
      () => ({}),
      () => ({ conditions: [condition('')] }),
      ['status.conditions[0].type: Required value'],
    ],
    [
      'has a type twice',
      'approval',
      () => ({}),
      () => ({ conditions: [approved, approved] }),
      ['status.conditions[1].type: Duplicate value: "Approved"'],
    ],
    [
      'issues',
      'status',
      () => ({ conditions: [approved] }),
      () => ({ conditions: [approved], certificate: bundle() }),
      [],
    ],
    [
      'issues several with text between',
      'status',
      () => ({}),
      () => ({ certificate: base64(`leaf\n${certificate}\nintermediate\n${certificate}`) }),
      [],
    ],
    ['fails', 'status', () => ({}), () => ({ conditions: [condition('Failed')] }), []],
    [
      'approves where a certificate is issued',
      'status',
      () => ({}),
      () => ({ conditions: [approved] }),
      ['status.conditions: Forbidden: updates may not add a condition of type "Approved"'],
    ],
    [
      'takes a decision back there',
      'status',
      () => ({ conditions: [approved] }),
      () => ({}),
      ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
    ],
    [
      'issues another certificate',
      'status',
      () => ({ certificate: base64(`old\n${certificate}`) }),
      () => ({ certificate: bundle() }),
      ['status.certificate: Forbidden: updates may not modify existing certificate content'],
    ],
    [
      'issues what is no PEM',
      'status',
      () => ({}),
      () => ({ certificate: base64('none') }),
      ['status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'],
    ],
    [
      'issues a key',
      'status',
      () => ({}),
      () => ({ certificate: base64('-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----\n') }),
      [
        'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"',
      ],
    ],
    [
      'issues a block with headers',
      'status',
      () => ({}),
      () => ({ certificate: base64(certificate.replace('-----\n', '-----\nkey: value\n\n')) }),
      ['status.certificate: Invalid value: "<certificate data>": no PEM block headers are permitted'],
    ],
    [
      'issues an empty block',
      'status',
      () => ({}),
      () => ({ certificate: base64('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n') }),
      [
        'status.certificate: Invalid value: "<certificate data>": found CERTIFICATE PEM block containing 0 certificates',
      ],
    ],
    [
      'issues what is no certificate',
      'status',
      () => ({}),
      () => ({ certificate: base64('-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n') }),
      ['status.certificate: Invalid value: "<certificate data>": x509: malformed certificate'],
    ],
  ])('that %s by %s', (_name, way, from, to, errors) => {
    expect(change(way, from(), to()).errors).toEqual(errors);
  });

  it('of the approval keeps the certificate as it was', () => {
    const { status, errors } = change('approval', { certificate: bundle() }, { conditions: [approved] });
    expect(errors).toEqual([]);
    expect(status).toEqual({ conditions: [approved], certificate: bundle() });
    expect(change('approval', {}, { certificate: bundle() }).status).toEqual({});
  });

  it('of the status keeps decisions as they were', () => {
    const changed = condition('Approved', { reason: 'Other' });
    const { status, errors } = change('status', { conditions: [approved] }, { conditions: [changed] });
    expect(errors).toEqual([]);
    expect(status.conditions).toEqual([approved]);
  });

  it('writes the times that are left out', () => {
    const bare = (type: string) => ({ type, status: 'True' }) as Condition;
    const { status } = change(
      'approval',
      { conditions: [approved] },
      { conditions: [bare('Approved'), bare('Ready')] },
    );
    expect(status.conditions).toEqual([
      condition('Approved', { lastUpdateTime: '2026-01-01T01:00:00Z' }),
      condition('Ready', { lastUpdateTime: '2026-01-01T01:00:00Z', lastTransitionTime: '2026-01-01T01:00:00Z' }),
    ]);
  });
});

it.each<[string, Status, object, unknown[]]>([
  ['pending', {}, {}, ['x', '60m', 'example.com/signer', 'jane', '<none>', 'Pending']],
  [
    'approved',
    { conditions: [condition('Approved')] },
    { expirationSeconds: 7200 },
    ['x', '60m', 'example.com/signer', 'jane', '120m', 'Approved'],
  ],
  [
    'issued',
    { conditions: [condition('Approved')], certificate: 'AA==' },
    {},
    ['x', '60m', 'example.com/signer', 'jane', '<none>', 'Approved,Issued'],
  ],
  ['denied', { conditions: [condition('Denied')] }, {}, ['x', '60m', 'example.com/signer', 'jane', '<none>', 'Denied']],
  [
    'failed',
    { conditions: [condition('Approved'), condition('Failed')] },
    {},
    ['x', '60m', 'example.com/signer', 'jane', '<none>', 'Approved,Failed'],
  ],
])('prints one that is %s', (_name, status, fields, row) => {
  expect(rowOf(definition, { ...create(fields).object, status } as CertificateSigningRequest)).toEqual(row);
});
