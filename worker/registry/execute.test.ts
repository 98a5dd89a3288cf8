import { beforeEach, describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { forbidden } from '../../schema/meta/status.ts';
import { openAdmission } from './environment.ts';
import { MemoryTransaction } from './memory-transaction.ts';
import { run, type TestRequest, testEnvironment } from './test-kinds.ts';

let tx: MemoryTransaction;
beforeEach(() => {
  tx = new MemoryTransaction('shop', 101);
});

const box = (name: string, more: object = {}) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, ...more },
  data: { a: '1' },
});
const create = (resource: string, body: object): UntypedObject =>
  run({ verb: 'create', resource, body }, tx).body as UntypedObject;

interface FailureRow {
  readonly title: string;
  readonly before?: readonly TestRequest[];
  readonly request: TestRequest;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

const failures: readonly FailureRow[] = [
  {
    title: 'a name that is taken',
    before: [{ verb: 'create', resource: 'configmaps', body: box('a') }],
    request: { verb: 'create', resource: 'configmaps', body: box('a') },
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "a" already exists',
  },
  {
    title: 'a name that is taken by an object being deleted',
    before: [
      { verb: 'create', resource: 'configmaps', body: box('a', { finalizers: ['example.com/x'] }) },
      { verb: 'delete', resource: 'configmaps', name: 'a' },
    ],
    request: { verb: 'create', resource: 'configmaps', body: box('a') },
    code: 409,
    reason: 'AlreadyExists',
    message: 'object is being deleted: configmaps "a" already exists',
  },
  {
    title: 'another namespace than the URL says',
    request: { verb: 'create', resource: 'configmaps', body: box('a', { namespace: 'other' }) },
    code: 400,
    reason: 'BadRequest',
    message: 'the namespace of the provided object does not match the namespace sent on the request',
  },
  {
    title: 'a resourceVersion on a new object',
    request: { verb: 'create', resource: 'configmaps', body: box('a', { resourceVersion: '5' }) },
    code: 400,
    reason: 'BadRequest',
    message: 'resourceVersion should not be set on objects to be created',
  },
  {
    title: 'an object without name',
    request: { verb: 'create', resource: 'configmaps', body: { metadata: {} } },
    code: 422,
    reason: 'Invalid',
    message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  },
  {
    title: 'an invalid object, with the kind in its group',
    request: {
      verb: 'create',
      resource: 'deployments.apps',
      body: { metadata: { name: 'web' }, spec: { replicas: -1 } },
    },
    code: 422,
    reason: 'Invalid',
    message: 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  },
  {
    title: 'an update of what is not there',
    request: { verb: 'update', resource: 'configmaps', name: 'a', body: box('a') },
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "a" not found',
  },
  {
    title: 'an update under another name',
    request: { verb: 'update', resource: 'configmaps', name: 'b', body: box('a') },
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (a) does not match the name on the URL (b)',
  },
  {
    title: 'an update without name',
    request: { verb: 'update', resource: 'configmaps', name: 'b', body: { metadata: {} } },
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (b based on URL) was undeterminable: name must be provided',
  },
  {
    title: 'a stale resourceVersion',
    before: [{ verb: 'create', resource: 'configmaps', body: box('a') }],
    request: { verb: 'update', resource: 'configmaps', name: 'a', body: box('a', { resourceVersion: '7' }) },
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
  },
  {
    title: 'an update of another incarnation',
    before: [{ verb: 'create', resource: 'configmaps', body: box('a') }],
    request: { verb: 'update', resource: 'configmaps', name: 'a', body: box('a', { uid: 'other' }) },
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/shop/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: uid-1',
  },
  {
    title: 'an unconditional update of a kind that allows none',
    before: [{ verb: 'create', resource: 'leases.coordination.k8s.io', body: { metadata: { name: 'l' } } }],
    request: { verb: 'update', resource: 'leases.coordination.k8s.io', name: 'l', body: { metadata: { name: 'l' } } },
    code: 422,
    reason: 'Invalid',
    message:
      'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  },
  {
    title: 'a delete of what is not there',
    request: { verb: 'delete', resource: 'deployments.apps', name: 'web' },
    code: 404,
    reason: 'NotFound',
    message: 'deployments.apps "web" not found',
  },
  {
    title: 'a delete of another incarnation',
    before: [{ verb: 'create', resource: 'deployments.apps', body: { metadata: { name: 'web' } } }],
    request: { verb: 'delete', resource: 'deployments.apps', name: 'web', options: { preconditions: { uid: 'x' } } },
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on Deployment.apps "web": the UID in the precondition (x) does not match the UID in record (uid-1). The object might have been deleted and then recreated',
  },
  {
    title: 'a delete of an older state',
    before: [{ verb: 'create', resource: 'configmaps', body: box('a') }],
    request: {
      verb: 'delete',
      resource: 'configmaps',
      name: 'a',
      options: { preconditions: { resourceVersion: '1' } },
    },
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (101). The object might have been modified',
  },
  {
    title: 'a Scale below zero',
    before: [{ verb: 'create', resource: 'deployments.apps', body: { metadata: { name: 'web' } } }],
    request: {
      verb: 'update',
      resource: 'deployments.apps',
      subresource: 'scale',
      name: 'web',
      body: { metadata: { name: 'web' }, spec: { replicas: -2 } },
    },
    code: 422,
    reason: 'Invalid',
    message: 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -2: must be greater than or equal to 0',
  },
  {
    title: 'a subresource the kind does not have',
    request: { verb: 'update', resource: 'configmaps', subresource: 'status', name: 'a', body: box('a') },
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  },
];

describe('refusals', () => {
  for (const row of failures) {
    it(`refuses ${row.title}`, () => {
      const env = testEnvironment();
      for (const request of row.before ?? []) run(request, tx, env);
      const written = tx.changes.length;
      const { code, body } = run(row.request, tx, env);
      expect({
        code,
        reason: (body as { reason: string }).reason,
        message: (body as { message: string }).message,
      }).toEqual({
        code: row.code,
        reason: row.reason,
        message: row.message,
      });
      expect(tx.changes).toHaveLength(written);
    });
  }
});

describe('create', () => {
  it('sets the system fields and answers the stored object', () => {
    const { code, body } = run(
      {
        verb: 'create',
        resource: 'configmaps',
        body: box('a', { uid: 'mine', creationTimestamp: '2000-01-01T00:00:00Z' }),
      },
      tx,
    );
    expect(code).toBe(201);
    expect(body).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {
        name: 'a',
        namespace: 'shop',
        uid: 'uid-1',
        resourceVersion: '101',
        creationTimestamp: '2026-01-02T03:04:05Z',
        managedFields: [
          {
            manager: 'test',
            operation: 'Update',
            apiVersion: 'v1',
            time: '2026-01-02T03:04:05Z',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } },
          },
        ],
      },
      data: { a: '1' },
    });
  });

  it('draws a name, again while it is taken', () => {
    create('configmaps', box('web-xxxx1'));
    const { body } = run({ verb: 'create', resource: 'configmaps', body: { metadata: { generateName: 'web-' } } }, tx);
    expect((body as UntypedObject).metadata.name).toBe('web-xxxx2');
  });

  it('gives up after eight taken names', () => {
    create('configmaps', box('web-same0'));
    const { code, body } = run(
      { verb: 'create', resource: 'configmaps', body: { metadata: { generateName: 'web-' } } },
      tx,
      testEnvironment({ randomSuffix: () => 'same0' }),
    );
    expect(code).toBe(409);
    expect(body).toMatchObject({
      reason: 'AlreadyExists',
      message:
        'configmaps "web-same0" already exists, the server was not able to generate a unique name for the object',
      details: { retryAfterSeconds: 1 },
    });
  });

  it('cuts a long generateName so that the name fits', () => {
    const { body } = run(
      { verb: 'create', resource: 'configmaps', body: { metadata: { generateName: 'a'.repeat(80) } } },
      tx,
    );
    expect((body as UntypedObject).metadata.name).toBe(`${'a'.repeat(58)}xxxx1`);
  });

  it('starts at generation 1, defaulted and prepared', () => {
    expect(create('deployments.apps', { metadata: { name: 'web' }, status: { replicas: 9 } })).toMatchObject({
      metadata: { generation: 1 },
      spec: { replicas: 1 },
      status: {},
    });
  });

  it('drops repeated ownerReferences with a warning', () => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
    const { body, warnings } = run(
      { verb: 'create', resource: 'configmaps', body: box('a', { ownerReferences: [owner, owner] }) },
      tx,
    );
    expect((body as UntypedObject).metadata.ownerReferences).toEqual([owner]);
    expect(warnings?.[0]).toContain('duplicate UID(s) observed: u');
  });

  it('writes nothing on a dry run', () => {
    const { code, body } = run({ verb: 'create', resource: 'configmaps', body: box('a'), dryRun: true }, tx);
    expect(code).toBe(201);
    expect((body as UntypedObject).metadata).not.toHaveProperty('resourceVersion');
    expect(tx.changes).toEqual([]);
  });

  it('asks admission first to change, then to judge', () => {
    const asked: string[] = [];
    const env = testEnvironment({
      admission: {
        admit(attributes) {
          asked.push(`admit ${attributes.operation} ${attributes.name}`);
          if (attributes.object) (attributes.object as UntypedObject).data = { changed: 'yes' };
          return undefined;
        },
        validate(attributes) {
          asked.push(`validate ${attributes.name}`);
          return forbidden('configmaps', attributes.name, 'no');
        },
      },
    });
    const { code } = run(
      { verb: 'create', resource: 'configmaps', body: { metadata: { generateName: 'a-' } } },
      tx,
      env,
    );
    expect(code).toBe(403);
    expect(asked).toEqual(['admit CREATE ', 'validate a-xxxx1']);
  });
});

