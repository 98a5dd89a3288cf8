#!/usr/bin/env node
// The command's first step, for a machine with nothing but Node 20 and npm: plain JavaScript and
// built-ins only. It installs and builds when needed, then hands over to the built program.
import { spawn } from 'node:child_process';
import { bundledNode, ensureBuilt, ensureInstalled, projectRoot } from './bootstrap.mjs';

const [command = 'help', ...rest] = process.argv.slice(2);
ensureInstalled();
ensureBuilt();

if (command === 'up' && !rest.includes('--help') && !rest.includes('-h')) {
  // The supervisor stays in this very process, so that it costs no second Node.js.
  const { up } = await import(new URL('../dist/supervisor.mjs', import.meta.url).href);
  process.exitCode = await up(rest, { root: projectRoot, node: bundledNode() });
} else {
  const child = spawn(bundledNode(), [`${projectRoot}/dist/cli.mjs`, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
