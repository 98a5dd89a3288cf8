import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FieldType, structTypeOf } from '../../../schema/decode/field-table.ts';
import { servedResources } from '../served/served-resources.ts';
import { SAMPLE_OBJECTS } from './sample-objects.ts';
import { TestServer } from './test-server.ts';

/** Deeper fields are left out. */
const DEPTH_MAX = 9;

const texts = [
  '',
  'a',
  'web',
  'TCP',
  'ClusterIP',
  'NodePort',
  'LoadBalancer',
  'ExternalName',
  'None',
  '10.96.0.7',
  '::1',
  '10.0.0.0/8',
  'Always',
  'Never',
  'RollingUpdate',
  'Recreate',
  'OnDelete',
  'Exists',
  'In',
  'NotIn',
  'DoesNotExist',
  'Equal',
  'NoSchedule',
  'NoExecute',
  'Opaque',
  'kubernetes.io/tls',
  'kubernetes.io/hostname',
  'example.com/x',
  'x'.repeat(64),
  'Not_A_Name',
  'a/b/c',
  '../..',
  '$(A)',
  '-1',
  '0644',
  'v1',
  'apps/v1',
  'Pod',
  'é\u0000',
  'requests.cpu',
  'cpu',
  'memory',
  'hugepages-2Mi',
  'ReadWriteOnce',
  'Filesystem',
  'Bidirectional',
  'Localhost',
  'Utilization',
  'Resource',
  '* * * * *',
];
const numbers = [0, 1, -1, 2, 80, 443, 30_000, 65_535, 65_536, 2_147_483_647, -2_147_483_648];

/** A pseudo-random source, so that building an object is one draw for fast-check. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

function valueOf(type: FieldType, dice: Dice, depth: number): unknown {
  switch (type.kind) {
    case 'string':
      return dice.pick(texts);
    case 'int32':
    case 'int64':
      return dice.pick(numbers);
    case 'double':
      return dice.pick([0, 0.5, -3.25]);
    case 'boolean':
      return dice.below(2) === 1;
    case 'quantity':
      return dice.pick(['0', '1', '100m', '1Gi', '-1', '1e3', 0, 1.5]);
    case 'intOrString':
      return dice.pick([...numbers, '25%', '101%', 'http', '']);
    case 'time':
    case 'microTime':
      return dice.pick(['2026-01-02T03:04:05Z', null]);
    case 'bytes':
      return dice.pick(['', 'YQ==']);
    case 'any':
      return dice.pick<unknown>([{}, { a: 1 }, null, 'x']);
    case 'list':
      return Array.from({ length: dice.below(3) }, () => valueOf(type.item, dice, depth));
    case 'map':
      return Object.fromEntries(
        Array.from({ length: dice.below(3) }, () => [dice.pick(texts), valueOf(type.value, dice, depth)]),
      );
    case 'struct':
      return structOf(type.type, dice, depth + 1);
  }
}

function structOf(name: string, dice: Dice, depth: number): Record<string, unknown> {
  const type = structTypeOf(name);
  const object: Record<string, unknown> = {};
  if (!type || depth > DEPTH_MAX) return object;
  for (const [field, fieldType] of type.fields) {
    // Required fields and specs mostly, others sometimes; the deeper the rarer.
    const isWanted =
      type.required.has(field) || field === 'spec' || field === 'template'
        ? dice.below(8) > 0
        : dice.below(4 + depth) === 0;
    if (isWanted) object[field] = valueOf(fieldType, dice, depth);
  }
  return object;
}

/** A copy of a valid object with some of its fields, at any depth, replaced or taken away. */
function mutated(value: unknown, type: FieldType, dice: Dice, depth = 0): unknown {
  if (dice.below(14) === 0) return valueOf(type, dice, depth + 3);
  if (type.kind === 'list' && Array.isArray(value)) {
    const items = value.map((item) => mutated(item, type.item, dice, depth));
    return dice.below(8) === 0 ? [...items, ...items] : items;
  }
  if (type.kind !== 'struct' || typeof value !== 'object' || value === null) return value;
  const fields = structTypeOf(type.type)?.fields ?? new Map<string, FieldType>();
  const object: Record<string, unknown> = {};
  for (const [field, fieldType] of fields) {
    const held = (value as Record<string, unknown>)[field];
    if (held !== undefined && dice.below(20) > 0) object[field] = mutated(held, fieldType, dice, depth + 1);
    else if (held === undefined && dice.below(30) === 0) object[field] = valueOf(fieldType, dice, depth + 3);
  }
  return object;
}