describe('update', () => {
  it('overwrites without resourceVersion where that is allowed', () => {
    create('configmaps', box('a'));
    const { code, body } = run(
      { verb: 'update', resource: 'configmaps', name: 'a', body: { ...box('a'), data: { b: '2' } } },
      tx,
    );
    expect(code).toBe(200);
    expect(body).toMatchObject({ metadata: { resourceVersion: '102', uid: 'uid-1' }, data: { b: '2' } });
  });

  it('keeps the resourceVersion when nothing changes', () => {
    const stored = create('configmaps', box('a'));
    const { body } = run({ verb: 'update', resource: 'configmaps', name: 'a', body: stored }, tx);
    expect((body as UntypedObject).metadata.resourceVersion).toBe('101');
    expect(tx.changes).toHaveLength(1);
  });

  it('raises the generation for the spec, not for labels or status', () => {
    const stored = create('deployments.apps', { metadata: { name: 'web' } });
    const labelled = run(
      {
        verb: 'update',
        resource: 'deployments.apps',
        name: 'web',
        body: { ...stored, metadata: { ...stored.metadata, labels: { a: 'b' } } },
      },
      tx,
    ).body as UntypedObject;
    expect(labelled.metadata.generation).toBe(1);
    const scaled = run(
      { verb: 'update', resource: 'deployments.apps', name: 'web', body: { ...labelled, spec: { replicas: 3 } } },
      tx,
    ).body as UntypedObject;
    expect(scaled.metadata.generation).toBe(2);
    const reported = run(
      {
        verb: 'update',
        resource: 'deployments.apps',
        subresource: 'status',
        name: 'web',
        body: { ...scaled, spec: {}, status: { replicas: 3 } },
      },
      tx,
    ).body as UntypedObject;
    expect(reported).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 3 } });
  });

  it('creates by PUT where the kind allows it', () => {
    const { code, body } = run(
      { verb: 'update', resource: 'leases.coordination.k8s.io', name: 'l', body: { metadata: { name: 'l' } } },
      tx,
    );
    expect(code).toBe(201);
    expect(body).toMatchObject({ metadata: { name: 'l', uid: 'uid-1' } });
  });

  it('creates by PUT only for those who may create', () => {
    const createRefused = forbidden('leases.coordination.k8s.io', 'l', 'no');
    const { code } = run(
      {
        verb: 'update',
        resource: 'leases.coordination.k8s.io',
        name: 'l',
        body: { metadata: { name: 'l' } },
        createRefused,
      },
      tx,
    );
    expect(code).toBe(403);
  });

  it('passes warnings on', () => {
    const stored = create('deployments.apps', { metadata: { name: 'web' } });
    const { warnings } = run(
      { verb: 'update', resource: 'deployments.apps', name: 'web', body: { ...stored, spec: { replicas: 13 } } },
      tx,
    );
    expect(warnings).toEqual(['spec.replicas: thirteen']);
  });

  it('removes a deleted object with its last finalizer', () => {
    create('configmaps', box('a', { finalizers: ['example.com/x'] }));
    const deleting = run({ verb: 'delete', resource: 'configmaps', name: 'a' }, tx).body as UntypedObject;
    expect(deleting.metadata).toMatchObject({
      deletionTimestamp: '2026-01-02T03:04:05Z',
      deletionGracePeriodSeconds: 0,
    });
    const { code, body } = run(
      {
        verb: 'update',
        resource: 'configmaps',
        name: 'a',
        body: { ...deleting, metadata: { ...deleting.metadata, finalizers: [] } },
      },
      tx,
    );
    expect(code).toBe(200);
    expect(body).toMatchObject({ kind: 'ConfigMap' });
    expect(tx.get('configmaps', 'a')).toBeUndefined();
  });
});

