/** What this machine is: capacity, identity, addresses. Read once at start. */
import { createSocket } from 'node:dgram';
import { readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, hostname, networkInterfaces, platform, release, totalmem } from 'node:os';
import type { PressureSample } from './pressure.ts';

export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** Go's names: `amd64`, `linux`. */
  readonly architecture: string;
  readonly operatingSystem: string;
  readonly hostname: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Not every system has every file; the field is then empty, as upstream's.
    return '';
  }
}

function osImage(): string {
  const line = /^PRETTY_NAME="?(.*?)"?$/m.exec(textOf('/etc/os-release'));
  return line?.[1] ?? platform();
}

function storageBytes(folder: string): number {
  try {
    const fs = statfsSync(folder);
    return fs.blocks * fs.bsize;
  } catch {
    return 0;
  }
}

export function readMachine(dataDir: string): Machine {
  return {
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    storageBytes: storageBytes(dataDir),
    machineID: textOf('/etc/machine-id'),
    systemUUID: textOf('/sys/class/dmi/id/product_uuid') || textOf('/etc/machine-id'),
    bootID: textOf('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: osImage(),
    architecture: ARCHITECTURES[arch()] ?? arch(),
    operatingSystem: platform(),
    hostname: hostname(),
  };
}

/** How short the machine is of things now; what cannot be read counts as plenty. */
export function samplePressure(folder: string): PressureSample {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(textOf('/proc/meminfo'));
  const [, running] = /\/(\d+) /.exec(textOf('/proc/loadavg')) ?? [];
  let disk = { available: 1, capacity: 1 };
  try {
    const fs = statfsSync(folder);
    disk = { available: fs.bavail * fs.bsize, capacity: fs.blocks * fs.bsize };
  } catch {
    // The folder's file system is gone; what needs it will say so.
  }
  return {
    memoryAvailableBytes: available ? Number(available[1]) * 1024 : Number.POSITIVE_INFINITY,
    diskAvailableBytes: disk.available,
    diskCapacityBytes: disk.capacity,
    processes: Number(running ?? 0),
    processesMax: Number(textOf('/proc/sys/kernel/pid_max')) || Number.POSITIVE_INFINITY,
  };
}

/** The address by which this machine reaches the server; its first outside one when that is itself. */
export async function nodeAddress(server: URL): Promise<string> {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((a) => !a.internal && a.family === 'IPv4')?.address;
  const towards = await localAddressTo(server.hostname.replace(/^\[|\]$/g, ''));
  return towards && !towards.startsWith('127.') ? towards : (outside ?? '127.0.0.1');
}

/** Connecting a datagram socket sends nothing but chooses a route. */
function localAddressTo(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (address: string | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => end(undefined));
    socket.connect(53, host, () => end(socket.address().address));
  });
}
