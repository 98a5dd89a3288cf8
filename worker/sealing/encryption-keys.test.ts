import { describe, expect, it } from 'vitest';
import { fingerprintOf, KEYS_MAX, parseEncryptionKeys } from './encryption-keys.ts';

const key = (name: string, fill: number): string => `${name}:${btoa(String.fromCharCode(fill).repeat(32))}`;

describe('SECRETS_ENCRYPTION_KEYS', () => {
  it('names keys, of which the first seals', () => {
    const parsed = parseEncryptionKeys(`${key('new', 2)}\n${key('old', 1)}, identity\n`);
    expect(parsed.ok && parsed.value.first?.name).toBe('new');
    expect(parsed.ok && [...parsed.value.byFingerprint.values()].map(({ name }) => name)).toEqual(['new', 'old']);
  });

  it('stores in plain text when identity comes first', () => {
    const parsed = parseEncryptionKeys(`identity ${key('old', 1)}`);
    expect(parsed).toMatchObject({ ok: true, value: { first: undefined } });
  });

  it('tells keys of one name apart by their bytes', () => {
    expect(fingerprintOf(new Uint8Array(32))).toMatch(/^[0-9a-f]{12}$/);
    expect(fingerprintOf(new Uint8Array(32).fill(1))).not.toBe(fingerprintOf(new Uint8Array(32)));
  });

  it.each([
    ['', 'SECRETS_ENCRYPTION_KEYS is not set'],
    ['no-colon', 'entry 1 of SECRETS_ENCRYPTION_KEYS is not name:base64 of 32 bytes'],
    [`${key('a', 1)},b:c2hvcnQ=`, 'entry 2 of SECRETS_ENCRYPTION_KEYS is not name:base64 of 32 bytes'],
    [`a:${'!'.repeat(44)}`, 'entry 1 of SECRETS_ENCRYPTION_KEYS is not name:base64 of 32 bytes'],
    [key('Upper', 1), 'entry 1 of SECRETS_ENCRYPTION_KEYS is not name:base64 of 32 bytes'],
    [`${key('a', 1)} ${key('a', 2)}`, 'SECRETS_ENCRYPTION_KEYS names "a" twice'],
    [
      Array.from({ length: KEYS_MAX + 1 }, (_, n) => key(`k${n}`, n)).join(','),
      `SECRETS_ENCRYPTION_KEYS has more than ${KEYS_MAX} keys`,
    ],
  ])('refuses %j without repeating it', (text, why) => {
    expect(parseEncryptionKeys(text)).toEqual({ ok: false, why });
  });
});
