import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../../schema/meta/resource.ts';
import { catalog } from '../../../schema/resources/catalog.ts';
import { applyConfiguration } from './apply-configuration.ts';
import { trackedUpdate } from './track-update.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const TIME = '2026-01-02T03:04:05Z';

interface Step {
  readonly manager: string;
  readonly object: object;
  readonly force?: boolean;
  readonly subresource?: string;
  readonly now?: number;
}

const kindCalled = (key: string) => catalog.find((definition) => definition.key === key) as ResourceDefinition;
const deployments = kindCalled('deployments.apps');
const configMaps = kindCalled('configmaps');

function kindOf(object: object) {
  return (object as UntypedObject).kind === 'Deployment' ? deployments : configMaps;
}

function write(step: Step) {
  const definition = kindOf(step.object);
  const { apiVersion } = step.object as UntypedObject;
  return { definition, apiVersion, subresource: step.subresource ?? '', manager: step.manager, now: step.now ?? NOW };
}

function apply(live: UntypedObject | undefined, step: Step) {
  return applyConfiguration({ ...write(step), live, config: step.object as UntypedObject, force: step.force ?? false });
}

/** The object without what a Go struct's encoding leaves out: null and empty members. */
function encoded(object: UntypedObject): UntypedObject {
  const isNothing = (value: unknown) =>
    value === null || (typeof value === 'object' && Object.keys(value as object).length === 0);
  const text = JSON.stringify(object, (_key, value: unknown) => (isNothing(value) ? undefined : value));
  return JSON.parse(text) as UntypedObject;
}

/** The object as stored after an apply that must succeed. */
function applied(live: UntypedObject | undefined, step: Step): UntypedObject {
  const result = apply(live, step);
  if (!result.ok) throw new Error(result.status.message);
  const { managedFields } = result.value;
  const object = encoded(result.value.object);
  const metadata = { ...object.metadata, uid: 'u', ...(managedFields ? { managedFields } : {}) };
  return { ...object, metadata };
}

function updated(live: UntypedObject | undefined, step: Step): UntypedObject {
  const next = structuredClone(step.object) as UntypedObject;
  const managedFields = trackedUpdate(write(step), live, next);
  const { managedFields: _given, ...metadata } = next.metadata;
  return { ...next, metadata: { ...metadata, uid: 'u', ...(managedFields ? { managedFields } : {}) } };
}

const map = (data: Record<string, string>, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', ...metadata },
  data,
});
const deployment = (spec: object, metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});
const ownersOf = (object: UntypedObject) =>
  Object.fromEntries((object.metadata.managedFields ?? []).map((entry) => [entry.manager, entry.fieldsV1]));

describe('an update', () => {
  it('[SSA1] owns what it creates, as upstream shows it', () => {
    const spec = {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'nginx', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
      },
    };
    const created = updated(undefined, { manager: 'kubectl-create', object: deployment(spec) });
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: TIME,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"c"}': {
                    '.': {},
                    'f:image': {},
                    'f:name': {},
                    'f:ports': {
                      '.': {},
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                    },
                    'f:resources': {},
                  },
                },
              },
            },
          },
        },
      },
    ]);
  });

  it('takes over what it changes and leaves the rest; nothing changes for a write without changes', () => {
    const first = updated(undefined, { manager: 'a', object: map({ x: '1', y: '1' }) });
    const second = updated(first, { manager: 'b', object: map({ x: '2', y: '1' }), now: NOW + 60_000 });
    expect(ownersOf(second)).toEqual({
      a: { 'f:data': { '.': {}, 'f:y': {} } },
      b: { 'f:data': { 'f:x': {} } },
    });
    const again = trackedUpdate({ ...write({ manager: 'c', object: second }) }, second, structuredClone(second));
    expect(again).toBe(second.metadata.managedFields);
  });

  it('forgets all owners when asked with [{}], and then tracks none', () => {
    const first = updated(undefined, { manager: 'a', object: map({ x: '1' }) });
    const reset = updated(first, { manager: 'b', object: map({ x: '2' }, { managedFields: [{}] }) });
    expect(reset.metadata.managedFields).toBeUndefined();
    expect(updated(reset, { manager: 'b', object: map({ x: '3' }) }).metadata.managedFields).toBeUndefined();
  });

  it('keeps ten updaters and merges the oldest', () => {
    let live = updated(undefined, { manager: 'm0', object: map({ k0: '1' }) });
    const data: Record<string, string> = { k0: '1' };
    for (let i = 1; i <= 11; i++) {
      data[`k${i}`] = '1';
      live = updated(live, { manager: `m${i}`, object: map({ ...data }), now: NOW + i * 1000 });
    }
    const names = live.metadata.managedFields?.map(({ manager }) => manager);
    expect(names).toHaveLength(10);
    expect(names?.[0]).toBe('ancient-changes');
    expect(ownersOf(live)['ancient-changes']).toEqual({ 'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {} } });
  });
});