describe('scale', () => {
  beforeEach(() => {
    create('deployments.apps', { metadata: { name: 'web' }, spec: { replicas: 2 } });
  });

  it('answers the Scale and raises the generation', () => {
    const { code, body } = run(
      {
        verb: 'update',
        resource: 'deployments.apps',
        subresource: 'scale',
        name: 'web',
        body: { metadata: { name: 'web', resourceVersion: '101' }, spec: { replicas: 5 } },
      },
      tx,
    );
    expect(code).toBe(200);
    expect(body).toEqual({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: {
        name: 'web',
        namespace: 'shop',
        uid: 'uid-1',
        resourceVersion: '102',
        creationTimestamp: '2026-01-02T03:04:05Z',
      },
      spec: { replicas: 5 },
      status: { replicas: 0, selector: 'app=web' },
    });
    expect(tx.get('deployments.apps', 'web')?.metadata.generation).toBe(2);
  });

  it('conflicts on a stale resourceVersion', () => {
    const { code } = run(
      {
        verb: 'update',
        resource: 'deployments.apps',
        subresource: 'scale',
        name: 'web',
        body: { metadata: { name: 'web', resourceVersion: '1' }, spec: { replicas: 5 } },
      },
      tx,
    );
    expect(code).toBe(409);
  });
});

