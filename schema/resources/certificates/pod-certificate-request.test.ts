import type { PublicKeyType } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AlgorithmName,
  base64,
  type Keys,
  makeCertificate,
  makeKeys,
  makeRequest,
  type Wanted,
} from '../../../tests/certificates/made.ts';
import { verifySignature } from '../../../worker/verify-signature.ts';
import type { StrategyContext } from '../../meta/resource.ts';
import { decoded, FIXTURE_NOW, rowOf } from '../kind-fixture.ts';
import { podCertificateRequest as definition } from './pod-certificate-request.ts';
import type { PodCertificateRequest, PodCertificateStatus } from './pod-certificate-request-types.ts';

const CONTEXT: StrategyContext = {
  now: FIXTURE_NOW,
  user: { username: 'signer', groups: [] },
  mayUseSigner: (verb, signerName) => verb === 'sign' && signerName === 'example.com/signer',
  verifySignature,
};

const requests: Partial<Record<AlgorithmName, string>> = {};
let forged = '';
let signer: Keys;
let key: PublicKeyType;

beforeAll(async () => {
  for (const name of ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA 3072', 'RSA 2048'] as const) {
    const made = await makeRequest(await makeKeys(name));
    requests[name] = base64(made.rawData);
    if (name !== 'P-256') continue;
    key = made.publicKey;
    const bytes = Buffer.from(made.rawData);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    forged = bytes.toString('base64');
  }
  signer = await makeKeys();
});

const specOf = (fields: object = {}) => ({
  signerName: 'example.com/signer',
  podName: 'web',
  podUID: 'u1',
  serviceAccountName: 'default',
  serviceAccountUID: 'u2',
  nodeName: 'node-1',
  nodeUID: 'u3',
  stubPKCS10Request: requests['P-256'],
  ...fields,
});

function create(fields: object = {}) {
  const object = decoded(definition, { spec: specOf(fields), status: { certificateChain: 'mine' } });
  definition.prepareForCreate?.(object, CONTEXT);
  return { object, errors: definition.validate(object, CONTEXT).map(({ field, body }) => `${field}: ${body}`) };
}

const DAY = 86_400;
const range = (seconds: number, max: number) =>
  `spec.maxExpirationSeconds: Invalid value: ${seconds}: must be in the range [3600, ${max}]`;

