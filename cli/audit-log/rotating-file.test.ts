import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backupName, RotatingFile } from './rotating-file.ts';

/** How a disk that fills up takes what is written: in part, if at all. */
const disk = { bytesAtOnce: Number.POSITIVE_INFINITY };

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  const writeSync = (descriptor: number, bytes: Buffer, offset = 0) => {
    if (disk.bytesAtOnce === 0) throw new Error('ENOSPC');
    return fs.writeSync(descriptor, bytes, offset, Math.min(bytes.length - offset, disk.bytesAtOnce));
  };
  return { ...fs, writeSync: writeSync as typeof fs.writeSync };
});

describe('a file of lines that rotates', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zeroplane-rotating-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const path = () => join(folder, 'audit.log');
  const half = Buffer.alloc(512 * 1024 + 1, 'x');

  it('goes on with what is there, for its owner alone', () => {
    for (const text of ['a\n', 'b\n']) {
      const file = new RotatingFile(path(), { megabytesMax: 1, backupsMax: 0, daysMax: 0 }, () => 0);
      file.append(Buffer.from(text));
      file.close();
    }
    expect(readFileSync(path(), 'utf8')).toBe('a\nb\n');
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it('has all lines or none, however little the disk takes at once', () => {
    const file = new RotatingFile(path(), { megabytesMax: 1, backupsMax: 0, daysMax: 0 }, () => 0);
    disk.bytesAtOnce = 2;
    file.append(Buffer.from('first\n'));
    disk.bytesAtOnce = 0;
    expect(() => file.append(Buffer.from('second\n'))).toThrow('ENOSPC');
    disk.bytesAtOnce = Number.POSITIVE_INFINITY;
    file.append(Buffer.from('third\n'));
    file.close();
    expect(readFileSync(path(), 'utf8')).toBe('first\nthird\n');
  });

  it('is begun anew when somebody has taken it away', () => {
    const file = new RotatingFile(path(), { megabytesMax: 1, backupsMax: 0, daysMax: 0 }, () => 0);
    file.append(half);
    rmSync(path());
    file.append(half);
    file.append(Buffer.from('x\n'));
    file.close();
    expect(statSync(path()).size).toBe(half.length + 2);
  });

  it('is put aside when it is full; the oldest are removed', () => {
    let now = Date.UTC(2026, 0, 2, 3, 4, 5);
    const file = new RotatingFile(path(), { megabytesMax: 1, backupsMax: 2, daysMax: 0 }, () => now);
    for (let n = 0; n < 5; n += 1) {
      file.append(half);
      now += n === 1 ? 0 : 1_000;
    }
    file.close();
    expect(readdirSync(folder).sort()).toEqual([
      'audit-2026-01-02T03-04-07.000.log',
      'audit-2026-01-02T03-04-08.000.log',
      'audit.log',
    ]);
  });

  it('removes what is too old, and only its own', () => {
    const limits = { megabytesMax: 1, backupsMax: 0, daysMax: 2 };
    const start = Date.UTC(2026, 0, 1);
    const first = new RotatingFile(path(), limits, () => start);
    first.append(half);
    first.append(half);
    first.close();
    const other = new RotatingFile(join(folder, 'audit-other.log'), limits, () => start);
    other.close();
    expect(readdirSync(folder)).toHaveLength(3);
    new RotatingFile(path(), limits, () => start + 3 * 86_400_000).close();
    expect(readdirSync(folder).sort()).toEqual(['audit-other.log', 'audit.log']);
  });

  it('names what is put aside by the time', () => {
    expect(backupName('/x/audit.log', Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('/x/audit-2026-01-02T03-04-05.678.log');
  });
});