describe('an apply', () => {
  it('creates what is missing', () => {
    const live = applied(undefined, { manager: 'me', object: map({ x: '1' }) });
    expect(live.data).toEqual({ x: '1' });
    expect(live.metadata.managedFields).toEqual([
      {
        manager: 'me',
        operation: 'Apply',
        apiVersion: 'v1',
        time: TIME,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {} } },
      },
    ]);
  });

  it('conflicts with who owns another value, in upstream\u2019s words', () => {
    const live = updated(undefined, { manager: 'kubectl-client-side-apply', object: deployment({ replicas: 3 }) });
    const refused = apply(live, { manager: 'me', object: deployment({ replicas: 5 }) });
    expect(refused).toMatchObject({
      ok: false,
      status: {
        code: 409,
        reason: 'Conflict',
        message:
          'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
        details: {
          causes: [
            {
              reason: 'FieldManagerConflict',
              message: 'conflict with "kubectl-client-side-apply" using apps/v1',
              field: '.spec.replicas',
            },
          ],
        },
      },
    });
  });

  it('tells all conflicts by owner', () => {
    const first = applied(undefined, { manager: 'one', object: map({ x: '1', y: '1' }) });
    const refused = apply(first, { manager: 'me', object: map({ x: '2', y: '2' }) });
    expect(refused).toMatchObject({
      status: { message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y' },
    });
  });

  it('takes over by force', () => {
    const live = updated(undefined, { manager: 'a', object: deployment({ replicas: 3, paused: true }) });
    const forced = applied(live, { manager: 'me', object: deployment({ replicas: 5 }), force: true });
    expect(forced.spec).toMatchObject({ replicas: 5, paused: true });
    expect(ownersOf(forced)).toEqual({ a: { 'f:spec': { 'f:paused': {} } }, me: { 'f:spec': { 'f:replicas': {} } } });
  });

  it('[SSA4] removes what it no longer applies, but not what others own too', () => {
    const mine = applied(undefined, { manager: 'me', object: map({ x: '1', y: '1', z: '1' }) });
    const ours = applied(mine, { manager: 'you', object: map({ y: '1' }) });
    const less = applied(ours, { manager: 'me', object: map({ x: '1' }) });
    expect(less.data).toEqual({ x: '1', y: '1' });
    expect(ownersOf(less)).toEqual({ me: { 'f:data': { 'f:x': {} } }, you: { 'f:data': { 'f:y': {} } } });
  });

  it('changes nothing, no time either, when it is repeated later', () => {
    const first = applied(undefined, { manager: 'me', object: map({ x: '1' }) });
    const second = applied(first, { manager: 'me', object: map({ x: '1' }), now: NOW + 3_600_000 });
    expect(second.metadata.managedFields).toEqual(first.metadata.managedFields);
  });

  it('gives what an object without owners holds to an owner of its own', () => {
    const live = { ...map({ x: '1', y: '1' }), metadata: { name: 'a', namespace: 'shop', uid: 'u' } } as UntypedObject;
    const after = applied(live, { manager: 'me', object: map({ x: '1' }) });
    expect(ownersOf(after)).toEqual({
      'before-first-apply': { 'f:data': { '.': {}, 'f:x': {}, 'f:y': {} } },
      me: { 'f:data': { 'f:x': {} } },
    });
  });

  it('lets kubectl take over what it applied from the client, and keeps its annotation up to date', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const metadata = { annotations: { [annotation]: JSON.stringify(map({ x: '1' })) } };
    const live = updated(undefined, { manager: 'kubectl-client-side-apply', object: map({ x: '1' }, metadata) });
    const after = applied(live, { manager: 'kubectl', object: map({ x: '2' }) });
    expect(after.data).toEqual({ x: '2' });
    expect(after.metadata.annotations?.[annotation]).toBe(
      '{"apiVersion":"v1","data":{"x":"2"},"kind":"ConfigMap","metadata":{"name":"a","namespace":"shop"}}\n',
    );
    expect(apply(live, { manager: 'other', object: map({ x: '2' }) }).ok).toBe(false);
  });

  it('owns no fields that its subresource puts back', () => {
    const live = applied(undefined, { manager: 'me', object: deployment({ replicas: 1 }) });
    const object = { ...deployment({ replicas: 9 }), status: { replicas: 2 } };
    const after = applied(live, { manager: 'status-writer', object, subresource: 'status' });
    expect(ownersOf(after)['status-writer']).toEqual({ 'f:status': { 'f:replicas': {} } });
  });

  const refusals: readonly { readonly title: string; readonly object: object; readonly message: string }[] = [
    {
      title: 'managedFields of its own',
      object: map({}, { managedFields: [{ manager: 'x' }] }),
      message: 'metadata.managedFields must be nil',
    },
    {
      title: 'unknown fields',
      object: { ...deployment({ replcas: 1 }) },
      message:
        'failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replcas: field not declared in schema',
    },
    {
      title: 'repeated items',
      object: deployment({ template: { spec: { containers: [{ name: 'c' }, { name: 'c' }] } } }),
      message:
        'failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="c"]',
    },
  ];
  it.each(refusals)('refuses $title', ({ object, message }) => {
    expect(apply(undefined, { manager: 'me', object })).toMatchObject({ ok: false, status: { code: 400, message } });
  });
});

