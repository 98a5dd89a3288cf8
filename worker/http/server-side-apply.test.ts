import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { apiVersionOf } from '../../schema/meta/served-version.ts';
import type { Status } from '../../schema/meta/status.ts';
import { catalog } from '../../schema/resources/catalog.ts';
import { SAMPLE_OBJECTS, sampleNameOf } from './sample-objects.ts';
import { TestServer } from './test-server.ts';

interface Applied {
  readonly code: number;
  readonly text: string;
  readonly object: UntypedObject;
  readonly status: Status;
}

async function apply(server: TestServer, path: string, manager: string, body: object, query = ''): Promise<Applied> {
  const response = await server.request(`PATCH ${path}?fieldManager=${manager}&fieldValidation=Strict${query}`, {
    body,
    headers: { 'content-type': 'application/apply-patch+yaml' },
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
    },
  );
});
