import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogStreamRequest } from '../../schema/protocol/agent.ts';
import type { ContainerDetails, ContainerSummary, Runtime } from '../runtime/port.ts';
import { containerLogs } from './container-logs.ts';
import { parseCriLogLine } from './cri-log-line.ts';
import { oldestFirst } from './log-rotation.ts';
import { lastLogText, tailOffset } from './log-tail.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zp-logs-'));
  path = join(folder, '0.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (second: number): string => `2026-11-21T12:00:${String(second).padStart(2, '0')}.123456789Z`;
const line = (second: number, text: string, tag = 'F', stream = 'stdout'): string =>
  `${at(second)} ${stream} ${tag} ${text}\n`;

const details = (more: Partial<ContainerDetails> = {}): ContainerDetails => ({
  id: 'c0',
  sandboxId: 's',
  name: 'main',
  attempt: 0,
  state: 'exited',
  createdAt: 0,
  imageRef: '',
  labels: { 'io.kubernetes.container.name': 'main' },
  annotations: {},
  startedAt: 0,
  finishedAt: 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: '',
  mounts: [],
  logPath: path,
  ...more,
});

/** Only what logs ask of a runtime. */
function runtimeOf(...containers: ContainerDetails[]): Runtime {
  const partial: Pick<Runtime, 'listContainers' | 'containerDetails'> = {
    listContainers: async (): Promise<ContainerSummary[]> => containers,
    containerDetails: async (id) => containers.find((c) => c.id === id) as ContainerDetails,
  };
  return partial as Runtime;
}

const REQUEST: LogStreamRequest = {
  kind: 'logs',
  id: 'x',
  namespace: 'd',
  pod: 'web',
  uid: 'u',
  container: 'main',
  follow: false,
  previous: false,
  timestamps: false,
};

const WHEN = { now: () => Date.parse(at(10)), signal: new AbortController().signal, waiting: () => undefined };

async function read(more: Partial<LogStreamRequest> = {}, runtime = runtimeOf(details())): Promise<string> {
  const outcome = await containerLogs(runtime, { ...REQUEST, ...more }, WHEN);
  if (!outcome.ok) return `${outcome.status.code} ${outcome.status.message}`;
  const parts: Uint8Array[] = [];
  for await (const part of outcome.parts) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('a container’s log', () => {
  test('is its lines without their prefix, parts joined', async () => {
    writeFileSync(
      path,
      line(1, 'one') + line(2, 'tw', 'P') + line(2, 'o', 'F') + line(3, 'three', 'F', 'stderr') + line(4, ''),
    );
    expect(await read()).toBe('one\ntwo\nthree\n\n');
    expect(await read({ timestamps: true })).toBe(`${at(1)} one\n${at(2)} two\n${at(3)} three\n${at(4)} \n`);
  });

  test('tail, since and limit cut it', async () => {
    writeFileSync(path, Array.from({ length: 10 }, (_, i) => line(i, `l${i}`)).join(''));
    expect(await read({ tailLines: 2 })).toBe('l8\nl9\n');
    expect(await read({ tailLines: 0 })).toBe('');
    expect(await read({ tailLines: 99 })).toMatch(/^l0\n/);
    expect(await read({ sinceSeconds: 2 })).toBe('l8\nl9\n');
    expect(await read({ sinceTime: at(9) })).toBe('l9\n');
    expect(await read({ limitBytes: 4 })).toBe('l0\nl');
  });

  test('says why there is none', async () => {
    expect(await read({}, runtimeOf())).toBe('404 pods "web" not found');
    const waiting = async (reason: string | undefined): Promise<string> => {
      const outcome = await containerLogs(runtimeOf(), REQUEST, { ...WHEN, waiting: () => reason });
      return outcome.ok ? '' : `${outcome.status.code} ${outcome.status.message}`;
    };
    const wait = '400 container "main" in pod "web" is waiting to start: ';
    expect(await waiting('ContainerCreating')).toBe(`${wait}ContainerCreating`);
    expect(await waiting('ImagePullBackOff')).toBe(`${wait}trying and failing to pull image`);
    expect(await waiting('ErrImagePull')).toBe(`${wait}image can't be pulled`);
    expect(await waiting(undefined)).toBe('404 pods "web" not found');
    expect(await read({ previous: true })).toBe('400 previous terminated container "main" in pod "web" not found');
    expect(await read()).toBe('');
  });

  test('previous is the one that ended before', async () => {
    const old = join(folder, 'old.log');
    writeFileSync(old, line(1, 'old'));
    writeFileSync(path, line(2, 'new'));
    const before = details({ id: 'c0', logPath: old });
    const running = details({ id: 'c1', attempt: 1, state: 'running', createdAt: 1 });
    expect(await read({ previous: true }, runtimeOf(running, before))).toBe('old\n');
    expect(await read({ previous: true }, runtimeOf({ ...running, state: 'exited' }, before))).toBe('old\n');
    expect(await read({}, runtimeOf(running, before))).toBe('new\n');
  });

  test('followed, it goes on over a rotation until the container ends', async () => {
    writeFileSync(path, line(1, 'one'));
    const container = { ...details(), state: 'running' as ContainerDetails['state'] };
    const followed = read({ follow: true }, runtimeOf(container));
    await new Promise((resolve) => setTimeout(resolve, 50));
    appendFileSync(path, line(2, 'two'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    renameSync(path, `${path}.20261121`);
    writeFileSync(path, line(3, 'three'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    appendFileSync(path, line(4, 'four'));
    container.state = 'exited';
    expect(await followed).toBe('one\ntwo\nthree\nfour\n');
  });
});

test('the end of a large file is found without reading it all', async () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => line(1, `${i} ${'x'.repeat(i % 200)}`));
  writeFileSync(path, lines.join(''));
  const offset = await tailOffset(path, 3);
  expect(offset).toBe(Buffer.byteLength(lines.slice(0, -3).join('')));
  expect(await lastLogText(path, 2, 10_000)).toBe(`4998 ${'x'.repeat(198)}\n4999 ${'x'.repeat(199)}\n`);
  expect(await lastLogText(path, 2, 5)).toBe('xxxx\n');
  expect(await lastLogText(join(folder, 'none'), 2, 5)).toBe('');
});

test('lines that are not a runtime’s are left out', () => {
  expect(parseCriLogLine(Buffer.from('nonsense'))).toBeUndefined();
  expect(parseCriLogLine(Buffer.from('t stdin F x'))).toBeUndefined();
  expect(parseCriLogLine(Buffer.from('t stdout F'))).toMatchObject({ content: Buffer.alloc(0), partial: false });
  expect(parseCriLogLine(Buffer.from('t stdout P:x a b'))).toMatchObject({
    content: Buffer.from('a b'),
    partial: true,
  });
});

test('the oldest turned logs go', () => {
  const files = [
    '0.log',
    '0.log.20260101-1',
    '0.log.20260103-1',
    '0.log.20260102-1',
    '0.log.20260104-1',
    '0.log.20260105-1',
    '1.log.2',
  ];
  expect(oldestFirst(files, '0.log')).toEqual(['0.log.20260101-1']);
});
