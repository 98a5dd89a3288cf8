import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { apiVersionOf } from '../../../schema/meta/served-version.ts';
import type { Status } from '../../../schema/meta/status.ts';
import { catalog } from '../../../schema/resources/catalog.ts';
import { SAMPLE_OBJECTS, sampleNameOf } from './sample-objects.ts';
import { TestServer } from './test-server.ts';

interface Applied {
  readonly code: number;
  readonly text: string;
  readonly object: UntypedObject;
  readonly status: Status;
}

async function apply(
  server: TestServer,
  path: string,
  manager: string,
  body: object,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Applied> {
  const response = await server.request(`PATCH ${path}?fieldManager=${manager}&fieldValidation=Strict${query}`, {
    body,
    headers: { 'content-type': 'application/apply-patch+yaml', ...headers },
  });
  const text = await response.text();
  return { code: response.status, text, object: JSON.parse(text), status: JSON.parse(text) };
}

const managersOf = ({ metadata }: UntypedObject) =>
  metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`);

describe('every kind', () => {
  it.each(catalog.map((definition) => [definition.key, definition] as const))(
    '%s is applied by several managers',
    async (key, definition) => {
      const server = new TestServer();
      const name = sampleNameOf(key);
      const { group, version, scope, plural, kind } = definition;
      const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
      const path = `${root}/${scope === 'Namespaced' ? 'namespaces/shop/' : ''}${plural}/${name}`;
      const base = { kind, apiVersion: apiVersionOf(definition) };
      const config = (metadata: object) => ({ ...base, metadata: { name, ...metadata }, ...SAMPLE_OBJECTS[key] });

      const mine = config({ labels: { tier: 'front' }, annotations: { owner: 'a' } });
      const created = await apply(server, path, 'a', mine);
      expect(created.code, created.text).toBe(201);
      expect(managersOf(created.object)).toEqual(['a Apply']);
      const again = await apply(server, path, 'a', mine);
      expect([again.code, again.text]).toEqual([200, created.text]);

      const theirs = { ...base, metadata: { name, annotations: { owner: 'b' } } };
      const refused = await apply(server, path, 'b', theirs);
      expect(refused.status).toMatchObject({
        code: 409,
        reason: 'Conflict',
        message: 'Apply failed with 1 conflict: conflict with "a": .metadata.annotations.owner',
        details: {
          causes: [
            { reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.metadata.annotations.owner' },
          ],
        },
      });

      const forced = await apply(server, path, 'b', theirs, '&force=true');
      expect(forced.code, forced.text).toBe(200);
      expect(forced.object.metadata.annotations).toMatchObject({ owner: 'b' });
      expect(managersOf(forced.object)).toEqual(['a Apply', 'b Apply']);

      const less = await apply(server, path, 'a', config({}));
      expect(less.object.metadata.labels?.['tier'], less.text).toBeUndefined();
      expect(less.object.metadata.annotations).toMatchObject({ owner: 'b' });
      const none = await apply(server, path, 'b', { ...base, metadata: { name } });
      expect(none.code, none.text).toBe(200);
      expect(none.object.metadata.annotations?.['owner'], none.text).toBeUndefined();
      expect(managersOf(none.object) ?? []).not.toContain('b Apply');

      if (definition.status) {
        const nothing = { ...base, metadata: { name }, status: {} };
        const status = await apply(server, `${path}/status`, 'c', nothing);
        expect(status.code, status.text).toBe(200);
        expect(managersOf(status.object)).toContain('c Apply');
        expect((await apply(server, `${path}/status`, 'c', nothing)).text).toBe(status.text);
      }
    },
  );
});

describe('every further version', () => {
  const versions = catalog.flatMap((definition) =>
    definition.alsoServed.map(
      (served) => [`${definition.key} in ${apiVersionOf(served)}`, definition, served] as const,
    ),
  );
  it.each(versions)('%s is applied beside the stored one', async (_title, definition, served) => {
    const server = new TestServer();
    const { key, kind, plural, scope } = definition;
    const name = sampleNameOf(key);
    const pathIn = ({ group, version }: { readonly group: string; readonly version: string }) =>
      `${group ? `/apis/${group}/${version}` : `/api/${version}`}/${scope === 'Namespaced' ? 'namespaces/shop/' : ''}${plural}/${name}`;
    const config = { kind, apiVersion: apiVersionOf(definition), metadata: { name }, ...SAMPLE_OBJECTS[key] };
    expect((await apply(server, pathIn(definition), 'a', config)).code).toBe(201);

    const path = pathIn(served);
    const nothing = { body: {}, headers: { 'content-type': 'application/merge-patch+json' } };
    const shown = (await (await server.request(`PATCH ${path}`, nothing)).json()) as UntypedObject;
    expect(shown.apiVersion).toBe(apiVersionOf(served));
    const { status: _status, ...rest } = shown;
    const same = await apply(server, path, 'b', { ...rest, metadata: { name } });
    expect(same.code, same.text).toBe(200);
    expect(same.object).toEqual({ ...shown, metadata: same.object.metadata });
    expect(same.object.metadata.managedFields?.map(({ apiVersion }) => apiVersion).sort()).toEqual(
      [apiVersionOf(definition), apiVersionOf(served)].sort(),
    );
    expect((await apply(server, path, 'b', { ...rest, metadata: { name } })).text).toBe(same.text);
    // Who applies is the same in every version.
    const moved = await apply(server, path, 'a', { ...rest, metadata: { name } });
    expect(managersOf(moved.object)?.sort(), moved.text).toEqual(['a Apply', 'b Apply']);
    const stored = await apply(server, pathIn(definition), 'a', config);
    expect(stored.code, stored.text).toBe(200);
  });
});

describe('every kind with a scale', () => {
  it.each(catalog.filter(({ scale }) => scale).map((definition) => [definition.key, definition] as const))(
    '%s passes its replicas on',
    async (key, definition) => {
      const server = new TestServer();
      const { group, version, plural, kind } = definition;
      const path = `${group ? `/apis/${group}/${version}` : `/api/${version}`}/namespaces/shop/${plural}/a`;
      const base = { kind, apiVersion: apiVersionOf(definition), metadata: { name: 'a' } };
      const sample = SAMPLE_OBJECTS[key] as { readonly spec: object };
      const config = { ...base, ...sample, spec: { ...sample.spec, replicas: 0 } };
      expect((await apply(server, path, 'a', config)).code).toBe(201);

      const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'a' }, spec: { replicas: 2 } };
      const refused = await apply(server, `${path}/scale`, 'b', scale);
      expect(refused.status.message).toBe('Apply failed with 1 conflict: conflict with "a": .spec.replicas');
      const forced = await apply(server, `${path}/scale`, 'b', scale, '&force=true');
      expect(forced.object, forced.text).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } });
      expect((await apply(server, path, 'a', config)).status.message).toBe(
        'Apply failed with 1 conflict: conflict with "b" with subresource "scale": .spec.replicas',
      );
    },
  );
});

describe('what has many items', () => {
  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const owner = (index: number) => ({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: `u${index}` });
  const container = { name: 'c', image: 'i' };
  const large: readonly (readonly [string, string, object])[] = [
    [
      'owners',
      'configmaps',
      { kind: 'ConfigMap', metadata: { name: 'a', ownerReferences: [...many(15_000, owner), owner(0)] } },
    ],
    [
      'tolerations',
      'pods',
      {
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: { containers: [container], tolerations: many(20_000, (i) => ({ key: `k${i}`, operator: 'Exists' })) },
      },
    ],
    [
      'variables',
      'pods',
      {
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: { containers: [{ ...container, env: many(20_000, (i) => ({ name: `E${i}`, value: 'x' })) }] },
      },
    ],
  ];
  it.each(large)('is written in time: %s', { timeout: 20_000 }, async (what, plural, object) => {
    const server = new TestServer();
    const path = `/api/v1/namespaces/shop/${plural}`;
    const body = { apiVersion: 'v1', ...object };
    expect((await server.request(`POST ${path}`, { body })).status).toBe(201);
    const { code, status } = await apply(server, `${path}/a`, 'a', body);
    if (what === 'owners') expect(status.message).toContain('duplicate entries for key [uid="u0"]');
    else expect(code).toBe(200);
  });
});

describe('who applies', () => {
  const RBAC = '/apis/rbac.authorization.k8s.io/v1';
  const path = `${RBAC}/namespaces/shop/roles/mine`;
  const role = (...verbs: string[]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'mine' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
  });
  const JANE = { 'impersonate-user': 'jane' };

  async function serverWhereJaneMay(...verbs: string[]): Promise<TestServer> {
    const server = new TestServer();
    const rules = [
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs },
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    ];
    await server.request(`POST ${RBAC}/clusterroles`, { body: { metadata: { name: 'jane' }, rules } });
    const binding = {
      metadata: { name: 'jane' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'jane' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
    };
    await server.request(`POST ${RBAC}/clusterrolebindings`, { body: binding });
    return server;
  }

  it('must be allowed to create what is not there', async () => {
    const server = await serverWhereJaneMay('patch', 'get');
    const refused = await apply(server, path, 'me', role('get'), '', JANE);
    expect(refused.status).toMatchObject({
      code: 403,
      message:
        'roles.rbac.authorization.k8s.io "mine" is forbidden: User "jane" cannot create resource "roles" in API group "rbac.authorization.k8s.io" in the namespace "shop"',
    });
    expect((await apply(server, path, 'me', role('get'))).code).toBe(201);
    expect((await apply(server, path, 'me', role('get'), '', JANE)).code).toBe(200);
  });

  it('cannot grant more than they have, and owns what they apply', async () => {
    const server = await serverWhereJaneMay('patch', 'create');
    const created = await apply(server, path, 'me', role('get'), '', JANE);
    expect([created.code, managersOf(created.object)], created.text).toEqual([201, ['me Apply']]);
    const refused = await apply(server, path, 'me', role('get', 'delete'), '', JANE);
    expect(refused.status.code).toBe(403);
    expect(refused.status.message).toContain('is attempting to grant RBAC permissions not currently held');
    expect((await apply(server, path, 'me', role('get'), '', JANE)).text).toBe(created.text);
  });
});
