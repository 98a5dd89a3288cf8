/** Projected volume sources that bring certificates: what pods may ask for. */
import { describe, expect, it } from 'vitest';
import { validateProjected } from './pod-validation/projected-volumes.ts';
import type { Volume } from './pod-types.ts';

type Projected = NonNullable<Volume['projected']>;

function problems(...sources: object[]): readonly string[] {
  const errors: Parameters<typeof validateProjected>[3] = [];
  const options = {} as Parameters<typeof validateProjected>[2];
  validateProjected({ sources } as Projected, 'v', options, errors);
  return errors.map(({ field, body }) => `${field}: ${body}`);
}

const AT = 'v.sources[0]';
const DAY = 86_400;

describe('podCertificate', () => {
  const at = `${AT}.podCertificate`;
  const plain = { signerName: 'example.com/signer', keyType: 'ECDSAP256', credentialBundlePath: 'bundle.pem' };

  it.each<[string, object, string[]]>([
    ['what is plain', {}, []],
    ...['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'].map(
      (keyType): [string, object, string[]] => [`a key of ${keyType}`, { keyType }, []],
    ),
    [
      'a short RSA key',
      { keyType: 'RSA2048' },
      [
        `${at}.keyType: Unsupported value: "RSA2048": supported values: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"`,
      ],
    ],
    ['no signer', { signerName: '' }, [`${at}.signerName: Required value`]],
    ['an hour', { maxExpirationSeconds: 3600 }, []],
    [
      'less than an hour',
      { maxExpirationSeconds: 3599 },
      [`${at}.maxExpirationSeconds: Invalid value: 3599: if provided, maxExpirationSeconds must be >= 3600`],
    ],
    ['91 days', { maxExpirationSeconds: 91 * DAY }, []],
    [
      'more than 91 days',
      { maxExpirationSeconds: 91 * DAY + 1 },
      [`${at}.maxExpirationSeconds: Invalid value: 7862401: if provided, maxExpirationSeconds must be <= 7862400`],
    ],
    [
      "more than a day of Kubernetes' own signers",
      { signerName: 'kubernetes.io/kube-apiserver-client-pod', maxExpirationSeconds: DAY + 1 },
      [`${at}.maxExpirationSeconds: Invalid value: 86401: if provided, maxExpirationSeconds must be <= 86400`],
    ],
    [
      'no file',
      { credentialBundlePath: undefined },
      [`${at}: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath`],
    ],
    ['key and chain apart', { credentialBundlePath: undefined, keyPath: 'k', certificateChainPath: 'c' }, []],
    [
      'key and chain in one file',
      { keyPath: 'k', certificateChainPath: 'k' },
      ['v: Invalid value: "k": conflicting duplicate paths'],
    ],
    [
      'a file elsewhere',
      { credentialBundlePath: '../x' },
      [`${at}.credentialBundlePath: Invalid value: "../x": must not contain '..'`],
    ],
    ['annotations for the signer', { userAnnotations: { 'example.com/a': 'b' } }, []],
    [
      'annotations without domain',
      { userAnnotations: { a: 'b' } },
      [`${at}.userAnnotations: Invalid value: "a": must be a domain-prefixed key (such as "acme.io/foo")`],
    ],
    [
      'annotations beyond all bounds, counted in bytes',
      { userAnnotations: { 'example.com/a': 'ä'.repeat(131_072) } },
      [`${at}.userAnnotations: Too long: may not be more than 262144 bytes`],
    ],
  ])('%s', (_name, fields, errors) => {
    expect(problems({ podCertificate: { ...plain, ...fields } })).toEqual(errors);
  });

  it('is one source of its own', () => {
    expect(problems({ podCertificate: plain, secret: { name: 's' } })).toEqual([
      `${AT}: Forbidden: may not specify more than 1 volume type per source`,
    ]);
  });
});

describe('clusterTrustBundle', () => {
  const at = `${AT}.clusterTrustBundle`;

  it.each<[string, object, string[]]>([
    ['by name', { name: 'bundle', path: 'ca.pem' }, []],
    ["by the name of a signer's", { name: 'example.com:signer:v1', path: 'ca.pem' }, []],
    ['by signer', { signerName: 'example.com/signer', path: 'ca.pem' }, []],
    ['by signer and labels', { signerName: 'example.com/signer', labelSelector: {}, path: 'ca.pem' }, []],
    ['by nothing', { path: 'ca.pem' }, [`${at}: Required value: either name or signerName must be specified`]],
    ['without file', { name: 'bundle' }, [`${at}.path: Required value`]],
    [
      'into a file elsewhere',
      { name: 'bundle', path: '/ca' },
      [`${at}.path: Invalid value: "/ca": must be a relative path`],
    ],
    [
      'by name and labels',
      { name: 'bundle', labelSelector: { matchLabels: { a: 'b' } }, path: 'ca.pem' },
      [
        `${at}.labelSelector: Invalid value: {"matchLabels":{"a":"b"}}: labelSelector must be unset if name is specified`,
      ],
    ],
  ])('%s', (_name, clusterTrustBundle, errors) => {
    expect(problems({ clusterTrustBundle })).toEqual(errors);
  });

  it('shares no file with another source', () => {
    const [one, other] = [
      { name: 'a', path: 'ca.pem' },
      { name: 'b', path: 'ca.pem' },
    ];
    expect(problems({ clusterTrustBundle: one }, { clusterTrustBundle: other })).toEqual([
      'v: Invalid value: "ca.pem": conflicting duplicate paths',
    ]);
  });
});
