import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { definitionOf } from '../../schema/resources/lookup.ts';
import { applyControllerWrite } from './controller-write.ts';
import { MemoryTransaction } from './memory-transaction.ts';
import { run, TEST_NOW, type TestRequest, testEnvironment } from './test-kinds.ts';

const TIME = '2026-01-02T03:04:05Z';
const LATER = '2026-01-02T03:05:05Z';

let tx: MemoryTransaction;
beforeEach(() => {
  tx = new MemoryTransaction('shop', 100);
});

const environment = (now = TEST_NOW) => testEnvironment({ definition: definitionOf, now });

interface Answered {
  readonly code: number;
  readonly body: UntypedObject & { readonly message?: string };
  readonly warnings?: readonly string[];
}

function send(request: TestRequest, now?: number): Answered {
  return run(request, tx, environment(now)) as Answered;
}

function apply(manager: string, config: object, more: object = {}, now?: number): Answered {
  const { kind, metadata } = config as UntypedObject;
  return send(
    {
      verb: 'patch',
      resource: kind === 'Deployment' ? 'deployments.apps' : 'configmaps',
      name: metadata?.name ?? 'a',
      patchType: 'apply',
      body: config,
      force: false,
      fieldValidation: 'Strict',
      fieldManager: manager,
      ...more,
    },
    now,
  );
}

const box = (data: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
});
const web = (spec: object, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...spec,
  },
  ...more,
});
const ownersOf = (object: UntypedObject | undefined) =>
  object?.metadata.managedFields?.map(({ manager, operation, subresource, time }) =>
    [manager, operation, subresource, time].filter(Boolean).join(' '),
  );
const stored = () => tx.get('configmaps', 'a');

describe('an apply', () => {
  it('creates what is not there and changes nothing a second time', () => {
    const created = apply('me', box({ x: '1' }));
    expect(created).toMatchObject({
      code: 201,
      body: { metadata: { name: 'a', namespace: 'shop' }, data: { x: '1' } },
    });
    const again = apply('me', box({ x: '1' }), {}, TEST_NOW + 60_000);
    expect(again).toEqual({ code: 200, body: created.body });
    expect(tx.changes).toHaveLength(1);
  });

  it('stores nothing on a dry run', () => {
    expect(apply('me', box({ x: '1' }), { dryRun: true }).code).toBe(201);
    expect(tx.changes).toHaveLength(0);
  });

  it('fills in defaults without owning them', () => {
    const { body } = apply('me', web({}));
    expect(body['spec']).toMatchObject({ replicas: 1, strategy: { type: 'RollingUpdate' } });
    expect(JSON.stringify(body.metadata.managedFields)).not.toContain('f:replicas');
    expect(apply('you', web({ replicas: 5 })).code).toBe(200);
  });

  it('may name the state of the object it was made for', () => {
    const { resourceVersion } = apply('me', box({ x: '1' })).body.metadata;
    expect(apply('me', box({ x: '2' }, { resourceVersion: '99' }))).toMatchObject({
      code: 409,
      body: {
        message:
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      },
    });
    expect(apply('me', box({ x: '2' }, { resourceVersion })).code).toBe(200);
  });

  it('is refused to who may not create what is not there', () => {
    const createRefused = { kind: 'Status', apiVersion: 'v1', code: 403, reason: 'Forbidden', message: 'no' };
    expect(apply('me', box({ x: '1' }), { createRefused })).toMatchObject({ code: 403, body: { message: 'no' } });
    expect(tx.changes).toHaveLength(0);
    apply('me', box({ x: '1' }));
    expect(apply('me', box({ x: '2' }), { createRefused }).code).toBe(200);
  });

  it('is made of one state of the object only, where the caller says so', () => {
    const { resourceVersion } = apply('me', box({ x: '1' }), { onlyAt: '' }).body.metadata;
    expect(apply('me', box({ x: '2' }), { onlyAt: '' }).code).toBe(409);
    expect(apply('me', box({ x: '2' }), { onlyAt: '99' }).code).toBe(409);
    expect(apply('me', box({ x: '2' }), { onlyAt: resourceVersion }).code).toBe(200);
  });

  it('tells of members given twice, after everything else', () => {
    const strictError = 'yaml: twice';
    expect(apply('me', box({ x: '1' }), { strictError }).body.message).toBe('error strict decoding patch: yaml: twice');
    expect(apply('me', { ...box({}), kind: 'Other' }, { strictError }).body.message).toContain('invalid object type');
    expect(apply('me', box({ x: '1' }), { strictError, fieldValidation: 'Warn' }).warnings).toEqual([strictError]);
    expect(apply('me', box({ x: '1' }), { strictError, fieldValidation: 'Ignore' })).toMatchObject({ code: 200 });
  });

  const refusals: readonly (readonly [string, object, object, number, string])[] = [
    ['owners', box({}, { managedFields: [{}] }), {}, 400, 'metadata.managedFields must be nil'],
    ['another version', { ...box({}), apiVersion: 'v2' }, {}, 400, 'invalid object type: /v2, Kind=ConfigMap'],
    ['no version', { kind: 'ConfigMap' }, {}, 400, 'invalid object type: /, Kind=ConfigMap'],
    [
      'an unknown field',
      web({ replcas: 1 }),
      {},
      400,
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replcas: field not declared in schema',
    ],
    [
      'several mistakes',
      { ...box({ x: 1 }), more: 1 },
      {},
      400,
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): errors:\n  .data.x: expected string, got 1\n  .more: field not declared in schema',
    ],
    [
      'items with one key',
      web({ template: { spec: { containers: [{ name: 'c' }, { name: 'c' }] } } }),
      {},
      400,
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="c"]',
    ],
    ['another name', box({}), { name: 'b' }, 400, 'the name of the object (a) does not match the name on the URL (b)'],
    [
      'another namespace',
      box({}, { namespace: 'other' }),
      {},
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a uid of nothing',
      box({}, { uid: 'u' }),
      {},
      409,
      'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid u, and no existing object was found',
    ],
    ['the status of nothing', web({}), { subresource: 'status' }, 404, 'deployments.apps "web" not found'],
    [
      'the scale of nothing',
      { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' } },
      { subresource: 'scale', resource: 'deployments.apps', name: 'web' },
      404,
      'deployments.apps "web" not found',
    ],
    [
      'a list',
      [],
      {},
      400,
      'error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
  ];
  it.each(refusals)('refuses %s', (_what, config, more, code, message) => {
    const answer = apply('me', config, more);
    expect({ code: answer.code, message: answer.body.message }).toEqual({ code, message });
    expect(tx.changes).toHaveLength(0);
  });
});