// Empty maps are left out: a Go struct does not keep them, so upstream takes them for new each time.
const members = (...names: string[]) =>
  fc.dictionary(fc.constantFrom(...names), fc.constantFrom('1', '2'), { minKeys: 1 });
const finalizers = fc.uniqueArray(fc.constantFrom('f/a', 'f/b', 'f/c'), { minLength: 1 });
const metadata = fc.record({ labels: members('x', 'y', 'z'), finalizers }, { requiredKeys: [] });
const step = fc.record({
  manager: fc.constantFrom('one', 'two', 'three'),
  isApply: fc.boolean(),
  object: fc.tuple(members('a', 'b', 'c', 'd'), metadata).map(([data, meta]) => map(data, meta) as UntypedObject),
});

/** The object after steps, conflicts overruled. */
function history(steps: readonly { manager: string; isApply: boolean; object: UntypedObject }[]) {
  let live: UntypedObject | undefined;
  for (const { isApply, ...each } of steps) {
    live = isApply ? applied(live, { ...each, force: true }) : updated(live, each);
  }
  return live;
}

describe('applies in any order', () => {
  it('[SSA2] are idempotent', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), step, (before, last) => {
        const config = { manager: last.manager, object: last.object, force: true };
        const once = applied(history(before), config);
        const twice = applied(once, { ...config, now: NOW + 3_600_000 });
        expect(twice.data ?? {}).toEqual(once.data ?? {});
        expect(ownersOf(twice)).toEqual(ownersOf(once));
      }),
    );
  });

  it('[SSA3] never take from others what they own, unless forced to change it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), step, (before, last) => {
        const live = history(before);
        const result = apply(live, { manager: 'newcomer', object: last.object });
        if (!result.ok) {
          expect(result.status.reason).toBe('Conflict');
          return;
        }
        const owners = ownersOf({
          ...result.value.object,
          metadata: { managedFields: result.value.managedFields ?? [] },
        });
        for (const [manager, fields] of Object.entries(live ? ownersOf(live) : {})) {
          expect(owners[manager]).toEqual(fields);
        }
      }),
    );
  });

  it('give an applier the very values it applies', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), step, (before, last) => {
        const after = applied(history(before), { manager: last.manager, object: last.object, force: true });
        expect(after.data ?? {}).toMatchObject(last.object.data as object);
        expect(after.metadata.labels ?? {}).toMatchObject(last.object.metadata.labels ?? {});
      }),
    );
  });
});
