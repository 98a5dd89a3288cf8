import { describe, expect, it } from 'vitest';
import { FIELD_TABLE } from '../generated/field-table.ts';
import type { UntypedObject } from '../meta/object-meta.ts';
import { ALL_VERBS } from '../meta/resource.ts';
import { catalog } from './catalog.ts';
import { definitionOf, definitionOfKind, servedResourceAt, servedResourceOf, servedResources } from './lookup.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');

const namesOf = (key: (definition: (typeof catalog)[number]) => string): string[] => catalog.map(key);

const expectUnique = (names: readonly string[]): void => {
  expect(new Set(names).size).toBe(names.length);
};

describe('the catalog', () => {
  it('names every kind once', () => {
    expectUnique(namesOf(({ key }) => key));
    expectUnique(namesOf(({ group, kind }) => `${group}/${kind}`));
    expectUnique(catalog.flatMap(({ shortNames }) => shortNames));
    expectUnique(servedResources.map(({ group, version, definition }) => `${group}/${version}/${definition.plural}`));
  });

  it('finds each kind by key, path, body and group', () => {
    for (const { group, version, definition } of servedResources) {
      expect(definitionOf(definition.key)).toBe(definition);
      expect(servedResourceAt(group, version, definition.plural)?.definition).toBe(definition);
      expect(servedResourceOf(group ? `${group}/${version}` : version, definition.kind)?.definition).toBe(definition);
      expect(definitionOfKind(group, definition.kind)).toBe(definition);
    }
    expect(definitionOf('gadgets')).toBeUndefined();
    expect(servedResourceOf('v1', 'Gadget')).toBeUndefined();
    expect(servedResourceOf('', '')).toBeUndefined();
  });

  describe.each(catalog.map((definition) => [definition.key, definition] as const))('%s', (key, definition) => {
    it('is named as its group and names say', () => {
      const { group, plural, kind, singular, listKind, shortNames, categories, verbs } = definition;
      expect(key).toBe(group ? `${plural}.${group}` : plural);
      expect(singular).toBe(kind.toLowerCase());
      expect(plural).toMatch(/^[a-z]+$/);
      expect(listKind).toBe(`${kind}List`);
      for (const name of [...shortNames, ...categories]) expect(name).toMatch(/^[a-z]+$/);
      expect(verbs.filter((verb) => !ALL_VERBS.includes(verb))).toEqual([]);
    });

    it('has a schema in each served version', () => {
      for (const schema of [definition.schema, ...definition.alsoServed.map((served) => served.schema)]) {
        expect(FIELD_TABLE).toHaveProperty(schema);
      }
    });

    it('has a cell for each column', () => {
      const { columns } = definition.table;
      expect(columns.length).toBeGreaterThan(0);
      for (const { name, description, type } of columns) {
        expect(name).toMatch(/^[A-Z]/);
        expect(typeof description).toBe('string');
        expect(['string', 'integer', 'number', 'boolean', 'date']).toContain(type);
      }
      expectUnique(columns.map(({ name }) => name));
      // Upstream's table of migrations is the only one that marks no column.
      const named = key === 'storageversionmigrations.storagemigration.k8s.io' ? 0 : 1;
      expect(columns.filter(({ format }) => format === 'name')).toHaveLength(named);
      const object = leastObject(definition);
      expect(definition.table.cells(object, NOW)).toHaveLength(columns.length);
    });

    it('gives every selectable field it names', () => {
      const fields = definition.selectableFields?.(leastObject(definition)) ?? {};
      expect(Object.keys(fields).sort()).toEqual([...definition.selectableFieldNames].sort());
      for (const value of Object.values(fields)) expect(typeof value).toBe('string');
    });

    it('validates the least a client may send without throwing', () => {
      const context = { now: NOW, user: { username: 'someone', groups: [] } };
      const object = leastObject(definition);
      definition.prepareForCreate?.(object, context);
      for (const { field, body } of definition.validate(object, context)) {
        expect(field).not.toBe('');
        expect(body).not.toContain('undefined');
      }
    });

    it('draws only from pools it gives back to', () => {
      if (!definition.poolAllocation) return;
      expect(Object.keys(definition.poolAllocation.held(leastObject(definition)))).toEqual(['clusterIPs', 'nodePorts']);
    });

    it('refuses names with a slash', () => {
      expect(definition.validateName('a/b', false)).not.toEqual([]);
    });
  });
});

/** What decoding makes of an object that has nothing but its required structs. */
function leastObject(definition: (typeof catalog)[number]): UntypedObject {
  const object: UntypedObject = {
    apiVersion: definition.group ? `${definition.group}/${definition.version}` : definition.version,
    kind: definition.kind,
    metadata: { name: 'x', creationTimestamp: '2026-01-01T00:00:00Z' },
  };
  definition.defaults?.(object);
  return object;
}
