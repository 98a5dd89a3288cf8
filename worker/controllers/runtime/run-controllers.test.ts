import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { forbidden } from '../../../schema/meta/status.ts';
import { type Controller, type ControllerWrite, defineController } from '../controller.ts';
import { FAILED_PASSES_MAX, retryBackoffMs, WRITING_PASSES_MAX } from './run-controllers.ts';
import { TestShard } from './test-shard.ts';

const configMap = (name: string, data: Record<string, string> = {}, owner?: UntypedObject): UntypedObject => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: {
    name,
    ...(owner
      ? {
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'Secret',
              name: owner.metadata.name ?? '',
              uid: owner.metadata.uid ?? '',
              controller: true,
            },
          ],
        }
      : {}),
  },
  data,
});

const secret = (name: string): UntypedObject => ({ kind: 'Secret', apiVersion: 'v1', metadata: { name } });

/** For each Secret a ConfigMap of its name, as often as it is missing. */
const copier = (over: Partial<Controller> = {}): Controller =>
  defineController({
    name: 'copier',
    for: 'secrets',
    owns: ['configmaps'],
    reconcile(view, name) {
      const owner = view.get('secrets', name);
      if (!owner || view.get('configmaps', name)) return { writes: [] };
      return { writes: [{ op: 'create', resource: 'configmaps', object: configMap(name, {}, owner) }] };
    },
    ...over,
  });

describe('runControllers', () => {
  it('runs a controller for its own objects and for those they own', () => {
    const shard = new TestShard([copier()]);
    shard.create('secrets', secret('a'));
    shard.settle();
    expect(shard.store.get('configmaps', 'a')).toBeDefined();
    shard.remove('configmaps', 'a');
    shard.settle();
    expect(shard.store.get('configmaps', 'a')).toBeDefined();
  });

  it('leaves alone the owner of a dependent that is no controller owner or names another uid', () => {
    let passes = 0;
    const shard = new TestShard([copier({ reconcile: () => (passes++, { writes: [] }) })]);
    const owner = shard.create('secrets', secret('a'));
    shard.settle();
    const before = passes;
    const forged = configMap('b', {}, { ...owner, metadata: { ...owner.metadata, uid: 'other' } });
    shard.create('configmaps', forged);
    shard.settle();
    expect(passes).toBe(before);
  });

  it('hands back what the batch has no room for', () => {
    const shard = new TestShard([copier()]);
    for (const name of ['a', 'b', 'c']) shard.create('secrets', secret(name));
    shard.batch(1);
    expect(shard.store.list('configmaps')).toHaveLength(1);
    expect(shard.pending.length).toBeGreaterThan(0);
    shard.settle(shard.pending, 1);
    expect(shard.store.list('configmaps')).toHaveLength(3);
  });

  it('goes on with the other controllers when one throws, and retries it with back-off', () => {
    const broken = copier({
      name: 'broken',
      owns: [],
      reconcile: () => {
        throw new Error('a bug');
      },
    });
    const shard = new TestShard([broken, copier()]);
    shard.create('secrets', secret('a'));
    shard.settle();
    expect(shard.store.get('configmaps', 'a')).toBeDefined();
    expect(shard.failures).toHaveLength(1);
    expect(shard.timers.get('broken/a')).toMatchObject({ at: shard.now + 1000, failures: 1 });
    shard.advance(1000);
    expect(shard.timers.get('broken/a')).toMatchObject({ at: shard.now + 2000, failures: 2 });
  });

  it('ends a pass at the first refusal, says so once more at most, and waits', () => {
    const event = (
      name: string,
      view: { get(resource: string, name: string): UntypedObject | undefined },
    ): ControllerWrite => ({
      op: 'event',
      event: {
        type: 'Warning',
        reason: 'FailedCreate',
        message: 'no',
        component: 'copier',
        regarding: view.get('secrets', name) as UntypedObject,
      },
    });
    const shard = new TestShard([
      copier({
        reconcile: (view, name) => ({
          writes: ['x', 'y', 'z'].map((suffix) => ({
            op: 'create',
            resource: 'configmaps',
            object: configMap(`${name}-${suffix}`),
            onRefused: () => [event(name, view)],
          })),
        }),
      }),
    ]);
    shard.refuse = (write) =>
      write.op === 'create' && write.object.metadata.name === 'a-y'
        ? forbidden('configmaps', 'a-y', 'quota')
        : undefined;
    shard.create('secrets', secret('a'));
    shard.settle();
    expect(shard.store.list('configmaps').map(({ metadata }) => metadata.name)).toEqual(['a-x']);
    expect(shard.events()).toEqual(['FailedCreate: no']);
    expect(shard.failures.length).toBeLessThanOrEqual(FAILED_PASSES_MAX);
    expect(shard.timers.get('copier/a')?.at).toBe(shard.now + retryBackoffMs(1));
  });

  it('throttles a key that never stops writing', () => {
    let serial = 0;
    const restless = copier({
      name: 'restless',
      owns: [],
      reconcile: (view, name) => ({
        writes: [
          {
            op: 'update',
            resource: 'secrets',
            object: { ...(view.get('secrets', name) as UntypedObject), data: { n: String(++serial) } },
          },
        ],
      }),
    });
    const shard = new TestShard([restless]);
    shard.create('secrets', secret('a'));
    shard.settle();
    expect(serial).toBe(WRITING_PASSES_MAX);
    expect(shard.timers.get('restless/a')?.at).toBeGreaterThan(shard.now);
  });

  it('looks again when a controller asks for it, and forgets the timer when it no longer does', () => {
    const seen: number[] = [];
    const shard = new TestShard([
      copier({
        owns: [],
        reconcile(view, name, { now }) {
          seen.push(now);
          const isThere = view.get('secrets', name) !== undefined;
          return { writes: [], ...(isThere ? { requeueAt: now + 500 } : {}) };
        },
      }),
    ]);
    const start = shard.now;
    shard.create('secrets', secret('a'));
    shard.settle();
    shard.advance(1200);
    expect(seen).toEqual([start, start + 500, start + 1000]);
    shard.remove('secrets', 'a');
    shard.settle();
    expect(shard.timers.size).toBe(0);
  });

  it('runs earlier controllers to rest before later ones', () => {
    const order: string[] = [];
    const second = copier({ name: 'second', owns: [], reconcile: () => (order.push('second'), { writes: [] }) });
    const first = copier({
      name: 'first',
      reconcile(view, name, context) {
        order.push('first');
        return copier().reconcile(view, name, context);
      },
    });
    const shard = new TestShard([first, second]);
    shard.create('secrets', secret('a'));
    shard.settle();
    expect(order).toEqual(['first', 'first', 'second']);
  });

  it('counts the repeats of an event on one object and combines a flood', () => {
    const messages = ['same', 'same', ...Array.from({ length: 40 }, (_, i) => `message ${i}`)];
    const shard = new TestShard([
      copier({
        owns: [],
        reconcile: (view, name) => ({
          writes: messages.map((message) => ({
            op: 'event',
            event: {
              type: 'Normal',
              reason: 'Flood',
              message,
              component: 'copier',
              regarding: view.get('secrets', name) as UntypedObject,
            },
          })),
        }),
      }),
    ]);
    shard.create('secrets', secret('a'));
    shard.settle();
    const events = shard.store.list('events');
    expect(events.find(({ message }) => message === 'same')).toMatchObject({ count: 2 });
    expect(events).toHaveLength(10);
    expect(events.filter(({ message }) => String(message).startsWith('(combined from similar events): '))).toHaveLength(
      1,
    );
  });
});
