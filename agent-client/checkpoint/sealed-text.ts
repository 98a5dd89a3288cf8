/**
 * Secrets in the checkpoint are sealed under a key that lies, where the machine has such a place, in
 * memory only: a disk or a backup of the node does not show them, and after a reboot they are asked for anew.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PREFIX = 'sealed:';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals texts under one key; a node writes far fewer than the 2^32 that random nonces of 96 bits allow. */
export class SealedTexts {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** `place` is what the text belongs to: it opens there only. */
  seal(place: string, text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
  }

  /** Undefined: it was sealed under another key, for another place, or altered. */
  open(place: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const body = NONCE_BYTES + TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(NONCE_BYTES, body));
    try {
      return decipher.update(bytes.subarray(body), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  }
}

export const isSealed = (text: string): boolean => text.startsWith(PREFIX);

/** Where keys may lie: folders in memory, best first; without any the data directory itself. */
export function runtimeFolder(env: Readonly<Record<string, string | undefined>>, isRoot: boolean): string | undefined {
  if (isRoot && existsSync('/run')) return '/run/zeroplane';
  return env['XDG_RUNTIME_DIR'] ? join(env['XDG_RUNTIME_DIR'], 'zeroplane') : undefined;
}

/** The file of the key of a data directory. */
export function keyFile(dataDir: string, folder: string | undefined): string {
  if (folder === undefined) return join(dataDir, 'agent.key');
  const id = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 32);
  return join(folder, `${id}.key`);
}

/** Reads the key, making it on first use. */
export function ensureKey(file: string): Uint8Array {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  if (existsSync(file)) {
    const key = readFileSync(file);
    if (key.length === KEY_BYTES) return key;
    // Cut short by a full disk or a crash: nothing was sealed under it.
    rmSync(file);
  }
  const key = randomBytes(KEY_BYTES);
  const descriptor = openSync(file, 'wx', 0o600);
  writeSync(descriptor, key);
  closeSync(descriptor);
  return key;
}

/** Nothing opens afterwards what was sealed. */
export const forgetKey = (file: string): void => rmSync(file, { force: true });