describe('a new request', () => {
  it('is for a day where nothing is said, and has no status', () => {
    const { object, errors } = create();
    expect(errors).toEqual([]);
    expect(object.spec?.maxExpirationSeconds).toBe(DAY);
    expect(object.status).toEqual({});
  });

  it.each<[string, () => object, () => string[]]>([
    ['an hour', () => ({ maxExpirationSeconds: 3600 }), () => []],
    ['less than an hour', () => ({ maxExpirationSeconds: 3599 }), () => [range(3599, 91 * DAY)]],
    ['91 days', () => ({ maxExpirationSeconds: 91 * DAY }), () => []],
    ['more than 91 days', () => ({ maxExpirationSeconds: 91 * DAY + 1 }), () => [range(91 * DAY + 1, 91 * DAY)]],
    [
      "more than a day of Kubernetes' own signer",
      () => ({ signerName: 'kubernetes.io/kube-apiserver-client-pod', maxExpirationSeconds: DAY + 1 }),
      () => [range(DAY + 1, DAY)],
    ],
    [
      'more than a day of a signer below kubernetes.io',
      () => ({ signerName: 'a.kubernetes.io/x', maxExpirationSeconds: DAY + 1 }),
      () => [range(DAY + 1, DAY)],
    ],
    ['no pod', () => ({ podUID: '' }), () => ['spec.podUID: Invalid value: "": must not be empty']],
    [
      'no service account',
      () => ({ serviceAccountUID: '' }),
      () => ['spec.serviceAccountUID: Invalid value: "": must not be empty'],
    ],
    ['no node', () => ({ nodeUID: '' }), () => ['spec.nodeUID: Invalid value: "": must not be empty']],
    [
      'a long uid',
      () => ({ podUID: 'u'.repeat(129) }),
      () => ['spec.podUID: Too long: may not be more than 128 bytes'],
    ],
    [
      'a wrong name',
      () => ({ nodeName: 'Node' }),
      () => [
        `spec.nodeName: Invalid value: "Node": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      ],
    ],
    ['no signer', () => ({ signerName: '' }), () => ['spec.signerName: Required value']],
    [
      'an annotation without domain',
      () => ({ unverifiedUserAnnotations: { a: 'b' } }),
      () => [
        'spec.unverifiedUserAnnotations: Invalid value: "a": must be a domain-prefixed key (such as "acme.io/foo")',
      ],
    ],
    ['an annotation', () => ({ unverifiedUserAnnotations: { 'example.com/a': 'b' } }), () => []],
    [
      'no request',
      () => ({ stubPKCS10Request: '' }),
      () => [
        'spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
      ],
    ],
    [
      'no PKCS #10',
      () => ({ stubPKCS10Request: 'AAEC' }),
      () => ['spec.stubPKCS10Request: Invalid value: "AAEC": must be a valid PKCS#10 CSR'],
    ],
    [
      'too large a request',
      () => ({ stubPKCS10Request: base64('x'.repeat(10 * 1024 + 1)) }),
      () => ['spec.stubPKCS10Request: Too long: may not be more than 10240 bytes'],
    ],
    [
      'a request that another key signed',
      () => ({ stubPKCS10Request: forged }),
      () => ['spec.stubPKCS10Request: Invalid value: could not verify CSR signature'],
    ],
    [
      'a short RSA key',
      () => ({ stubPKCS10Request: requests['RSA 2048'] }),
      () => ['spec.stubPKCS10Request: Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096'],
    ],
    ['RSA 3072', () => ({ stubPKCS10Request: requests['RSA 3072'] }), () => []],
    ['P-384', () => ({ stubPKCS10Request: requests['P-384'] }), () => []],
    ['P-521', () => ({ stubPKCS10Request: requests['P-521'] }), () => []],
    ['Ed25519', () => ({ stubPKCS10Request: requests.Ed25519 }), () => []],
  ])('with %s', (_name, fields, errors) => {
    expect(create(fields()).errors).toEqual(errors());
  });

  it('cannot change', () => {
    const previous = create().object;
    const next = structuredClone(previous);
    Object.assign(next.spec ?? {}, { podName: 'other' });
    next.status = { certificateChain: 'mine' };
    definition.update.prepareForUpdate?.(next, previous, CONTEXT);
    expect(next.status).toEqual({});
    const [error] = definition.update.validateUpdate(next, previous, CONTEXT);
    expect(error).toMatchObject({ type: 'FieldValueInvalid', field: 'spec' });
    expect(error?.body).toMatch(
      /^Invalid value: \{"SignerName":"example.com\/signer","PodName":"other".*: field is immutable$/,
    );
  });
});

const [NOT_BEFORE, NOT_AFTER] = [FIXTURE_NOW - 60_000, FIXTURE_NOW + 3_600_000];
const time = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const certificate = async (wanted: Partial<Wanted> = {}): Promise<string> =>
  (
    await makeCertificate({ key, signer, notBefore: new Date(NOT_BEFORE), notAfter: new Date(NOT_AFTER), ...wanted })
  ).toString('pem');

const condition = (type: string, fields: object = {}) => ({
  type,
  status: 'True',
  reason: 'Because',
  message: '',
  lastTransitionTime: time(FIXTURE_NOW),
  ...fields,
});

const issued = async (fields: object = {}, wanted: Partial<Wanted> = {}): Promise<PodCertificateStatus> => ({
  conditions: [condition('Issued')],
  certificateChain: await certificate(wanted),
  notBefore: time(NOT_BEFORE),
  notAfter: time(NOT_AFTER),
  beginRefreshAt: time(NOT_BEFORE + 900_000),
  ...fields,
});

function answer(status: PodCertificateStatus, from: PodCertificateStatus = {}, context = CONTEXT) {
  const previous: PodCertificateRequest = { ...create().object, status: from };
  const next = structuredClone({ ...previous, status });
  next.metadata.labels = { mine: 'yes' };
  definition.status?.prepareForUpdate?.(next, previous, context);
  const errors = definition.status?.validateUpdate(next, previous, context) ?? [];
  return { next, errors: errors.map(({ field, body }) => `${field}: ${body.replace(/-----BEGIN.*?": /, 'PEM": ')}`) };
}

const chain = (text: string) => [`status.certificateChain: Invalid value: "PEM": ${text}`];

describe("a signer's answer", () => {
  it.each<[string, () => PodCertificateStatus]>([
    ['denies', () => ({ conditions: [condition('Denied')] })],
    ['fails', () => ({ conditions: [condition('Failed', { reason: 'Broken' })] })],
    ['says nothing new', () => ({})],
  ])('that %s is taken', (_name, status) => {
    expect(answer(status()).errors).toEqual([]);
  });

  it('that issues is taken, with intermediates', async () => {
    const { next, errors } = answer(await issued());
    expect(errors).toEqual([]);
    expect(next.metadata.labels).toBeUndefined();
    expect(answer(await issued({ certificateChain: `${await certificate()}\n${await certificate()}` })).errors).toEqual(
      [],
    );
  });

  it('writes the time of the condition where it is left out', () => {
    const { next } = answer({ conditions: [{ type: 'Denied', status: 'True', reason: 'No' }] });
    expect(next.status?.conditions?.[0]?.lastTransitionTime).toBe(time(FIXTURE_NOW));
  });

  it('is final', async () => {
    const first = await issued();
    expect(answer(first, first).errors).toEqual([]);
    expect(answer({ conditions: [condition('Denied')] }, first).errors).toEqual([
      'status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed',
    ]);
  });

  it('takes the permission to sign, unless nothing changes', () => {
    const stranger = { ...CONTEXT, mayUseSigner: () => false };
    expect(answer({}, {}, stranger).errors).toEqual([]);
    expect(answer({ conditions: [condition('Denied')] }, {}, stranger).errors).toEqual([
      'spec.signerName: Forbidden: User "signer" is not permitted to "sign" for signer "example.com/signer"',
    ]);
  });

  const supported = 'supported values: "Issued", "Denied", "Failed"';
  it.each<[string, () => Promise<PodCertificateStatus> | PodCertificateStatus, string[]]>([
    [
      'has two conditions',
      () => ({ conditions: [condition('Denied'), condition('Failed')] }),
      [
        'status.conditions.[1].type: Invalid value: "Failed": There may be at most one condition with type "Issued", "Denied", or "Failed"',
      ],
    ],
    [
      'has another condition',
      () => ({ conditions: [condition('Ready')] }),
      [`status.conditions.[0].type: Unsupported value: "Ready": ${supported}`],
    ],
    [
      'is not True',
      () => ({ conditions: [condition('Denied', { status: 'False' })] }),
      ['status.conditions.[0].status: Unsupported value: "False": supported values: "True"'],
    ],
    [
      'has no reason',
      () => ({ conditions: [condition('Denied', { reason: '' })] }),
      ['status.conditions[0].reason: Required value'],
    ],
    [
      'denies with a certificate',
      () => ({ conditions: [condition('Denied')], certificateChain: 'x' }),
      [
        'status: Invalid value: non-condition status fields must be empty when denying or failing the PodCertificateRequest',
      ],
    ],
    [
      'gives a certificate without a condition',
      () => ({ certificateChain: 'x' }),
      ['status: Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"'],
    ],
    [
      'issues nothing',
      () => ({ conditions: [condition('Issued')] }),
      ['status.certificateChain: Invalid value: "": issued certificate chain must contain at least one certificate'],
    ],
    [
      'issues too much',
      () => issued({ certificateChain: ' '.repeat(100 * 1024 + 1) }),
      ['status.certificateChain: Too long: may not be more than 102400 bytes'],
    ],
    [
      'issues a key',
      () => issued({ certificateChain: '-----BEGIN KEY-----\nAAEC\n-----END KEY-----\n' }),
      chain('issued certificate chain must consist entirely of CERTIFICATE PEM blocks'),
    ],
    [
      'issues no certificate',
      () => issued({ certificateChain: '-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n' }),
      chain('leaf certificate does not parse as valid X.509'),
    ],
    [
      'is for another key',
      () => issued({}, { key: signer.pair.publicKey }),
      chain('leaf certificate was not issued to the requested public key'),
    ],
    [
      'tells no times',
      () => issued({ notBefore: undefined, notAfter: undefined, beginRefreshAt: undefined }),
      [
        'status.notBefore: Required value: must be present and consistent with the issued certificate',
        'status.notAfter: Required value: must be present and consistent with the issued certificate',
        'status.beginRefreshAt: Required value: must be present and in the range [notbefore+10min, notafter-10min]',
      ],
    ],
    [
      'tells another beginning',
      () => issued({ notBefore: time(NOT_BEFORE + 1000) }),
      [
        'status.notBefore: Invalid value: "2026-01-01T00:59:01Z": must be set to the NotBefore time encoded in the leaf certificate',
      ],
    ],
    [
      'begins long ago',
      () => issued({ notBefore: time(FIXTURE_NOW - 300_000) }, { notBefore: new Date(FIXTURE_NOW - 300_000) }),
      [
        `status.notBefore: Invalid value: "2026-01-01T00:55:00Z": must be set to within 5 minutes of kube-apiserver's current time`,
      ],
    ],
    [
      'tells another end',
      () => issued({ notAfter: time(NOT_AFTER - 1000) }),
      [
        'status.notAfter: Invalid value: "2026-01-01T01:59:59Z": must be set to the NotAfter time encoded in the leaf certificate',
      ],
    ],
    [
      'ends within the hour',
      () => issued({ notAfter: time(NOT_BEFORE + 3_599_000) }, { notAfter: new Date(NOT_BEFORE + 3_599_000) }),
      ['status.certificateChain: Invalid value: 3599000000000: leaf certificate lifetime must be >= 1 hour'],
    ],
    [
      'lasts longer than was asked for',
      () => issued({ notAfter: time(NOT_BEFORE + 86_401_000) }, { notAfter: new Date(NOT_BEFORE + 86_401_000) }),
      [
        'status.certificateChain: Invalid value: 86401000000000: leaf certificate lifetime must be <= spec.maxExpirationSeconds (86400)',
      ],
    ],
    [
      'is refreshed too soon',
      () => issued({ beginRefreshAt: time(NOT_BEFORE + 599_000) }),
      [
        'status.beginRefreshAt: Invalid value: "2026-01-01T01:08:59Z": must be at least 10 minutes after status.notBefore',
      ],
    ],
    [
      'is refreshed too late',
      () => issued({ beginRefreshAt: time(NOT_AFTER - 599_000) }),
      [
        'status.beginRefreshAt: Invalid value: "2026-01-01T01:50:01Z": must be at least 10 minutes before status.notAfter',
      ],
    ],
    [
      'names what is no host',
      () => issued({}, { dnsNames: ['.a', 'b..c'] }),
      [
        `status.certificateChain: Invalid value: ".a": leaf certificate's DNSName should not start or end with '.'`,
        `status.certificateChain: Invalid value: "b..c": leaf certificate's DNSName should not contain '..'`,
      ],
    ],
    [
      'names what is no address',
      () => issued({}, { emailAddresses: ['jane'] }),
      ['status.certificateChain: Invalid value: "jane": leaf certificate should not contain invalid EmailAddress'],
    ],
    [
      'has something else after the leaf',
      async () =>
        issued({ certificateChain: `${await certificate()}\n-----BEGIN KEY-----\nAAEC\n-----END KEY-----\n` }),
      chain('issued certificate chain must consist entirely of CERTFICATE PEM blocks'),
    ],
    [
      'has a broken intermediate',
      async () =>
        issued({
          certificateChain: `${await certificate()}\n-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n`,
        }),
      chain('intermediate certificate does not parse as valid X.509'),
    ],
  ])('that %s is refused', async (_name, status, errors) => {
    expect(answer(await status()).errors).toEqual(errors);
  });
});

it.each([
  ['Pending', {}],
  ['Issued', { conditions: [condition('Issued')] }],
  ['Denied', { conditions: [condition('Denied')] }],
])('prints one that is %s', (state, status) => {
  const row = ['x', 'web', 'default', 'node-1', 'example.com/signer', state];
  expect(rowOf(definition, { ...create().object, status })).toEqual(row);
});
