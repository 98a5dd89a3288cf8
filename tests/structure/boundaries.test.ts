import { expect, test } from 'vitest';
import { findCycle, readSources, type SourceFile } from './imports.ts';

const root = new URL('../..', import.meta.url).pathname;
const files = readSources(root, ['schema', 'worker', 'agent-client', 'cli']);

/** A part of the house, what of ours it may import and which packages; the first row that fits a file counts. */
interface Rule {
  readonly part: string;
  readonly own: readonly string[];
  readonly packages?: RegExp;
}

const RULES: readonly Rule[] = [
  { part: 'schema/meta/', own: ['schema/meta/'] },
  { part: 'schema/tables/', own: ['schema/meta/', 'schema/tables/'], packages: /^drizzle-orm/ },
  {
    part: 'schema/',
    own: [
      'schema/meta/',
      'schema/resources/',
      'schema/protocol/',
      'schema/decode/',
      'schema/encode/',
      'schema/configuration/',
      'schema/generated/',
    ],
    packages: /^(kubernetes-models|yaml|@bufbuild\/protobuf|re2js)/,
  },
  { part: 'worker/registry/', own: ['schema/', 'worker/registry/'] },
  { part: 'worker/scheduler/', own: ['schema/', 'worker/scheduler/'] },
  {
    part: 'worker/controllers/',
    own: ['schema/', 'worker/controllers/', 'worker/registry/transaction.ts', 'worker/registry/memory-transaction.ts'],
  },
  { part: 'worker/admission/', own: ['schema/', 'worker/admission/', 'worker/registry/'] },
  {
    part: 'worker/storage/',
    own: ['schema/', 'worker/storage/', 'worker/registry/transaction.ts', 'migrations/'],
    packages: /^drizzle-orm/,
  },
  {
    part: 'worker/shard/',
    own: ['schema/', 'worker/', 'migrations/'],
    packages: /^(cloudflare:workers|drizzle-orm)/,
  },
  {
    part: 'worker/hub/',
    own: ['schema/', 'worker/', 'migrations/'],
    packages: /^(cloudflare:workers|drizzle-orm|jose)/,
  },
  { part: 'worker/', own: ['schema/', 'worker/'], packages: /^(hono|jose|yaml|valibot|node:|cloudflare:workers)/ },
  {
    part: 'agent-client/',
    own: ['schema/', 'agent-client/'],
    packages:
      /^(node:|kubernetes-models\/|@grpc\/grpc-js|@bufbuild\/protobuf|@libsql\/client|drizzle-orm|undici|ws|pino|commander|valibot|prom-client|yaml)/,
  },
  { part: 'cli/', own: ['cli/', 'schema/'], packages: /^(node:|commander|@peculiar\/x509|reflect-metadata)/ },
];

const isAllowed = (rule: Rule, file: SourceFile): string[] => [
  ...file.own.filter((path) => !rule.own.some((part) => path.startsWith(part))),
  ...file.packages.filter((name) => !rule.packages?.test(name)),
];

test('the check reads the house it guards', () => {
  expect(files.length).toBeGreaterThan(150);
  for (const { part } of RULES)
    expect(files.filter((file) => file.path.startsWith(part)).length, part).toBeGreaterThan(0);
});

test('every part imports only what it may', () => {
  const broken = files.flatMap((file) => {
    const rule = RULES.find(({ part }) => file.path.startsWith(part)) as Rule;
    return isAllowed(rule, file).map((target) => `${file.path} imports ${target}`);
  });
  expect(broken).toEqual([]);
});

test('nothing imports in a circle, types included', () => {
  expect(findCycle(files)).toBeUndefined();
});

test('a circle and a forbidden import would be found', () => {
  const a = { path: 'worker/registry/a.ts', own: ['worker/registry/b.ts'], packages: ['hono'] };
  const b = { path: 'worker/registry/b.ts', own: ['worker/registry/a.ts'], packages: [] };
  expect(findCycle([a, b])).toEqual([a.path, b.path, a.path]);
  const rule = RULES.find(({ part }) => a.path.startsWith(part)) as Rule;
  expect(isAllowed(rule, a)).toEqual(['hono']);
});
