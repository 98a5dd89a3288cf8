import { env } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { systemUser } from '../../schema/protocol/user-info.ts';
import type { ListRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import { type Env, shardName } from '../env.ts';

const bindings = env as unknown as Env;
const shard = (namespace: string, cluster = 'default') => bindings.SHARD.get(bindings.SHARD.idFromName(shardName(cluster, namespace)));
const base = { resource: 'configmaps', apiVersion: 'v1', namespace: 'default', user: systemUser('test'), dryRun: false, fieldManager: 'test' };
const create = (name: string): WriteRequest => ({
  ...base,
  verb: 'create',
  body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } }),
});
const list: ListRequest = {
  ...base,
  verb: 'list',
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
};

describe('a shard', () => {
  it('stores and lists', async () => {
    await shard('').ready();
    const answer = await shard('default').write(create('one'));
    expect(answer).toMatchObject({ code: 201 });
    const listed = await shard('default').read(list);
    console.log(listed.body);
    const names = (JSON.parse(listed.body) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
    expect(names).toContain('one');
    const hub = bindings.HUB.get(bindings.HUB.idFromName('default'));
    console.log((await hub.list({ ...list, namespace: '' })).body.slice(0, 500));
    console.log(await hub.revision());
  });
});
