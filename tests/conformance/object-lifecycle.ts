/** Steps that many of upstream's conformance tests share, over plain HTTPS. */
import { expect } from 'vitest';
import { type ApiCalls, type Answer, eventually } from '../clients/api-calls.ts';

export const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
export const STRATEGIC_PATCH = { 'content-type': 'application/strategic-merge-patch+json' };
export const JSON_PATCH = { 'content-type': 'application/json-patch+json' };

/** The answer's object; fails with what the server said when it refused. */
export function done(answer: Answer): Answer['json'] {
  expect(answer.code, answer.text).toBeLessThan(300);
  return answer.json;
}

export const create = async (calls: ApiCalls, collection: string, body: object) =>
  done(await calls.call('POST', collection, { body }));

export const get = async (calls: ApiCalls, path: string) => done(await calls.call('GET', path));

export const list = async (calls: ApiCalls, collection: string, labelSelector = '') =>
  (await get(calls, `${collection}?labelSelector=${encodeURIComponent(labelSelector)}`)).items as Answer['json'][];

/** Reads, changes and replaces, again when somebody else was quicker. */
export async function replace(
  calls: ApiCalls,
  path: string,
  change: (object: Answer['json']) => void,
): Promise<Answer['json']> {
  const [base = ''] = path.split('/status');
  return eventually(`an update of ${path}`, async () => {
    const object = await get(calls, base);
    change(object);
    const answer = await calls.call('PUT', path, { body: object });
    return answer.code === 409 ? undefined : done(answer);
  });
}

/** Waits until the selector finds nothing. */
export const gone = (calls: ApiCalls, collection: string, labelSelector: string) =>
  eventually(
    `the end of ${labelSelector}`,
    async () => ((await list(calls, collection, labelSelector)).length === 0 ? true : undefined),
    30_000,
  );

/** Discovery's three levels name the group, its version and these resources. */
export async function expectDiscovered(
  calls: ApiCalls,
  group: string,
  version: string,
  resources: readonly string[],
): Promise<void> {
  const { groups } = await get(calls, '/apis');
  expect(groups.find(({ name }: { name: string }) => name === group)?.versions).toContainEqual({
    groupVersion: `${group}/${version}`,
    version,
  });
  expect((await get(calls, `/apis/${group}`)).versions).toContainEqual({
    groupVersion: `${group}/${version}`,
    version,
  });
  const names = (await get(calls, `/apis/${group}/${version}`)).resources.map(({ name }: { name: string }) => name);
  for (const resource of resources) expect(names).toContain(resource);
}

export interface LifecycleCase {
  readonly collection: string;
  /** Without metadata. */
  readonly object: object;
  readonly generateName?: string;
  readonly patchHeaders?: Readonly<Record<string, string>>;
}

/**
 * Create, get, patch a label, list by it, delete, create another, update its label, delete the
 * collection by it: the course of upstream's `… lifecycle` tests.
 */
export async function expectLifecycle(calls: ApiCalls, tested: LifecycleCase): Promise<void> {
  const { collection, object, generateName = 'e2e-', patchHeaders = STRATEGIC_PATCH } = tested;
  const made = await create(calls, collection, { metadata: { generateName }, ...object });
  const name: string = made.metadata.name;
  const read = await get(calls, `${collection}/${name}`);
  expect(read.metadata.uid).toBe(made.metadata.uid);

  const labels = { metadata: { labels: { [name]: 'patched' } } };
  const patched = done(await calls.call('PATCH', `${collection}/${name}`, { body: labels, headers: patchHeaders }));
  expect(patched.metadata.labels[name]).toBe('patched');
  expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(read.metadata.resourceVersion));
  expect(await list(calls, collection, `${name}=patched`)).toHaveLength(1);
  done(await calls.call('DELETE', `${collection}/${name}`));
  await gone(calls, collection, `${name}=patched`);

  const other: string = (await create(calls, collection, { metadata: { generateName }, ...object })).metadata.name;
  const updated = await replace(calls, `${collection}/${other}`, (current) => {
    current.metadata.labels = { [other]: 'updated' };
  });
  expect(updated.metadata.labels[other]).toBe('updated');
  expect(await list(calls, collection, `${other}=updated`)).toHaveLength(1);
  done(await calls.call('DELETE', `${collection}?labelSelector=${other}%3Dupdated`));
  await gone(calls, collection, `${other}=updated`);
}
