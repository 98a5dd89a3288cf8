// `npm test` on a machine with nothing but Node 20 and npm: installs, builds, then runs every check.
import { spawnSync } from 'node:child_process';
import { bundledNode, ensureBuilt, ensureInstalled, projectEnvironment, projectRoot } from '../cli/bootstrap.mjs';

ensureInstalled();
ensureBuilt();
const result = spawnSync(bundledNode(), ['scripts/run-tests.ts', ...process.argv.slice(2)], {
  cwd: projectRoot,
  stdio: 'inherit',
  env: projectEnvironment(),
});
process.exit(result.status ?? 1);
