import { assert, integer, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlgorithmName, makeCertificate, makeKeys, makeRequest } from '../../../tests/certificates/made.ts';
import { verifySignature } from '../../../worker/verify-signature.ts';
import { parseCertificate, parseCertificates } from './certificate.ts';
import { parseCertificateRequest, parsePemRequest, signatureProblem } from './certificate-request.ts';
import { childrenOf } from './der.ts';
import { bytesOf, pemBlocks } from './pem.ts';

const FROM = new Date('2026-11-21T12:00:00Z');
const TO = new Date('2051-01-02T03:04:05Z');

const bytes = (data: ArrayBuffer): Uint8Array => new Uint8Array(data);

describe('PEM', () => {
  const body = 'AAEC';
  const block = (type: string, text = body) => `-----BEGIN ${type}-----\n${text}\n-----END ${type}-----\n`;

  it.each([
    ['one block', block('A'), ['A']],
    ['text around blocks', `first\n${block('A')}between\n${block('B')}last`, ['A', 'B']],
    ['Windows line ends', block('A').replaceAll('\n', '\r\n'), ['A']],
    ['no newline at the end', block('A').trimEnd(), ['A']],
    ['an empty body', '-----BEGIN A-----\n-----END A-----\n', ['A']],
    ['headers', '-----BEGIN A-----\nProc-Type: 4\n\nAAEC\n-----END A-----\n', ['A']],
    ['a block without end', `-----BEGIN A-----\n${body}\n`, []],
    ['another type at the end', `-----BEGIN A-----\n${body}\n-----END B-----\n${block('C')}`, ['C']],
    ['no base64', block('A', 'A A*EC'), []],
    ['a cut base64', block('A', 'AAE'), []],
    ['a beginning within a line', `x ${block('A')}`, []],
    ['a type line without end', '-----BEGIN A\nAAEC\n-----END A-----\n', []],
    ['nothing', '', []],
  ])('reads %s', (_name, text, types) => {
    expect(pemBlocks(text).map(({ type }) => type)).toEqual(types);
  });

  it('gives bytes and tells of headers', () => {
    expect(pemBlocks(block('A'))).toEqual([{ type: 'A', hasHeaders: false, bytes: new Uint8Array([0, 1, 2]) }]);
    expect(pemBlocks('-----BEGIN A-----\nk: v\n\nAAEC\n-----END A-----\n')[0]?.hasHeaders).toBe(true);
  });

  it('takes time in proportion to what it reads', () => {
    const many = '-----BEGIN A-----\n'.repeat(100_000);
    expect(pemBlocks(many)).toEqual([]);
    expect(pemBlocks(`${many}AAEC\n-----END B-----\n`)).toEqual([]);
    expect(pemBlocks(`-----BEGIN A-----\n${'a: b\n'.repeat(100_000)}`)).toEqual([]);
  });
});