describe('delete', () => {
  it('answers a Status when the object is gone', () => {
    create('deployments.apps', { metadata: { name: 'web' } });
    const { code, body } = run({ verb: 'delete', resource: 'deployments.apps', name: 'web' }, tx);
    expect(code).toBe(200);
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'web', group: 'apps', kind: 'deployments', uid: 'uid-1' },
    });
    expect(tx.changes.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
  });

  it('marks for foreground and orphan propagation', () => {
    for (const [policy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      create('deployments.apps', { metadata: { name: policy.toLowerCase() } });
      const { body } = run(
        {
          verb: 'delete',
          resource: 'deployments.apps',
          name: policy.toLowerCase(),
          options: { propagationPolicy: policy },
        },
        tx,
      );
      expect((body as UntypedObject).metadata).toMatchObject({
        finalizers: [finalizer],
        generation: 2,
        deletionGracePeriodSeconds: 0,
      });
    }
  });

  it('answers 202 when orphanDependents is false and the object stays', () => {
    create('configmaps', box('a', { finalizers: ['example.com/x'] }));
    expect(
      run({ verb: 'delete', resource: 'configmaps', name: 'a', options: { orphanDependents: false } }, tx).code,
    ).toBe(202);
  });

  it('gives a grace period, which can only be shortened', () => {
    create('pods', { metadata: { name: 'p' } });
    const first = run({ verb: 'delete', resource: 'pods', name: 'p' }, tx).body as UntypedObject;
    expect(first.metadata).toMatchObject({
      deletionTimestamp: '2026-01-02T03:04:35Z',
      deletionGracePeriodSeconds: 30,
      generation: 2,
    });
    const longer = run({ verb: 'delete', resource: 'pods', name: 'p', options: { gracePeriodSeconds: 60 } }, tx)
      .body as UntypedObject;
    expect(longer.metadata).toEqual(first.metadata);
    const shorter = run({ verb: 'delete', resource: 'pods', name: 'p', options: { gracePeriodSeconds: 5 } }, tx)
      .body as UntypedObject;
    expect(shorter.metadata).toMatchObject({
      deletionTimestamp: '2026-01-02T03:04:10Z',
      deletionGracePeriodSeconds: 5,
      generation: 2,
    });
    run({ verb: 'delete', resource: 'pods', name: 'p', options: { gracePeriodSeconds: 0 } }, tx);
    expect(tx.get('pods', 'p')).toBeUndefined();
    expect(tx.changes.at(-1)?.object.metadata.deletionGracePeriodSeconds).toBe(0);
  });

  it('treats a negative grace period as one second', () => {
    create('pods', { metadata: { name: 'p' } });
    const { body } = run({ verb: 'delete', resource: 'pods', name: 'p', options: { gracePeriodSeconds: -7 } }, tx);
    expect((body as UntypedObject).metadata.deletionGracePeriodSeconds).toBe(1);
  });

  it('removes at once with grace 0 and answers the object', () => {
    create('pods', { metadata: { name: 'p' } });
    const { body } = run({ verb: 'delete', resource: 'pods', name: 'p', options: { gracePeriodSeconds: 0 } }, tx);
    expect(body).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 0 } });
    expect(tx.get('pods', 'p')).toBeUndefined();
  });

  it('keeps a finalized object with grace 0 until its finalizers are gone', () => {
    create('pods', { metadata: { name: 'p', finalizers: ['example.com/x'] } });
    run({ verb: 'delete', resource: 'pods', name: 'p', options: { gracePeriodSeconds: 0 } }, tx);
    expect(tx.get('pods', 'p')?.metadata.deletionGracePeriodSeconds).toBe(0);
    const written = tx.changes.length;
    run({ verb: 'delete', resource: 'pods', name: 'p' }, tx);
    expect(tx.changes).toHaveLength(written);
  });

  it('holds a namespace until its spec.finalizers are gone', () => {
    tx = new MemoryTransaction('', 101);
    create('namespaces', { metadata: { name: 'shop' } });
    const deleting = run({ verb: 'delete', resource: 'namespaces', name: 'shop' }, tx).body as UntypedObject;
    expect(deleting).toMatchObject({
      metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' },
      status: { phase: 'Terminating' },
    });
    expect(run({ verb: 'delete', resource: 'namespaces', name: 'shop' }, tx).body).toEqual(deleting);
    run(
      {
        verb: 'update',
        resource: 'namespaces',
        subresource: 'finalize',
        name: 'shop',
        body: { ...deleting, spec: { finalizers: [] } },
      },
      tx,
    );
    expect(tx.get('namespaces', 'shop')).toBeUndefined();
  });

  it('changes nothing on a dry run', () => {
    create('pods', { metadata: { name: 'p' } });
    const { body } = run({ verb: 'delete', resource: 'pods', name: 'p', dryRun: true }, tx);
    expect((body as UntypedObject).metadata.deletionGracePeriodSeconds).toBe(30);
    expect(tx.changes).toHaveLength(1);
  });
});

