import { describe, expect, it } from 'vitest';
import { catalog } from '../../../schema/resources/catalog.ts';
import { apiVersionOf } from '../../../schema/meta/served-version.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { SAMPLE_OBJECTS, sampleNameOf } from './sample-objects.ts';
import { TestServer } from './test-server.ts';

const collectionOf = ({ group, version, scope, plural }: (typeof catalog)[number]): string => {
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  return scope === 'Namespaced' ? `${root}/namespaces/shop/${plural}` : `${root}/${plural}`;
};

describe('every kind', () => {
  it.each(catalog.map((definition) => [definition.key, definition] as const))(
    '%s lives through all verbs',
    async (key, definition) => {
      const server = new TestServer();
      const collection = collectionOf(definition);
      const name = sampleNameOf(key);
      const metadata = { name, labels: { app: 'web' } };
      const body = { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata, ...SAMPLE_OBJECTS[key] };

      const created = await server.request(`POST ${collection}?fieldValidation=Strict`, { body });
      const text = await created.text();
      expect(created.status, text).toBe(201);
      const stored = JSON.parse(text) as UntypedObject;
      expect(stored).toMatchObject({
        kind: body.kind,
        apiVersion: body.apiVersion,
        metadata: { ...metadata, uid: expect.any(String) },
      });

      // What the server gave out it takes back, and finds nothing to change.
      const put = await server.request(`PUT ${collection}/${name}`, { body: text });
      expect(await put.text()).toBe(text);
      const patch = { body: body, headers: { 'content-type': 'application/merge-patch+json' } };
      expect(await (await server.request(`PATCH ${collection}/${name}`, patch)).text()).toBe(text);

      const label = {
        body: { metadata: { labels: { x: 'y' } } },
        headers: { 'content-type': 'application/strategic-merge-patch+json' },
      };
      const labelled = (await (await server.request(`PATCH ${collection}/${name}`, label)).json()) as UntypedObject;
      expect(labelled.metadata).toMatchObject({ labels: { app: 'web', x: 'y' } });
      expect(Number(labelled.metadata.resourceVersion)).toBeGreaterThan(Number(stored.metadata.resourceVersion));

      const table = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } };
      const { columnDefinitions, rows } = (await (await server.request(`GET ${collection}`, table)).json()) as {
        columnDefinitions: object[];
        rows: { cells: unknown[] }[];
      };
      expect(rows.map(({ cells }) => cells.length)).toEqual([columnDefinitions.length]);

      const deleted = await server.request(`DELETE ${collection}/${name}?gracePeriodSeconds=0`);
      expect(deleted.status).toBe(200);
    },
  );
});
