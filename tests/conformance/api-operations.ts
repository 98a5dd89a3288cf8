/**
 * What upstream's suite asks of most kinds ("should support … API operations"): discovery, and every
 * verb in turn with a watch running. Source: test/e2e, the tests of that name.
 */
import { expect } from 'vitest';
import type { ApiCalls } from '../clients/api-calls.ts';
import type { ResourceClient } from './resource-client.ts';

export interface ApiOperations {
  readonly calls: ApiCalls;
  readonly client: ResourceClient;
  /** Three objects, all of which carry the label `special-label: tested`; the last is the one that is changed. */
  readonly objects: readonly [object, object, object];
  /** Two statuses, the first of which is patched in and the second put; absent where the kind has none. */
  readonly statuses?: readonly [patched: object, updated: object];
}

const QUERY = { labelSelector: 'special-label=tested' };
export const LABELS = { 'special-label': 'tested' };

export async function supportsApiOperations({ calls, client, objects, statuses }: ApiOperations): Promise<void> {
  await isDiscovered(calls, client);
  const created = [];
  for (const object of objects) created.push(await client.create(object));
  const last = created[2];
  const { name, uid } = last.metadata;
  if ((objects[2] as { metadata: { name?: string } }).metadata.name)
    expect(await client.refused(409, 'POST', objects[2])).toMatchObject({ reason: 'AlreadyExists' });
  expect((await client.get(name)).metadata.uid).toBe(uid);

  const listed = await client.list(QUERY);
  expect(listed.items).toHaveLength(3);
  expect((await client.everywhere().list(QUERY)).items).toHaveLength(3);
  const since = { ...QUERY, resourceVersion: listed.metadata.resourceVersion };
  const watches = [await client.watch(since), await client.everywhere().watch(since)];

  const patched = await client.patch(name, 'merge', { metadata: { annotations: { patched: 'true' } } });
  expect(patched.metadata.annotations).toMatchObject({ patched: 'true' });
  expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(last.metadata.resourceVersion));
  const updated = await client.update(name, (object) => (object.metadata.annotations.updated = 'true'));
  expect(updated.metadata.annotations).toMatchObject({ patched: 'true', updated: 'true' });

  if (statuses) await hasStatus(client, name, uid, statuses);

  await client.delete(name);
  expect(await client.isGone(name)).toBe(true);
  expect((await client.list(QUERY)).items).toHaveLength(2);
  await client.deleteCollection(QUERY);
  expect((await client.list(QUERY)).items).toEqual([]);

  for (const watch of watches) {
    const first = await watch.next();
    expect([first.type, first.object.metadata.annotations]).toEqual(['MODIFIED', { patched: 'true' }]);
    await watch.until('MODIFIED', ({ metadata }) => metadata.annotations.updated === 'true');
    await watch.until('DELETED', ({ metadata }) => metadata.uid === uid);
    for (let others = 0; others < 2; others += 1) await watch.until('DELETED');
    watch.close();
  }
}

async function isDiscovered(calls: ApiCalls, client: ResourceClient): Promise<void> {
  const { group = '', version = 'v1', plural } = client.path;
  if (group) {
    const { json: groups } = await calls.call('GET', '/apis');
    expect(groups.groups.find(({ name }: { name: string }) => name === group)?.versions).toContainEqual({
      groupVersion: `${group}/${version}`,
      version,
    });
    const { json: one } = await calls.call('GET', `/apis/${group}`);
    expect(one.versions.map((served: { version: string }) => served.version)).toContain(version);
  }
  const { json: resources } = await calls.call('GET', client.groupVersionPath);
  const found = resources.resources.find(({ name }: { name: string }) => name === plural);
  expect(found?.verbs).toEqual(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']);
}

async function hasStatus(
  client: ResourceClient,
  name: string,
  uid: string,
  [first, second]: readonly [object, object],
): Promise<void> {
  const annotations = { patchedstatus: 'true' };
  const patched = await client.patch(name, 'merge', { metadata: { annotations }, status: first }, 'status');
  expect(patched.status).toMatchObject(first);
  expect(patched.metadata.annotations).toMatchObject(annotations);
  const updated = await client.update(name, (object) => Object.assign(object.status, second), 'status');
  expect(updated.status).toMatchObject(second);
  const read = await client.get(name, 'status');
  expect([read.metadata.uid, read.status]).toEqual([uid, updated.status]);
}
