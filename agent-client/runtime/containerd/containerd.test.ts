import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerdConfig, containerdPaths } from './containerd-config.ts';
import { buildImage, digestOf, writeOciArchive } from './oci-image.ts';
import { pauseProgram } from './pause-image.ts';
import { TarFile, writeTar } from './tar.ts';

test('an archive is read back, and by tar too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zp-tar-'));
  const long = `${'d'.repeat(80)}/${'f'.repeat(80)}`;
  const file = join(folder, 'a.tar');
  writeFileSync(
    file,
    writeTar([
      { path: 'dir', mode: 0o755, directory: true },
      { path: 'dir/a', mode: 0o644, content: Buffer.from('hello') },
      { path: 'link', mode: 0o777, link: 'dir/a' },
      { path: long, mode: 0o600, content: Buffer.alloc(1000, 'x') },
    ]),
  );
  const tar = new TarFile(file);
  expect(tar.text('dir/a')).toBe('hello');
  expect(tar.size(long)).toBe(1000);
  expect(tar.read('dir/a', 1, 3).toString()).toBe('ell');
  expect(tar.text('none')).toBeUndefined();
  tar.close();
  expect(execFileSync('tar', ['tf', file], { encoding: 'utf8' }).trim().split('\n')).toEqual([
    'dir/',
    'dir/a',
    'link',
    long,
  ]);
  writeFileSync(file, 'no archive at all');
  expect(() => new TarFile(file)).toThrow('not a tar archive');
  rmSync(folder, { recursive: true });
});

test('an image is made of what it names', () => {
  const image = buildImage({
    name: 'docker.io/library/x:1',
    files: [{ path: 'a', mode: 0o755, content: Buffer.from('a') }],
    entrypoint: ['/a'],
    architecture: 'amd64',
  });
  const manifest = JSON.parse(image.manifest.content.toString());
  expect([manifest.config.digest, manifest.layers[0].digest]).toEqual(image.blobs.map((b) => b.digest));
  for (const blob of image.blobs) expect(digestOf(blob.content)).toBe(blob.digest);
  const archive = writeOciArchive([image]);
  expect(writeOciArchive([image]).equals(archive)).toBe(true);
});

test('the pause program is small and ignores its children', () => {
  const program = pauseProgram();
  expect(program.length).toBeLessThan(200);
  expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
});

test('a socket’s path fits where the kernel wants it', () => {
  expect(containerdPaths('/var/lib/zp').socket).toBe('/var/lib/zp/containerd/containerd.sock');
  const long = containerdPaths(`/${'x'.repeat(120)}`).socket;
  expect(long).toMatch(/^\/run\/zeroplane\/[0-9a-f]{16}\.sock$/);
});

test('the configuration knows the traps', () => {
  const config = containerdConfig(containerdPaths('/d'), 'pause:1');
  for (const setting of [
    'restrict_oom_score_adj = true',
    'sandbox_image = "pause:1"',
    'netns_mounts_under_state_dir = true',
    'root = "/d/containerd/root"',
  ]) {
    expect(config).toContain(setting);
  }
});