describe('[SSA1] ownership', () => {
  it('is of the subresource that was written', () => {
    apply('me', web({ replicas: 1 }));
    const status = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, status: { replicas: 1 } };
    const { body } = apply('prober', status, { subresource: 'status' });
    expect(body).toMatchObject({ status: { replicas: 1 }, spec: { replicas: 1 } });
    expect(ownersOf(body)).toEqual([`me Apply ${TIME}`, `prober Apply status ${TIME}`]);
    const patch = {
      verb: 'patch',
      resource: 'deployments.apps',
      name: 'web',
      patchType: 'merge',
      force: false,
    } as const;
    const patched = send({
      ...patch,
      subresource: 'status',
      fieldValidation: 'Warn',
      body: { status: { replicas: 2 } },
    });
    expect(ownersOf(patched.body)).toEqual([`me Apply ${TIME}`, `test Update status ${TIME}`]);
  });

  it('[SSA6] moves with the replicas of a Scale', () => {
    apply('me', web({ replicas: 1 }));
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 4 } };
    const target = { resource: 'deployments.apps', name: 'web', subresource: 'scale' };
    expect(apply('scaler', scale, target).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "me": .spec.replicas',
    );
    expect(apply('scaler', scale, { ...target, force: true }).body).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 4 },
    });
    const owners = () => ownersOf(tx.get('deployments.apps', 'web'));
    expect(owners()).toEqual(['scaler Apply scale', `me Apply ${TIME}`]);
    expect(apply('me', web({ replicas: 1 })).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale": .spec.replicas',
    );
    const put = { ...scale, spec: { replicas: 6 } };
    expect(send({ verb: 'update', ...target, body: put }).code).toBe(200);
    expect(owners()).toEqual([`me Apply ${TIME}`, 'test Update scale']);
    const changes = tx.changes.length;
    expect(send({ verb: 'update', ...target, body: put }).code).toBe(200);
    expect(tx.changes).toHaveLength(changes);
  });

  it('is forgotten when asked with [{}], and not noted again', () => {
    send({ verb: 'create', resource: 'configmaps', body: box({ x: '1' }) });
    send({ verb: 'update', resource: 'configmaps', name: 'a', body: box({ x: '1' }, { managedFields: [{}] }) });
    expect(stored()?.metadata).not.toHaveProperty('managedFields');
    send({ verb: 'update', resource: 'configmaps', name: 'a', body: box({ x: '2' }) });
    expect(ownersOf(stored())).toBeUndefined();
    // Only an apply that changes the object has a time.
    expect(ownersOf(apply('me', box({ x: '2' })).body)).toEqual(['me Apply', `before-first-apply Update ${TIME}`]);
  });

  it('can be edited by JSON patch, as kubectl does when it upgrades from client-side apply', () => {
    send({ verb: 'create', resource: 'configmaps', body: box({ x: '1' }), fieldManager: 'old' });
    const managedFields = (stored()?.metadata.managedFields ?? []).map((entry) => ({
      ...entry,
      manager: 'new',
      operation: 'Apply',
    }));
    const body = [{ op: 'replace', path: '/metadata/managedFields', value: managedFields }];
    const { code } = send({
      ...{
        verb: 'patch',
        resource: 'configmaps',
        name: 'a',
        patchType: 'json',
        force: false,
        fieldValidation: 'Strict',
      },
      body,
    });
    expect([code, ownersOf(stored())]).toEqual([200, [`new Apply ${TIME}`]]);
  });

  it('keeps its time when nothing but it would change', () => {
    apply('me', web({ replicas: 1 }));
    const changes = tx.changes.length;
    // Owned as given, stored in another form: each write finds a difference that storing takes away again.
    const resources = (cpu: string) => ({
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu } } }] },
      },
    });
    apply('you', web(resources('1000m')), { force: true });
    const after = tx.get('deployments.apps', 'web');
    expect(tx.changes).toHaveLength(changes + 1);
    expect(apply('you', web(resources('1000m')), { force: true }, TEST_NOW + 60_000).code).toBe(200);
    expect(tx.get('deployments.apps', 'web')).toEqual(after);
    expect(tx.changes).toHaveLength(changes + 1);
  });

  it('has the time of the last change', () => {
    apply('me', box({ x: '1' }));
    expect(ownersOf(apply('me', box({ x: '2' }), {}, TEST_NOW + 60_000).body)).toEqual([`me Apply ${LATER}`]);
  });

  it("of all controllers is upstream's one manager's", () => {
    const env = environment();
    const object = { ...box({ x: '1' }), metadata: { name: 'a', namespace: 'shop' } } as UntypedObject;
    applyControllerWrite({ op: 'create', resource: 'configmaps', object }, 'controller:made-up', tx, env);
    expect(ownersOf(stored())).toEqual([`kube-controller-manager Update ${TIME}`]);
  });
});

