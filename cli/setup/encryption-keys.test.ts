import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataDir, openDataDir, UserError } from './data-dir.ts';
import { ensureEncryptionKeys, newKey, readEncryptionKeys, writeEncryptionKeys } from './encryption-keys.ts';

describe('the file of encryption keys', () => {
  let dataDir: DataDir;
  beforeEach(() => {
    dataDir = openDataDir(mkdtempSync(join(tmpdir(), 'zeroplane-keys-')));
  });
  afterEach(() => rmSync(dataDir.path, { recursive: true }));

  it('is made once, with one key, for its owner alone', () => {
    const file = ensureEncryptionKeys(dataDir);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^key1:[\w+/]{43}=\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    ensureEncryptionKeys(dataDir);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('takes a new key in front, numbered on', () => {
    ensureEncryptionKeys(dataDir);
    const keys = readEncryptionKeys(dataDir);
    writeEncryptionKeys(dataDir, [newKey(keys), ...keys]);
    expect(readEncryptionKeys(dataDir).map(({ name }) => name)).toEqual(['key2', 'key1']);
  });

  it.each(['', 'key1:short\n', 'nonsense\n'])('is refused when it holds %j, unrepeated', (text) => {
    const file = ensureEncryptionKeys(dataDir);
    writeFileSync(file, text);
    expect(() => ensureEncryptionKeys(dataDir)).toThrow(UserError);
    expect(() => ensureEncryptionKeys(dataDir)).toThrow(/line 1 is not name:base64 of 32 bytes/);
  });
});
