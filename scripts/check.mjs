// `npm run check`: what should pass before every commit; the first half of `npm test`.
import { spawnSync } from 'node:child_process';
import { bundledNode, ensureBuilt, ensureInstalled, projectEnvironment, projectRoot } from '../cli/bootstrap.mjs';

ensureInstalled();
ensureBuilt();
const result = spawnSync(bundledNode(), ['scripts/run-tests.ts', '--quick', ...process.argv.slice(2)], {
  cwd: projectRoot,
  stdio: 'inherit',
  env: projectEnvironment(),
});
process.exit(result.status ?? 1);
