/** When a node is short of memory, disk or process ids. Pure. Source: kubelet eviction defaults. */

export interface PressureSample {
  readonly memoryAvailableBytes: number;
  readonly diskAvailableBytes: number;
  readonly diskCapacityBytes: number;
  readonly processes: number;
  readonly processesMax: number;
}

export type PressureKind = 'memory' | 'disk' | 'pid';

/** When each pressure was last seen, ms since the epoch. */
export type PressureHistory = Readonly<Partial<Record<PressureKind, number>>>;

const MEMORY_AVAILABLE_BYTES_MIN = 100 * 1024 * 1024;
const DISK_AVAILABLE_SHARE_MIN = 0.1;
const PIDS_AVAILABLE_SHARE_MIN = 0.1;
/** A pressure is shown that long after it was last seen, so that it does not flap. */
const RELEASE_MS = 300_000;

export function notePressure(history: PressureHistory, sample: PressureSample, now: number): PressureHistory {
  const low: Record<PressureKind, boolean> = {
    memory: sample.memoryAvailableBytes < MEMORY_AVAILABLE_BYTES_MIN,
    disk: sample.diskAvailableBytes < sample.diskCapacityBytes * DISK_AVAILABLE_SHARE_MIN,
    pid: sample.processesMax - sample.processes < sample.processesMax * PIDS_AVAILABLE_SHARE_MIN,
  };
  return {
    memory: low.memory ? now : history.memory,
    disk: low.disk ? now : history.disk,
    pid: low.pid ? now : history.pid,
  };
}

export const isUnder = (history: PressureHistory, kind: PressureKind, now: number): boolean => {
  const last = history[kind];
  return last !== undefined && now - last < RELEASE_MS;
};
