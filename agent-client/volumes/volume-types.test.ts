import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fail, ok, serviceUnavailable } from '../../schema/meta/status.ts';
import { testPod } from '../pods/testing-pods.ts';
import { type ProjectedFile, unsafePath, writeAtomically } from './atomic-writer.ts';
import { configMapVolume } from './config-map.ts';
import { downwardApiVolume } from './downward-api.ts';
import { emptyDirVolume } from './empty-dir.ts';
import { hostPathVolume } from './host-path.ts';
import { hostsFile } from './hosts-file.ts';
import { projectKeys } from './key-projection.ts';
import { resolveSubPath } from './sub-path.ts';
import type { VolumeContext } from './volume.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zp-volume-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = (contents: Record<string, string>, mode = 0o644): Map<string, ProjectedFile> =>
  new Map(Object.entries(contents).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));
const text = (path: string): string => readFileSync(join(folder, path), 'utf8');

describe('files that change at once', () => {
  const write = (contents: Record<string, string>, mode?: number): Promise<boolean> =>
    writeAtomically(folder, files(contents, mode), { fsGroup: undefined });

  test('appear behind one link, and a reader that holds the old set keeps it', async () => {
    expect(await write({ a: '1', 'deep/b': '2' })).toBe(true);
    expect([text('a'), text('deep/b')]).toEqual(['1', '2']);
    expect(readlinkSync(join(folder, 'a'))).toBe('..data/a');
    const first = readlinkSync(join(folder, '..data'));
    expect(await write({ a: 'one' })).toBe(true);
    expect(text('a')).toBe('one');
    expect(existsSync(join(folder, 'deep'))).toBe(false);
    expect(readlinkSync(join(folder, '..data'))).not.toBe(first);
    expect(existsSync(join(folder, first))).toBe(false);
  });

  test('stay as they are when nothing changed', async () => {
    await write({ a: '1' });
    const before = readlinkSync(join(folder, '..data'));
    expect(await write({ a: '1' })).toBe(false);
    expect(readlinkSync(join(folder, '..data'))).toBe(before);
    expect(await write({ a: '1' }, 0o400)).toBe(true);
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o400);
  });

  test('are whole again after a writer died half-way', async () => {
    await write({ a: '1' });
    mkdirSync(join(folder, '..dead'));
    symlinkSync('..dead', join(folder, '..data_tmp'));
    expect(await write({ a: '2' })).toBe(true);
    expect(text('a')).toBe('2');
  });

  test.each([
    ['', false],
    ['/a', false],
    ['a/../b', false],
    ['..a', false],
    ['a..b/c', true],
  ] as const)('the path %j is safe: %s', (path, safe) => {
    expect(unsafePath(path) === undefined).toBe(safe);
  });
});

describe('keys as files', () => {
  const contents = new Map([
    ['k', Buffer.from('v')],
    ['l', Buffer.from('w')],
  ]);
  const base = { contents, defaultMode: 0o644, optional: false, missingKey: 'references non-existent secret key' };

  test('all of them, or those asked for, with modes', () => {
    const all = projectKeys({ ...base, items: undefined });
    expect(all.ok && [...all.files.keys()]).toEqual(['k', 'l']);
    const some = projectKeys({ ...base, items: [{ key: 'k', path: 'x/y', mode: 0o400 }] });
    expect(some.ok && [...some.files].map(([path, f]) => [path, f.mode])).toEqual([['x/y', 0o400]]);
  });

  test('a missing key is an error unless optional', () => {
    const items = [{ key: 'none', path: 'p' }];
    expect(projectKeys({ ...base, items })).toEqual({ ok: false, message: 'references non-existent secret key: none' });
    expect(projectKeys({ ...base, items, optional: true })).toEqual({ ok: true, files: new Map() });
  });
});

const context = (more: Partial<VolumeContext> = {}): VolumeContext => ({
  pod: testPod({}, { labels: { app: 'x' } }),
  facts: { nodeName: 'n', hostIPs: [], podIPs: [], allocatable: {} },
  folder: join(folder, 'v'),
  fsGroup: undefined,
  memoryCapacityBytes: 2 ** 30,
  configMap: async (name) =>
    name === 'cm'
      ? {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {},
          data: { a: '1' },
          binaryData: { b: Buffer.from([0, 255]).toString('base64') },
        }
      : undefined,
  secret: async () => undefined,
  token: async () => fail(serviceUnavailable('away')),
  ...more,
});

describe('volume types', () => {
  test('configMap: text and binary, missing, optional', async () => {
    expect(await configMapVolume.setUp({ name: 'v', configMap: { name: 'cm' } }, context())).toEqual({
      ok: true,
      hostPath: join(folder, 'v'),
    });
    expect(text('v/a')).toBe('1');
    expect([...readFileSync(join(folder, 'v/b'))]).toEqual([0, 255]);
    expect(await configMapVolume.setUp({ name: 'v', configMap: { name: 'no' } }, context())).toEqual({
      ok: false,
      message: 'configmap "no" not found',
    });
    const optional = { name: 'v', configMap: { name: 'no', optional: true } };
    expect(await configMapVolume.setUp(optional, context({ folder: join(folder, 'w') }))).toMatchObject({ ok: true });
  });

  test('downwardAPI', async () => {
    const items = [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }];
    await downwardApiVolume.setUp({ name: 'v', downwardAPI: { items } }, context());
    expect(text('v/l')).toBe('app="x"');
  });

  test('emptyDir is open to all and refuses unknown media', async () => {
    await emptyDirVolume.setUp({ name: 'v', emptyDir: {} }, context());
    expect(statSync(join(folder, 'v')).mode & 0o777).toBe(0o777);
    expect(await emptyDirVolume.setUp({ name: 'v', emptyDir: { medium: 'Tape' } }, context())).toEqual({
      ok: false,
      message: 'unknown storage medium "Tape"',
    });
  });
});

