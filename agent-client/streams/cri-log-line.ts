/** One line of a CRI log file: `2026-11-21T12:00:00.123456789Z stdout F text`. Pure. Source: kubelet kuberuntime/logs. */

export interface CriLogLine {
  /** As written, RFC 3339 with nanoseconds. */
  readonly timestamp: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without the line's own end when it is a part of a longer one. */
  readonly content: Buffer;
  readonly partial: boolean;
}

const SPACE = 0x20;

/** `line` without its line feed; undefined when it is not of that form. */
export function parseCriLogLine(line: Buffer): CriLogLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  if (first < 0 || second < 0) return undefined;
  const third = line.indexOf(SPACE, second + 1);
  const stream = line.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tags = line.toString('latin1', second + 1, third < 0 ? line.length : third);
  return {
    timestamp: line.toString('latin1', 0, first),
    stream,
    content: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
    partial: tags.split(':')[0] === 'P',
  };
}
