/** Which log bytes a request wants: since, timestamps, limit. Pure. Source: kubelet kuberuntime/logs ReadLogs. */
import type { LogStreamRequest } from '../../schema/protocol/agent.ts';
import type { CriLogLine } from './cri-log-line.ts';

export interface LogSelection {
  /** Lines before it are left out; ms since the epoch. */
  readonly sinceMs: number | undefined;
  readonly timestamps: boolean;
  /** Bytes still to be sent. */
  readonly bytesLeft: number;
  /** The previous line was a part: its rest carries no timestamp. */
  readonly inLine: boolean;
}

export function beginSelection(request: LogStreamRequest, now: number): LogSelection {
  const since = request.sinceTime
    ? Date.parse(request.sinceTime)
    : request.sinceSeconds === undefined
      ? undefined
      : now - request.sinceSeconds * 1000;
  return {
    sinceMs: since,
    timestamps: request.timestamps,
    bytesLeft: request.limitBytes ?? Number.POSITIVE_INFINITY,
    inLine: false,
  };
}

/** What one line adds to the answer. */
export function selectLine(
  selection: LogSelection,
  line: CriLogLine,
): { readonly bytes: Buffer; readonly next: LogSelection } {
  if (selection.sinceMs !== undefined && Date.parse(line.timestamp) < selection.sinceMs)
    return { bytes: Buffer.alloc(0), next: selection };
  const parts = [line.content];
  if (selection.timestamps && !selection.inLine) parts.unshift(Buffer.from(`${line.timestamp} `));
  if (!line.partial) parts.push(Buffer.from('\n'));
  const whole = Buffer.concat(parts);
  const bytes = whole.length > selection.bytesLeft ? whole.subarray(0, selection.bytesLeft) : whole;
  return { bytes, next: { ...selection, bytesLeft: selection.bytesLeft - bytes.length, inLine: line.partial } };
}
