import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const text = readFileSync(join(root, 'docs/conformance.md'), 'utf8');

/** Upstream's conformance tests of v1.37 that need nothing but the API. */
const TESTS = 119;
const STATES = ['covered', 'later', 'open'] as const;

/** `| upstream's test | our file › title › … | state |`; the later and the open have a reason for a test. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| `['))
  .map((line) => line.slice(2, -2).split(' | '))
  .map(([upstream = '', ours = '', state = '']) => ({ upstream, ours, state }));

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner as string);

describe('the table of conformance tests', () => {
  test('has every test once, in a known state', () => {
    expect(rows).toHaveLength(TESTS);
    expect(new Set(rows.map(({ upstream }) => upstream)).size).toBe(TESTS);
    for (const { upstream, state } of rows) expect(STATES as readonly string[], upstream).toContain(state);
  });

  test('adds up to what is said above it', () => {
    for (const state of STATES) {
      const count = rows.filter((row) => row.state === state).length;
      expect(text).toMatch(new RegExp(`^- \\*\\*${state}\\*\\* \\(${count}\\): `, 'm'));
    }
  });

  test.each(rows.filter(({ state }) => state === 'covered'))('$upstream names tests that exist', ({ ours }) => {
    const [file = '', ...titles] = quoted(ours);
    expect(file).toMatch(/\.test\.ts$/);
    expect(existsSync(join(root, file)), file).toBe(true);
    const source = readFileSync(join(root, file), 'utf8');
    expect(titles.length).toBeGreaterThan(0);
    for (const title of titles) {
      const literals = [`'${title}'`, `"${title}"`];
      expect(
        literals.some((literal) => source.includes(literal)),
        `${file}: ${title}`,
      ).toBe(true);
    }
  });

  test.each(rows.filter(({ state }) => state !== 'covered'))('$upstream says what it waits for', ({ ours }) => {
    expect(ours.length).toBeGreaterThan(10);
  });
});
