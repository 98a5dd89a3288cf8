/** The file of keys under which Secrets lie on disk: the first seals, all open. Beside the CA's key. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DataDir, UserError } from './data-dir.ts';

const KEY_BYTES = 32;
const NAME = /^key(\d+)$/;

/** One line of the file. */
export interface StoredKey {
  readonly name: string;
  readonly base64: string;
}

export const encryptionKeyFile = (dataDir: DataDir): string => join(dataDir.secrets, 'secrets-encryption-keys');

export const parseStoredKeys = (text: string): readonly StoredKey[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const colon = line.indexOf(':');
      return { name: line.slice(0, colon), base64: line.slice(colon + 1) };
    });

/** A key that is not there yet: numbered above all others. */
export function newKey(existing: readonly StoredKey[], random: Buffer = randomBytes(KEY_BYTES)): StoredKey {
  const numbers = existing.map(({ name }) => Number(NAME.exec(name)?.[1] ?? 0));
  return { name: `key${Math.max(0, ...numbers) + 1}`, base64: random.toString('base64') };
}

/** Throws a UserError when a line is no key; it never repeats the line. */
export function readEncryptionKeys(dataDir: DataDir): readonly StoredKey[] {
  const file = encryptionKeyFile(dataDir);
  const keys = parseStoredKeys(readFileSync(file, 'utf8'));
  const bad = keys.findIndex(
    ({ name, base64 }) =>
      !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || Buffer.from(base64, 'base64').length !== KEY_BYTES,
  );
  if (bad >= 0 || keys.length === 0) {
    throw new UserError(
      `${file}: line ${bad + 1 || 1} is not name:base64 of ${KEY_BYTES} bytes; put back the file that belongs to this data directory`,
    );
  }
  return keys;
}

/** Replaces the file in one step: whatever is killed when, the old or the new file is there whole. */
export function writeEncryptionKeys(dataDir: DataDir, keys: readonly StoredKey[]): void {
  const file = encryptionKeyFile(dataDir);
  const draft = `${file}.new`;
  const descriptor = openSync(draft, 'w', 0o600);
  writeSync(descriptor, keys.map(({ name, base64 }) => `${name}:${base64}\n`).join(''));
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(draft, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** The file's path; on first use it is made, with one key. */
export function ensureEncryptionKeys(dataDir: DataDir): string {
  const file = encryptionKeyFile(dataDir);
  if (existsSync(file)) readEncryptionKeys(dataDir);
  else writeEncryptionKeys(dataDir, [newKey([])]);
  return file;
}
