/**
 * Bundles what runs: the Worker (one ESM file, the same for every way it runs), the agent and the CLI.
 * Output goes to `dist/`; nothing else is written.
 */
import { build, type BuildOptions } from 'esbuild';

const shared: BuildOptions = {
  bundle: true,
  format: 'esm',
  target: 'es2024',
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  loader: { '.sql': 'text' },
};

/** The Worker's bundle; platform modules stay imports. */
export const workerBundle: BuildOptions = {
  ...shared,
  entryPoints: ['worker/main.ts'],
  outfile: 'dist/worker.js',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['workerd', 'worker', 'import', 'module', 'default'],
  external: ['cloudflare:*', 'node:*'],
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
};

/** Node programs: packages stay imports (some load native parts), our own sources are bundled. */
const nodeBundles: BuildOptions = {
  ...shared,
  entryPoints: {
    agent: 'agent-client/agent-process.ts',
    cli: 'cli/main.ts',
    supervisor: 'cli/supervisor/main.ts',
    'audit-log': 'cli/audit-log/main.ts',
  },
  outdir: 'dist',
  platform: 'node',
  packages: 'external',
  outExtension: { '.js': '.mjs' },
};

const builds: Record<string, BuildOptions> = { worker: workerBundle, node: nodeBundles };

const wanted = process.argv.slice(2).filter((name) => name in builds);
await Promise.all((wanted.length ? wanted : Object.keys(builds)).map((name) => build(builds[name] as BuildOptions)));
