import { readFileSync } from 'node:fs';

/** Kernel clock ticks a second, as /proc counts CPU time. */
const TICKS_PER_SECOND = 100;

export interface ProcessUse {
  readonly cpuSeconds: number;
  readonly residentMiB: number;
}

/** CPU time used so far and memory resident now, over all processes given. */
export function processUse(pids: readonly number[]): ProcessUse {
  let ticks = 0;
  let kib = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
    kib += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentMiB: kib / 1024 };
}

/** The value below which `share` (0..1) of the samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] as number;
}

export const round = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** Runs `task(i)` for every i below `count`, `width` at a time; how long each took in ms and all together. */
export async function inParallel(
  count: number,
  width: number,
  task: (index: number) => Promise<void>,
): Promise<{ latenciesMs: number[]; totalMs: number }> {
  const latenciesMs: number[] = [];
  let next = 0;
  const started = performance.now();
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      const at = performance.now();
      await task(index);
      latenciesMs.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
  return { latenciesMs, totalMs: performance.now() - started };
}
