import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** Of the bearer token `admin-token-of-the-tests`. */
const ADMIN_TOKEN_SHA256_OF_TESTS = '12371cac728c629c46c4ba653d0f7fd37a82328cf18b4061f8e318a5c56f78fc';

/** 32 bytes of 7. */
const SECRETS_ENCRYPTION_KEYS_OF_TESTS = `tests:${Buffer.alloc(32, 7).toString('base64')}`;

const HOUSE = ['schema', 'worker', 'agent-client', 'cli', 'tests', 'benchmarks', 'scripts'];

/** Tests that speak to a running cluster. */
const OVER_THE_WIRE = ['clients', 'conformance', 'corpus', 'security'].map((folder) => `tests/${folder}/**/*.test.ts`);

/** Makes `import sql from './x.sql'` a string outside workerd, as wrangler's text rule does inside. */
const sqlAsText = {
  name: 'sql-as-text',
  transform: (code: string, id: string) =>
    id.endsWith('.sql') ? { code: `export default ${JSON.stringify(code)}`, map: null } : undefined,
};

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [sqlAsText],
        test: {
          name: 'unit',
          // Pure tests: modules hold nothing that one file could spoil for another, and loading them anew takes longer.
          isolate: false,
          include: HOUSE.map((folder) => `${folder}/**/*.test.ts`),
          exclude: ['**/*.do.test.ts', ...OVER_THE_WIRE, 'tests/node/**'],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                ADMIN_TOKEN_SHA256: ADMIN_TOKEN_SHA256_OF_TESTS,
                SECRETS_ENCRYPTION_KEYS: SECRETS_ENCRYPTION_KEYS_OF_TESTS,
              },
            },
          }),
        ],
        test: {
          name: 'do',
          include: HOUSE.map((folder) => `${folder}/**/*.do.test.ts`),
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        plugins: [sqlAsText],
        test: {
          name: 'clients',
          isolate: false,
          include: OVER_THE_WIRE,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file has a cluster of its own, and much of its time is waiting.
          maxWorkers: 2,
        },
      },
      {
        plugins: [sqlAsText],
        test: {
          name: 'node',
          include: ['tests/node/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