describe('hostPath', () => {
  const check = async (type: string, path: string): Promise<string> => {
    const ready = await hostPathVolume.setUp(
      { name: 'v', hostPath: { path: join(folder, path), type: type as never } },
      context(),
    );
    return ready.ok ? 'ok' : ready.message.replace(folder, '');
  };

  test('each type asks for what it names', async () => {
    mkdirSync(join(folder, 'dir'));
    writeFileSync(join(folder, 'file'), '');
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await check('', 'none')).toBe('ok');
    expect(await check('Directory', 'dir')).toBe('ok');
    expect(await check('Directory', 'file')).toBe('hostPath type check failed: /file is not a directory');
    expect(await check('Directory', 'none')).toBe('hostPath type check failed: /none is not a directory');
    expect(await check('File', 'file')).toBe('ok');
    expect(await check('File', 'dir')).toBe('hostPath type check failed: /dir is not a file');
    expect(await check('Socket', 'socket')).toBe('ok');
    expect(await check('Socket', 'file')).toBe('hostPath type check failed: /file is not a socket file');
    expect(await check('CharDevice', 'file')).toBe('hostPath type check failed: /file is not a character device');
    expect(await check('BlockDevice', 'file')).toBe('hostPath type check failed: /file is not a block device');
    expect(
      await hostPathVolume.setUp({ name: 'v', hostPath: { path: '/dev/null', type: 'CharDevice' } }, context()),
    ).toMatchObject({ ok: true });
    server.close();
  });

  test('the creating types create', async () => {
    expect(await check('DirectoryOrCreate', 'new/deep')).toBe('ok');
    expect(lstatSync(join(folder, 'new/deep')).isDirectory()).toBe(true);
    expect(await check('FileOrCreate', 'new/file')).toBe('ok');
    expect(lstatSync(join(folder, 'new/file')).isFile()).toBe(true);
    expect(await check('DirectoryOrCreate', 'new/file')).toBe(
      'hostPath type check failed: /new/file is not a directory',
    );
    expect(await check('FileOrCreate', 'absent/file')).toMatch(/ENOENT/);
  });
});

describe('subPath', () => {
  test('finds what is there, makes what is not', async () => {
    mkdirSync(join(folder, 'v/a'), { recursive: true });
    const root = realpathSync(join(folder, 'v'));
    expect(await resolveSubPath(root, 'a')).toEqual({ ok: true, volumePath: root, hostPath: join(root, 'a') });
    expect(await resolveSubPath(root, 'b/c')).toEqual({ ok: true, volumePath: root, hostPath: join(root, 'b/c') });
    expect(lstatSync(join(root, 'b/c')).isDirectory()).toBe(true);
  });

  test('never leaves the volume, by dots or by links', async () => {
    mkdirSync(join(folder, 'v'));
    mkdirSync(join(folder, 'outside'));
    symlinkSync('../outside', join(folder, 'v/link'));
    symlinkSync('/etc', join(folder, 'v/etc'));
    symlinkSync('nowhere', join(folder, 'v/dangling'));
    for (const path of ['../outside', '/etc', 'link', 'link/new', 'etc/passwd', 'dangling/x']) {
      expect(await resolveSubPath(join(folder, 'v'), path), path).toMatchObject({ ok: false });
    }
    expect(existsSync(join(folder, 'outside/new'))).toBe(false);
  });
});

test('a token reaches only whom it is for', async () => {
  const { projectedVolume } = await import('./projected.ts');
  const volume = { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } };
  expect(await projectedVolume.setUp(volume, context())).toEqual({ ok: false, message: 'failed to fetch token: away' });
  if (process.getuid?.() !== 0) return;
  const token = async () => ok({ token: 'secret', expiresAt: 0 });
  const pod = testPod({ securityContext: { runAsUser: 1234 } });
  expect(await projectedVolume.setUp(volume, context({ token, pod }))).toMatchObject({ ok: true });
  const found = statSync(join(folder, 'v/t'));
  expect([found.uid, found.mode & 0o777]).toEqual([1234, 0o600]);
  const { unmountAllUnder } = await import('./tmpfs.ts');
  await unmountAllUnder(join(folder, 'v'));
  chmodSync(folder, 0o755);
});

test('/etc/hosts is the kubelet’s', () => {
  const pod = testPod({ hostname: 'h', subdomain: 'sub', hostAliases: [{ ip: '10.1.1.1', hostnames: ['a', 'b'] }] });
  expect(hostsFile(pod, ['10.0.0.5'], 'cluster.local', '')).toBe(
    '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' +
      'fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n' +
      '10.0.0.5\th.sub.default.svc.cluster.local\th\n\n# Entries added by HostAliases.\n10.1.1.1\ta\tb\n',
  );
  expect(hostsFile(testPod({ hostNetwork: true }), [], 'cluster.local', '127.0.0.1 x\n')).toBe(
    '# Kubernetes-managed hosts file (host network).\n127.0.0.1 x\n',
  );
});
