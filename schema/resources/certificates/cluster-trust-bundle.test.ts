import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, makeKeys } from '../../../tests/certificates/made.ts';
import { created, rowOf, updated } from '../kind-fixture.ts';
import { clusterTrustBundle as definition } from './cluster-trust-bundle.ts';

const [FROM, TO] = [new Date('2026-01-01T00:00:00Z'), new Date('2027-01-01T00:00:00Z')];
let one = '';
let two = '';
let leaf = '';

beforeAll(async () => {
  one = (await makeAuthority('CN=one', FROM, TO)).pem;
  two = (await makeAuthority('CN=two', FROM, TO)).pem;
  const signer = await makeKeys();
  leaf = (await makeCertificate({ key: signer.pair.publicKey, signer, notBefore: FROM, notAfter: TO })).toString('pem');
});

const omitted = (text: string): string[] => [`spec.trustBundle: Invalid value: "<value omitted>": ${text}`];

const bundle = (trustBundle: string, signerName = '', name = 'x') => ({
  metadata: { name },
  spec: { ...(signerName ? { signerName } : {}), trustBundle },
});

describe('anchors', () => {
  it.each<[string, () => string, string[]]>([
    ['one', () => one, []],
    ['two, with text around', () => `first\n${one}second\n${two}`, []],
    ['none', () => '', omitted('at least one trust anchor must be provided')],
    ['text only', () => 'hello', omitted('at least one trust anchor must be provided')],
    ['one twice', () => `${one}${two}${one}`, omitted('duplicate trust anchor (indices [0 2])')],
    ['no authority', () => `${one}${leaf}`, omitted('entry 1 does not have the CA bit set')],
    ['a key', () => '-----BEGIN KEY-----\nAAEC\n-----END KEY-----\n', omitted('entry 0 has bad block type: KEY')],
    [
      'no certificate',
      () => '-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n',
      omitted('entry 0 does not parse as X.509'),
    ],
    ['headers', () => one.replace('-----\n', '-----\na: b\n\n'), omitted('entry 0 has PEM block headers')],
    ['too much', () => ' '.repeat(1024 * 1024 + 1), ['spec.trustBundle: Too long: may not be more than 1048576 bytes']],
  ])('%s', (_name, text, errors) => {
    expect(created(definition, bundle(text())).errors).toEqual(errors);
  });
});

describe('names', () => {
  const prefixed = 'ClusterTrustBundle for signerName example.com/signer must be named with prefix example.com:signer:';
  it.each<[string, string, string[]]>([
    ['example.com:signer:v1', 'example.com/signer', []],
    ['v1', '', []],
    ['v1', 'example.com/signer', [`metadata.name: Invalid value: "v1": ${prefixed}`]],
    [
      'example.com:other:v1',
      'example.com/signer',
      [`metadata.name: Invalid value: "example.com:other:v1": ${prefixed}`],
    ],
    [
      'a:b',
      '',
      ['metadata.name: Invalid value: "a:b": ClusterTrustBundle without signer name must not have ":" in its name'],
    ],
    [
      'example.com:signer:V1',
      'example.com/signer',
      [
        `metadata.name: Invalid value: "example.com:signer:V1": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      ],
    ],
    [
      'signer:v1',
      'signer',
      [
        `spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
      ],
    ],
  ])('%s of signer "%s"', (name, signerName, errors) => {
    expect(created(definition, bundle(one, signerName, name)).errors).toEqual(errors);
  });
});

describe('an update', () => {
  it('may change the anchors, not the signer', () => {
    const previous = created(definition, bundle(one)).object;
    expect(
      updated(definition, previous, (next) => Object.assign(next.spec ?? {}, { trustBundle: two })).errors,
    ).toEqual([]);
    const moved = created(definition, bundle(one, 'example.com/signer', 'example.com:signer:v1')).object;
    expect(
      updated(definition, moved, (next) => Object.assign(next.spec ?? {}, { signerName: 'example.com/other' })).errors,
    ).toEqual([
      'metadata.name: Invalid value: "example.com:signer:v1": ClusterTrustBundle for signerName example.com/other must be named with prefix example.com:other:',
      'spec.signerName: Invalid value: "example.com/other": field is immutable',
    ]);
  });

  it('that leaves the anchors alone does not look at them', () => {
    const previous = created(definition, bundle('taken long ago')).object;
    expect(updated(definition, previous, (next) => (next.metadata.labels = { a: 'b' })).errors).toEqual([]);
    expect(updated(definition, previous, (next) => Object.assign(next.spec ?? {}, { trustBundle: '' })).errors).toEqual(
      omitted('at least one trust anchor must be provided'),
    );
  });
});

it('prints its signer', () => {
  expect(rowOf(definition, created(definition, bundle(one)).object)).toEqual(['x', '<none>']);
  expect(rowOf(definition, created(definition, bundle(one, 'example.com/signer')).object)[1]).toBe(
    'example.com/signer',
  );
});
