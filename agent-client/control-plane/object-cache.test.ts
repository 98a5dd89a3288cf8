import { expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { PollReply } from '../../schema/protocol/agent.ts';
import { ObjectCache } from './object-cache.ts';

const pod = (name: string, uid: string, resourceVersion = '1'): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'd', uid, resourceVersion },
});
const reply = (more: Partial<PollReply>): PollReply => ({
  revision: 1,
  full: false,
  objects: [],
  removed: [],
  streams: [],
  ...more,
});
const put = (...objects: UntypedObject[]): PollReply =>
  reply({ objects: objects.map((object) => ({ resource: 'pods', object })) });
const shown = (changes: ReturnType<ObjectCache['apply']>): string[] =>
  changes.map((c) => `${c.object ? '+' : '-'}${c.name}/${c.uid}`);

test('tells what is new, changed and gone, and nothing twice', () => {
  const cache = new ObjectCache();
  expect(shown(cache.apply(put(pod('a', '1'), pod('b', '2'))))).toEqual(['+a/1', '+b/2']);
  expect(shown(cache.apply(put(pod('a', '1'))))).toEqual([]);
  expect(shown(cache.apply(put(pod('a', '1', '2'))))).toEqual(['+a/1']);
  const removed = { resource: 'pods', namespace: 'd', name: 'b', uid: '2' };
  expect(shown(cache.apply(reply({ removed: [removed] })))).toEqual(['-b/2']);
  expect(shown(cache.apply(reply({ removed: [removed] })))).toEqual([]);
});

test('an object made again under its name is another one', () => {
  const cache = new ObjectCache();
  cache.apply(put(pod('a', '1')));
  expect(shown(cache.apply(put(pod('a', '9', '5'))))).toEqual(['-a/1', '+a/9']);
  const old = { resource: 'pods', namespace: 'd', name: 'a', uid: '1' };
  expect(shown(cache.apply(reply({ removed: [old] })))).toEqual([]);
  expect(cache.get('pods', 'd', 'a')?.metadata.uid).toBe('9');
});

test('what a full reply does not name is gone', () => {
  const cache = new ObjectCache();
  cache.restore([
    { resource: 'pods', object: pod('a', '1') },
    { resource: 'pods', object: pod('b', '2') },
  ]);
  expect(shown(cache.apply({ ...put(pod('b', '2'), pod('c', '3')), full: true }))).toEqual(['-a/1', '+c/3']);
  expect(cache.list('pods').map((p) => p.metadata.name)).toEqual(['b', 'c']);
});
