import { expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { flowControlKeepers, flowSchemaStatusController, initialFlowControl } from './flow-control.ts';
import { TestShard } from './runtime/test-shard.ts';

const SCHEMAS = 'flowschemas.flowcontrol.apiserver.k8s.io';
const LEVELS = 'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io';
const ANNOTATION = 'apf.kubernetes.io/autoupdate-spec';

const schema = (name: string, level: string): UntypedObject => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'FlowSchema',
  metadata: { name },
  spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence: 7 },
});

const level = (name: string): UntypedObject => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'PriorityLevelConfiguration',
  metadata: { name },
  spec: { type: 'Limited' },
});

const danglingOf = (shard: TestShard, name: string) =>
  (shard.store.get(SCHEMAS, name)?.['status'] as { conditions?: object[] } | undefined)?.conditions;

it('a FlowSchema says whether its level exists', () => {
  const shard = new TestShard([flowSchemaStatusController]);
  shard.create(SCHEMAS, schema('a', 'gold'));
  shard.settle();
  const name = 'This FlowSchema references the PriorityLevelConfiguration object named "gold"';
  expect(danglingOf(shard, 'a')).toEqual([
    {
      type: 'Dangling',
      status: 'True',
      reason: 'NotFound',
      message: `${name} but there is no such object`,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ]);
  shard.create(LEVELS, level('gold'));
  shard.settle();
  expect(danglingOf(shard, 'a')).toMatchObject([
    { status: 'False', reason: 'Found', message: `${name} and it exists` },
  ]);
  const writes = shard.writes.length;
  shard.change(SCHEMAS, 'a', ({ metadata }) => {
    metadata.labels = { x: 'y' };
  });
  shard.settle();
  expect(shard.writes).toHaveLength(writes + 1);
  shard.remove(LEVELS, 'gold');
  shard.settle();
  expect(danglingOf(shard, 'a')).toMatchObject([{ status: 'True' }]);
});

function configured(): TestShard {
  const shard = new TestShard(flowControlKeepers);
  for (const { resource, objects } of initialFlowControl())
    for (const object of objects) shard.create(resource, object);
  shard.settle();
  return shard;
}

it('what every cluster has is made again', () => {
  const shard = configured();
  shard.remove(LEVELS, 'exempt');
  shard.remove(SCHEMAS, 'probes');
  shard.settle();
  expect(shard.store.get(LEVELS, 'exempt')).toMatchObject({ spec: { type: 'Exempt' } });
  expect(shard.store.get(SCHEMAS, 'probes')).toMatchObject({ metadata: { annotations: { [ANNOTATION]: 'true' } } });
});

it('what is suggested stays so until its annotation says otherwise', () => {
  const shard = configured();
  const setQueues = (annotation: string | undefined): unknown => {
    shard.change<UntypedObject & { spec: object }>(LEVELS, 'system', (object) => {
      object.spec = { type: 'Limited' };
      object.metadata.generation = 2;
      object.metadata.annotations = annotation === undefined ? {} : { [ANNOTATION]: annotation };
    });
    shard.settle();
    return shard.store.get(LEVELS, 'system')?.['spec'];
  };
  expect(setQueues('true')).toMatchObject({ limited: { nominalConcurrencyShares: 30 } });
  expect(setQueues('false')).toEqual({ type: 'Limited' });
  expect(setQueues(undefined)).toEqual({ type: 'Limited' });
  expect(shard.store.get(LEVELS, 'system')?.metadata.annotations).toEqual({ [ANNOTATION]: 'false' });
});
