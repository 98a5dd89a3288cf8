/** Reads a container's log file as it grows, over rotations, until its end or until no one listens. */
import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type CriLogLine, parseCriLogLine } from './cri-log-line.ts';

const BLOCK_BYTES = 64 * 1024;
/** A line longer than that is given in pieces; the runtime splits at 16 KiB. */
const LINE_BYTES_MAX = 1024 * 1024;
const LINE_FEED = 0x0a;
/** Changes are announced; the clock covers announcements that get lost. */
const LOOK_AGAIN_MS = 1_000;

export interface LogReaderOptions {
  readonly path: string;
  readonly offset: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Whether more may come: the container still runs. */
  alive(): Promise<boolean>;
}

/** Lines in batches, as they can be read. */
export async function* readLog(options: LogReaderOptions): AsyncGenerator<CriLogLine[]> {
  let file = await open(options.path, 'r');
  let offset = options.offset;
  let rest = Buffer.alloc(0);
  const changes = new ChangeSignal(options.follow ? options.path : undefined);
  try {
    while (!options.signal.aborted) {
      const block = Buffer.alloc(BLOCK_BYTES);
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, offset);
      if (bytesRead > 0) {
        offset += bytesRead;
        const { lines, left } = splitLines(Buffer.concat([rest, block.subarray(0, bytesRead)]));
        rest = left;
        if (lines.length) yield lines;
        continue;
      }
      if (!options.follow) return;
      const turned = await reopenIfTurned(file, options.path);
      if (turned) {
        await file.close();
        file = turned;
        offset = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      // Asked before the last look: what was written just before the end is then read.
      const more = changes.takeEnded() ? false : await options.alive();
      if (!more) {
        if (changes.ended) return;
        changes.ended = true;
        continue;
      }
      await changes.next(options.signal);
    }
  } finally {
    changes.close();
    await file.close();
  }
}

function splitLines(bytes: Buffer): { lines: CriLogLine[]; left: Buffer<ArrayBuffer> } {
  const lines: CriLogLine[] = [];
  let from = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
    const line = parseCriLogLine(bytes.subarray(from, at));
    if (line) lines.push(line);
    from = at + 1;
  }
  const left = bytes.subarray(from);
  return { lines, left: left.length > LINE_BYTES_MAX ? Buffer.alloc(0) : Buffer.from(left) };
}

/** The new file when the one that is open was renamed away. */
async function reopenIfTurned(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  try {
    const [mine, there] = await Promise.all([file.stat(), stat(path)]);
    return mine.ino === there.ino ? undefined : await open(path, 'r');
  } catch {
    // Between rename and re-creation there is none; it is looked for again.
    return undefined;
  }
}

class ChangeSignal {
  ended = false;
  readonly #watcher: ReturnType<typeof watch> | undefined;
  #changed = false;
  #wake: () => void = () => undefined;

  constructor(path: string | undefined) {
    if (path === undefined) return;
    // The folder, so that a rotated file is noticed too.
    this.#watcher = watch(path.slice(0, path.lastIndexOf('/')), () => {
      this.#changed = true;
      this.#wake();
    });
    this.#watcher.on('error', () => this.#wake());
  }

  takeEnded(): boolean {
    return this.ended;
  }

  async next(signal: AbortSignal): Promise<void> {
    if (!this.#changed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_AGAIN_MS);
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        this.#wake = end;
        signal.addEventListener('abort', end, { once: true });
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
  }
}
