/** Every rule of docs/spec is carried by a test, and no test carries a rule that is not there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const TEST_FOLDERS = ['schema', 'worker', 'agent-client', 'cli', 'tests'];
const RULE = /^- \*\*([A-Z]+\d+)\*\* /gm;
const CARRIED = /\b(?:it|test|describe)(?:\.\w+)*\(\s*['"`]((?:\[[A-Z]+\d+\] ?)+)/g;

const read = (path: string): string => readFileSync(path, 'utf8');
const spec = join(root, 'docs', 'spec');
const rules = readdirSync(spec).flatMap((file) => [...read(join(spec, file)).matchAll(RULE)].map(([, id]) => id));

const carried = new Set(
  TEST_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .flatMap((file) => [...read(join(root, folder, file)).matchAll(CARRIED)])
      .flatMap(([, ids]) => [...(ids ?? '').matchAll(/[A-Z]+\d+/g)].map(([id]) => id)),
  ),
);

describe('the rules of docs/spec', () => {
  it('have ids of their own', () => {
    expect(rules.length).toBeGreaterThan(20);
    expect(new Set(rules).size).toBe(rules.length);
  });

  it('are each carried by a test', () => {
    expect(rules.filter((id) => !carried.has(id as string))).toEqual([]);
  });

  it('are all that tests carry', () => {
    expect([...carried].filter((id) => !rules.includes(id))).toEqual([]);
  });
});