/** Metadata that passes, so that what lies behind it is reached. */
const metadata = (dice: Dice, name: string) =>
  dice.below(6) === 0
    ? structOf('V1ObjectMeta', dice, DEPTH_MAX - 2)
    : { name, labels: dice.below(2) ? { app: 'web' } : undefined };

const served = servedResources.map((resource) => {
  const { group, version, definition, schema, apiVersion } = resource;
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const collection =
    definition.scope === 'Namespaced' ? `${root}/namespaces/shop/${definition.plural}` : `${root}/${definition.plural}`;
  return { definition, collection, schema, apiVersion };
});

const APPLY = 'fieldManager=fuzz&force=true';
const APPLIED = { 'content-type': 'application/apply-patch+yaml' };
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

test('objects of every kind, filled at random, are taken or refused and never break anything', {
  timeout: 120_000,
}, async () => {
  const server = new TestServer({ isWhole: true });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...served), fc.integer({ min: 1, max: 2 ** 31 }), async (resource, seed) => {
      const { collection, schema, definition, apiVersion } = resource;
      const dice = new Dice(seed);
      const object = () => ({
        ...structOf(schema, dice, 0),
        kind: definition.kind,
        apiVersion,
        metadata: metadata(dice, 'a'),
      });
      const check = async (line: string, options: { body?: unknown; headers?: Record<string, string> } = {}) => {
        const response = await server.request(line, options);
        const answer = await response.text();
        expect(response.status, `${line} ${JSON.stringify(options.body)}\n${answer}`).toBeLessThan(500);
      };
      await check(`POST ${collection}`, { body: object() });
      await check(`PUT ${collection}/a`, { body: object() });
      if (definition.status) await check(`PUT ${collection}/a/status`, { body: object() });
      const { metadata: _metadata, ...patch } = object();
      const patchType = dice.pick(['application/merge-patch+json', 'application/strategic-merge-patch+json']);
      await check(`PATCH ${collection}/a`, { body: patch, headers: { 'content-type': patchType } });
      const applied = { ...object(), metadata: { name: 'a', ...(dice.below(2) ? { labels: { app: 'web' } } : {}) } };
      await check(`PATCH ${collection}/a?${APPLY}`, { body: applied, headers: APPLIED });
      await check(`GET ${collection}`, { headers: TABLE });
      expect(server.controllerFailures).toEqual([]);
      if (dice.below(3) === 0) await check(`DELETE ${collection}/a`, { body: { gracePeriodSeconds: 0 } });
    }),
    { numRuns: 1_500, seed: 20_261_121 },
  );
});

test('valid objects with random changes are taken or refused and never break anything', {
  timeout: 120_000,
}, async () => {
  const server = new TestServer({ isWhole: true });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...served), fc.integer({ min: 1, max: 2 ** 31 }), async (resource, seed) => {
      const { collection, schema, definition, apiVersion } = resource;
      const dice = new Dice(seed);
      const type = { kind: definition.kind, apiVersion };
      const sample = SAMPLE_OBJECTS[definition.key];
      const check = async (line: string, options: { body?: unknown; headers?: Record<string, string> } = {}) => {
        const response = await server.request(line, options);
        const answer = await response.text();
        expect(response.status, `${line} ${JSON.stringify(options.body)}\n${answer}`).toBeLessThan(500);
        return answer;
      };
      await check(`POST ${collection}`, { body: { ...type, ...sample, metadata: { name: 'a' } } });
      for (let round = 0; round < 3; round++) {
        const stored = JSON.parse(await check(`GET ${collection}/a`)) as Record<string, unknown>;
        const changed = mutated(stored, { kind: 'struct', type: schema }, dice) as Record<string, unknown>;
        const subresource = definition.status && dice.below(3) === 0 ? '/status' : '';
        const name = dice.below(4) === 0 ? changed.metadata : stored.metadata;
        await check(`PUT ${collection}/a${subresource}`, { body: { ...changed, ...type, metadata: name } });
        await check(`POST ${collection}`, { body: { ...changed, ...type, metadata: { name: `b${round}` } } });
        await check(`PATCH ${collection}/a${subresource}?${APPLY}`, {
          body: { ...changed, ...type, metadata: { name: 'a' } },
          headers: APPLIED,
        });
        await check(`GET ${collection}`, { headers: TABLE });
      }
      await check(`DELETE ${collection}`, { body: { gracePeriodSeconds: 0 } });
      expect(server.controllerFailures).toEqual([]);
    }),
    { numRuns: 600, seed: 20_261_121 },
  );
});
