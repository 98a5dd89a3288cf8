import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WORKER_SETTINGS } from './worker-settings.ts';

const wrangler = readFileSync(join(import.meta.dirname, '..', '..', 'wrangler.toml'), 'utf8');
const valueOf = (key: string) => new RegExp(`^${key} = "([^"]*)"$`, 'm').exec(wrangler)?.[1];

test('the self-hosted process runs the Worker as wrangler.toml configures it', () => {
  expect(valueOf('name')).toBe(WORKER_SETTINGS.name);
  expect(valueOf('compatibility_date')).toBe(WORKER_SETTINGS.compatibilityDate);
  const flags = /compatibility_flags = \[([^\]]*)\]/.exec(wrangler)?.[1] ?? '';
  expect([...flags.matchAll(/"([^"]+)"/g)].map((match) => match[1])).toEqual(WORKER_SETTINGS.compatibilityFlags);
  const bindings = [...wrangler.matchAll(/\[\[durable_objects\.bindings\]\]\nname = "(\w+)"\nclass_name = "(\w+)"/g)];
  expect(bindings.map(([, binding, className]) => ({ binding, className }))).toEqual(WORKER_SETTINGS.durableObjects);
  for (const [name, value] of Object.entries(WORKER_SETTINGS.vars)) expect(valueOf(name)).toBe(value);
});
