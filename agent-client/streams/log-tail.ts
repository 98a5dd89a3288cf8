/** The end of a log file, without reading all of it. */
import { open } from 'node:fs/promises';
import { parseCriLogLine } from './cri-log-line.ts';

const BLOCK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** Where the last `lines` lines begin, in bytes from the start; 0 when the file has no more. */
export async function tailOffset(path: string, lines: number): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (lines <= 0) return size;
    const block = Buffer.alloc(BLOCK_BYTES);
    let found = 0;
    let end = size;
    while (end > 0) {
      const begin = Math.max(end - BLOCK_BYTES, 0);
      const { bytesRead } = await file.read(block, 0, end - begin, begin);
      for (let at = bytesRead - 1; at >= 0; at--) {
        // The feed that ends the last line begins nothing.
        if (block[at] !== LINE_FEED || begin + at === size - 1) continue;
        if (++found === lines) return begin + at + 1;
      }
      end = begin;
    }
    return 0;
  } finally {
    await file.close();
  }
}

/** The text of the last lines, for a termination message; empty when there is no log. */
export async function lastLogText(path: string, linesMax: number, bytesMax: number): Promise<string> {
  try {
    const from = await tailOffset(path, linesMax);
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      const parts: Buffer[] = [];
      for (const line of buffer.subarray(0, bytesRead).toString('latin1').split('\n')) {
        const parsed = parseCriLogLine(Buffer.from(line, 'latin1'));
        if (parsed) parts.push(parsed.content, Buffer.from(parsed.partial ? '' : '\n'));
      }
      return Buffer.concat(parts).subarray(-bytesMax).toString('utf8');
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