const NAMES: readonly AlgorithmName[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA 2048'];

describe('a request', () => {
  it.each(NAMES)('of %s is read and its signature checked', async (name) => {
    const made = await makeRequest(await makeKeys(name), 'CN=jane,O=devs,O=ops');
    const request = parsePemRequest(made.toString('pem'));
    if (typeof request === 'string') throw new Error(request);
    expect(request).toMatchObject({ commonName: 'jane', organizations: ['devs', 'ops'] });
    expect(signatureProblem(request, verifySignature)).toBeUndefined();
    const other = parseCertificateRequest(bytes((await makeRequest(await makeKeys(name), 'CN=joe')).rawData));
    if (typeof other === 'string') throw new Error(other);
    const forged = { ...request, signature: other.signature };
    expect(signatureProblem(forged, verifySignature)).toMatch(/verification (failure|error)$/);
  });

  it('is not taken when nobody can verify it', async () => {
    const request = parsePemRequest((await makeRequest(await makeKeys())).toString('pem'));
    if (typeof request === 'string') throw new Error(request);
    expect(signatureProblem(request, undefined)).toBe('x509: ECDSA verification failure');
  });

  it('is refused with weak hashes and with keys that do not fit', async () => {
    const sha1 = parsePemRequest((await makeRequest(await makeKeys('RSA 2048 with SHA-1'))).toString('pem'));
    const ecdsa = parsePemRequest((await makeRequest(await makeKeys())).toString('pem'));
    if (typeof sha1 === 'string' || typeof ecdsa === 'string') throw new Error('unreadable');
    expect(signatureProblem(sha1, verifySignature)).toBe('x509: cannot verify signature: insecure algorithm SHA1-RSA');
    const mixed = { ...ecdsa, publicKey: sha1.publicKey };
    expect(signatureProblem(mixed, verifySignature)).toBe(
      'x509: signature algorithm specifies an ECDSA public key, but have public key of type *rsa.PublicKey',
    );
  });

  it('names keys by what they are', async () => {
    const keyOf = async (name: AlgorithmName) => {
      const request = parsePemRequest((await makeRequest(await makeKeys(name))).toString('pem'));
      return typeof request === 'string' ? request : request.publicKey;
    };
    expect(await keyOf('P-384')).toMatchObject({ type: 'ecdsa', curve: 'P-384' });
    expect(await keyOf('RSA 3072')).toMatchObject({ type: 'rsa', modulusBits: 3072 });
    expect(await keyOf('Ed25519')).toMatchObject({ type: 'ed25519' });
  });

  it.each([
    ['nothing', '', 'PEM block type must be CERTIFICATE REQUEST'],
    ['no PEM', 'hello', 'PEM block type must be CERTIFICATE REQUEST'],
    [
      'a certificate',
      '-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n',
      'PEM block type must be CERTIFICATE REQUEST',
    ],
    ['no DER', '-----BEGIN CERTIFICATE REQUEST-----\nAAEC\n-----END CERTIFICATE REQUEST-----\n', /^asn1: /],
  ])('says why %s is none', (_name, text, problem) => {
    expect(parsePemRequest(text)).toMatch(problem);
  });
});

describe('a certificate', () => {
  const made = async () => {
    const signer = await makeKeys();
    const dnsNames = ['a.example.com'];
    const emailAddresses = ['jane@example.com'];
    const wanted = { key: signer.pair.publicKey, signer, notBefore: FROM, notAfter: TO, dnsNames, emailAddresses };
    return makeCertificate({ ...wanted, isCa: true });
  };

  it('is read', async () => {
    expect(parseCertificate(bytes((await made()).rawData))).toMatchObject({
      notBefore: FROM.getTime(),
      notAfter: TO.getTime(),
      isCa: true,
      dnsNames: ['a.example.com'],
      emailAddresses: ['jane@example.com'],
      publicKey: { type: 'ecdsa', curve: 'P-256' },
    });
  });

  it('may have the time that is no time to Go', async () => {
    const signer = await makeKeys();
    const wanted = { key: signer.pair.publicKey, signer, notBefore: TO, notAfter: TO };
    const der = Buffer.from((await makeCertificate(wanted)).rawData);
    der.write('00010101000000Z', der.indexOf('20510102030405Z'));
    expect(parseCertificate(new Uint8Array(der))).toMatchObject({
      notBefore: Date.parse('0001-01-01T00:00:00Z'),
      notAfter: TO.getTime(),
    });
  });

  it('stands alone, or with others', async () => {
    const one = bytes((await made()).rawData);
    const two = new Uint8Array([...one, ...one]);
    expect(parseCertificate(two)).toBe('x509: trailing data');
    expect(parseCertificates(two)).toHaveLength(2);
    expect(parseCertificates(two.subarray(0, -1))).toBe('x509: malformed certificate');
    expect(parseCertificates(new Uint8Array())).toEqual([]);
  });

  it('that is broken anywhere does not break the reader', async () => {
    const whole = bytes((await made()).rawData);
    assert(
      property(integer({ min: 0, max: whole.length - 1 }), integer({ min: 0, max: 255 }), (at, byte) => {
        const broken = whole.slice();
        broken[at] = byte;
        parseCertificate(broken);
        parseCertificates(broken);
        parseCertificateRequest(broken);
      }),
      { numRuns: 300 },
    );
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseCertificate(whole.subarray(0, length))).toBe('x509: malformed certificate');
    }
  });

  it('may be as large as it likes and break nothing', () => {
    const large = (tag: number, size: number): number[] => [
      tag,
      0x83,
      (size >> 16) & 255,
      (size >> 8) & 255,
      size & 255,
      ...Array.from({ length: size }, () => 0x31),
    ];
    const wrap = (...parts: readonly number[][]): number[] => {
      const body = parts.flat();
      return [0x30, 0x83, (body.length >> 16) & 255, (body.length >> 8) & 255, body.length & 255, ...body];
    };
    const [serial, empty, bits] = [
      [2, 1, 1],
      [0x30, 0],
      [3, 2, 0, 0],
    ];
    const validity = wrap(large(0x17, 500_000), large(0x18, 500_000));
    const fields = wrap(serial, empty, empty, validity, empty, empty);
    expect(parseCertificate(new Uint8Array(wrap(fields, empty, bits)))).toBe('x509: malformed certificate');
  });

  it('has no more parts than anybody needs', () => {
    const parts = (count: number) => {
      const body = Array.from({ length: count }, () => [5, 0]).flat();
      return { tag: 0x30, bytes: new Uint8Array(body), from: 0, start: 0, end: body.length };
    };
    expect(childrenOf(parts(4_096))).toHaveLength(4_096);
    expect(childrenOf(parts(4_097))).toBeUndefined();
  });

  it('is not seen in arbitrary bytes', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (data) => {
        expect(typeof parseCertificate(data)).toBe('string');
        expect(typeof parseCertificateRequest(data)).toBe('string');
        pemBlocks(String.fromCharCode(...data));
      }),
      { numRuns: 300 },
    );
  });
});

it('turns characters into bytes', () => {
  expect(bytesOf('\u0000ÿ')).toEqual(new Uint8Array([0, 255]));
});