describe('whatever is written by whom', () => {
  const manager = fc.constantFrom('a', 'b', 'c');
  const data = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'), { minKeys: 1 });
  const step = fc.record({ manager, data, kind: fc.constantFrom('apply', 'force', 'update') });

  it('[SSA2] [SSA3] applies are idempotent, and without force nobody who applies loses what they own', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        tx = new MemoryTransaction('shop', 100);
        const wanted = new Map<string, Record<string, string>>();
        for (const [index, { manager: who, data: given, kind }] of steps.entries()) {
          const now = TEST_NOW + index * 1000;
          if (kind === 'update' && stored()) {
            const body = { ...stored(), data: given };
            expect(send({ verb: 'update', resource: 'configmaps', name: 'a', body, fieldManager: who }, now).code).toBe(
              200,
            );
            wanted.clear();
            continue;
          }
          const { code } = apply(who, box(given), { force: kind === 'force' }, now);
          if (code === 409) continue;
          expect(code).toBeLessThan(300);
          if (kind === 'force') wanted.clear();
          wanted.set(who, given);
          for (const config of wanted.values()) expect(stored()?.['data'] ?? {}).toMatchObject(config);
          const before = tx.changes.length;
          expect(apply(who, box(given), {}, now + 500).code).toBe(200);
          expect(tx.changes).toHaveLength(before);
        }
      }),
      { numRuns: 200 },
    );
  });
});
