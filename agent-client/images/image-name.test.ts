import { expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ImageInfo } from '../runtime/port.ts';
import { parseImage, withDefaultTag } from './image-name.ts';
import { imagesToRemove, trackImages } from './image-collector.ts';
import { credentialsFor } from './registry-credentials.ts';

test.each([
  ['busybox', 'docker.io', 'library/busybox', '', ''],
  ['user/app:1.2', 'docker.io', 'user/app', '1.2', ''],
  ['localhost/app', 'localhost', 'app', '', ''],
  ['reg.example:5000/a/b:v1', 'reg.example:5000', 'a/b', 'v1', ''],
  [`a@sha256:${'0'.repeat(64)}`, 'docker.io', 'library/a', '', `sha256:${'0'.repeat(64)}`],
])('%s', (name, registry, path, tag, digest) => {
  expect(parseImage(name)).toEqual({ ok: true, registry, path, tag, digest });
});

test.each(['', 'UPPER', 'a:b:c', 'a b', 'a@md5:1', '-a', 'a//b', 'a:-x'])('%j is no image name', (name) => {
  expect(parseImage(name).ok).toBe(false);
});

test('names without tag or digest get :latest', () => {
  expect(withDefaultTag('app')).toEqual({ ok: true, image: 'app:latest' });
  expect(withDefaultTag('reg:5000/app')).toEqual({ ok: true, image: 'reg:5000/app:latest' });
  expect(withDefaultTag('app:1')).toEqual({ ok: true, image: 'app:1' });
  expect(withDefaultTag('A')).toEqual({
    ok: false,
    message: `couldn't parse image name "A": invalid reference format: repository name must be lowercase`,
  });
});

const secret = (auths: unknown): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {},
  data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
});

test('pull secrets fit by registry and path, the longest first', () => {
  const auth = Buffer.from('me:secret:1').toString('base64');
  const secrets = [
    secret({
      'https://reg.example/v1/': { auth },
      'reg.example/team': { username: 'team', password: 'p' },
      'other.example': { auth },
    }),
  ];
  expect(credentialsFor('reg.example/team/app:1', secrets).map((c) => c.username)).toEqual(['team', 'me']);
  expect(credentialsFor('reg.example/app', secrets)).toMatchObject([
    { username: 'me', password: 'secret:1', serverAddress: 'reg.example' },
  ]);
  expect(credentialsFor('busybox', [secret({ 'https://index.docker.io/v1/': { auth } })])).toMatchObject([
    { username: 'me' },
  ]);
  expect(credentialsFor('a.b.example/app', [secret({ '*.b.example': { auth } })])).toHaveLength(1);
  expect(credentialsFor('busybox', secrets)).toEqual([]);
});

test('images go least recently used first, and only what may go', () => {
  const image = (id: string, more: Partial<ImageInfo> = {}): ImageInfo => ({
    id,
    tags: [],
    digests: [],
    sizeBytes: 30,
    uid: 0,
    username: '',
    pinned: false,
    ...more,
  });
  const images = [image('used'), image('old'), image('older'), image('pinned', { pinned: true }), image('young')];
  let uses = trackImages(new Map(), images.slice(0, 3), new Set(['older']), 0);
  uses = trackImages(uses, images.slice(0, 4), new Set(['old']), 100_000);
  uses = trackImages(uses, images, new Set(['used']), 200_000);
  const inUse = new Set(['used']);
  const remove = (usedBytes: number): string[] =>
    imagesToRemove(images, uses, inUse, { usedBytes, capacityBytes: 1000 }, 230_000);
  expect(remove(849)).toEqual([]);
  expect(remove(851)).toEqual(['older', 'old']);
  expect(remove(990)).toEqual(['older', 'old']);
});
