/** Tar archives as OCI images need them: written whole, read by looking up entries. Source: POSIX ustar. */
import { closeSync, openSync, readSync } from 'node:fs';

const BLOCK = 512;

export interface TarEntry {
  /** Without a leading `/` or `./`. */
  readonly path: string;
  readonly mode: number;
  readonly content?: Uint8Array;
  /** A symbolic link's target. */
  readonly link?: string;
  readonly directory?: boolean;
}

function octal(header: Buffer, value: number, offset: number, length: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const path = entry.directory && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path;
  let name = path;
  if (Buffer.byteLength(path) > 100) {
    const cut = path.lastIndexOf('/', 155);
    name = path.slice(cut + 1);
    block.write(path.slice(0, cut), 345, 155, 'utf8');
    if (cut < 0 || Buffer.byteLength(name) > 100) throw new Error(`path too long for a tar archive: ${path}`);
  }
  block.write(name, 0, 100, 'utf8');
  octal(block, entry.mode & 0o7777, 100, 8);
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  octal(block, size, 124, 12);
  octal(block, 0, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(entry.directory ? '5' : entry.link === undefined ? '0' : '2', 156, 'latin1');
  if (entry.link !== undefined) block.write(entry.link, 157, 100, 'utf8');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total: number, byte: number) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** An archive of these entries, owned by root, without times: the same entries give the same bytes. */
export function writeTar(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const content =
      entry.directory || entry.link !== undefined ? new Uint8Array() : (entry.content ?? new Uint8Array());
    parts.push(header(entry, content.length), Buffer.from(content));
    const rest = content.length % BLOCK;
    if (rest) parts.push(Buffer.alloc(BLOCK - rest));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Reads an archive's index once and entries when asked for; contents never have to fit in memory. */
export class TarFile {
  readonly #fd: number;
  readonly #entries = new Map<string, Place>();

  /** Throws for a file that is no tar archive. */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    this.#index();
  }

  size(path: string): number | undefined {
    return this.#entries.get(path)?.size;
  }

  /** Part of an entry. */
  read(path: string, from: number, length: number): Buffer {
    const place = this.#entries.get(path);
    if (!place) throw new Error(`${path} is not in the archive`);
    const buffer = Buffer.alloc(Math.max(Math.min(length, place.size - from), 0));
    readSync(this.#fd, buffer, 0, buffer.length, place.offset + from);
    return buffer;
  }

  text(path: string): string | undefined {
    const size = this.size(path);
    return size === undefined ? undefined : this.read(path, 0, size).toString('utf8');
  }

  close(): void {
    closeSync(this.#fd);
  }

  #index(): void {
    const block = Buffer.alloc(BLOCK);
    let offset = 0;
    let longName: string | undefined;
    while (readSync(this.#fd, block, 0, BLOCK, offset) === BLOCK && block.some((byte: number) => byte !== 0)) {
      if (block.toString('latin1', 257, 262) !== 'ustar') throw new Error('not a tar archive');
      const textAt = (from: number, length: number): string =>
        block.toString('utf8', from, from + length).replace(/\0.*$/s, '');
      const size = Number.parseInt(textAt(124, 12).trim() || '0', 8);
      const type = textAt(156, 1);
      const prefix = textAt(345, 155);
      const name = longName ?? (prefix ? `${prefix}/${textAt(0, 100)}` : textAt(0, 100));
      longName = undefined;
      if (type === 'L') {
        const buffer = Buffer.alloc(size);
        readSync(this.#fd, buffer, 0, size, offset + BLOCK);
        longName = buffer.toString('utf8').replace(/\0.*$/s, '');
      } else if (type === '' || type === '0') {
        this.#entries.set(name.replace(/^\.?\//, ''), { offset: offset + BLOCK, size });
      }
      offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    }
    if (offset === 0) throw new Error('not a tar archive');
  }
}