describe('deletecollection', () => {
  beforeEach(() => {
    create('configmaps', box('a', { labels: { app: 'web' } }));
    create('configmaps', box('b'));
  });

  it('deletes what the selectors choose and answers the list of it', () => {
    const { code, body } = run({ verb: 'deletecollection', resource: 'configmaps', labelSelector: 'app=web' }, tx);
    expect(code).toBe(200);
    expect(body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1', items: [{ metadata: { name: 'a' } }] });
    expect((body as { items: object[] }).items[0]).not.toHaveProperty('kind');
    expect(tx.list('configmaps').map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  it('deletes nothing when one of them may not be', () => {
    const env = testEnvironment({
      admission: {
        ...openAdmission,
        validate: ({ name }) => (name === 'b' ? forbidden('configmaps', 'b', 'kept') : undefined),
      },
    });
    expect(run({ verb: 'deletecollection', resource: 'configmaps' }, tx, env).code).toBe(403);
    expect(tx.list('configmaps')).toHaveLength(2);
  });
});

describe('patch', () => {
  const patch = (patchType: string, name: string, body: unknown, more: object = {}) =>
    run(
      {
        verb: 'patch',
        resource: 'deployments.apps',
        name,
        patchType,
        body,
        force: false,
        fieldValidation: 'Strict',
        ...more,
      },
      tx,
    );
  const labels = { metadata: { labels: { app: 'web' } } };

  beforeEach(() => {
    create('deployments.apps', {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'web' },
      spec: { replicas: 2 },
    });
  });

  it('merges, replaces and follows operations', () => {
    expect(patch('merge', 'web', labels).body).toMatchObject({
      metadata: { labels: { app: 'web' }, generation: 1, resourceVersion: '102' },
      spec: { replicas: 2 },
    });
    expect(patch('strategic', 'web', { spec: { replicas: 3 } }).body).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 3 },
    });
    expect(patch('json', 'web', [{ op: 'replace', path: '/spec/replicas', value: 4 }]).body).toMatchObject({
      spec: { replicas: 4 },
    });
  });

  it('defaults what a patch takes away', () => {
    expect(patch('merge', 'web', { spec: { replicas: null } }).body).toMatchObject({ spec: { replicas: 1 } });
  });

  it('writes nothing when nothing changes', () => {
    expect(patch('merge', 'web', { spec: { replicas: 2 } }).code).toBe(200);
    expect(tx.changes).toHaveLength(1);
  });

  it('patches status and scale under their own rules', () => {
    expect(
      patch('merge', 'web', { spec: { replicas: 9 }, status: { replicas: 2 } }, { subresource: 'status' }).body,
    ).toMatchObject({
      spec: { replicas: 2 },
      status: { replicas: 2 },
    });
    expect(patch('merge', 'web', { spec: { replicas: 7 } }, { subresource: 'scale' }).body).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 7 },
    });
    expect(tx.get('deployments.apps', 'web')).toMatchObject({ spec: { replicas: 7 } });
  });

  const refusals: readonly (readonly [string, string, string, unknown, number, string])[] = [
    ['a missing object', 'merge', 'gone', labels, 404, 'deployments.apps "gone" not found'],
    [
      'a stale resourceVersion',
      'merge',
      'web',
      { metadata: { resourceVersion: '1' } },
      409,
      'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'another name',
      'merge',
      'web',
      { metadata: { name: 'api' } },
      400,
      'the name of the object (api) does not match the name on the URL (web)',
    ],
    [
      'another namespace',
      'merge',
      'web',
      { metadata: { namespace: 'other' } },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'another uid',
      'merge',
      'web',
      { metadata: { uid: 'x' } },
      422,
      'Deployment.apps "web" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    ],
    [
      'an operation that does not apply',
      'json',
      'web',
      [{ op: 'remove', path: '/nope' }],
      422,
      'the server rejected our request due to an error in our request',
    ],
    [
      'an invalid outcome',
      'merge',
      'web',
      { spec: { replicas: -1 } },
      422,
      'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['an apply of another kind', 'apply', 'web', labels, 400, 'invalid object type: /, Kind='],
  ];
  it.each(refusals)('refuses %s', (_title, patchType, name, body, code, message) => {
    const answer = patch(patchType, name, body);
    expect({ code: answer.code, message: (answer.body as { message: string }).message }).toEqual({ code, message });
    expect(tx.changes).toHaveLength(1);
  });

  it('refuses unknown fields strictly, or warns', () => {
    const strict = patch('merge', 'web', { spec: { colour: 'red' } });
    expect(strict.code).toBe(422);
    expect((strict.body as { message: string }).message).toContain(
      'strict decoding error: unknown field "spec.colour"',
    );
    expect(patch('merge', 'web', { spec: { colour: 'red' } }, { fieldValidation: 'Warn' }).warnings).toEqual([
      'unknown field "spec.colour"',
    ]);
  });
});
