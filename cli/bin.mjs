#!/usr/bin/env node
// The command's first step, for a machine with nothing but Node 20 and npm: plain JavaScript and
// built-ins only. It installs and builds when needed, then hands over to the built program.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { bundledNode, ensureBuilt, ensureInstalled, projectRoot } from './bootstrap.mjs';

const [command = 'help', ...rest] = process.argv.slice(2);
ensureInstalled();
ensureBuilt();

if (command === 'up' && !rest.includes('--help') && !rest.includes('-h')) {
  const supervisor = `${projectRoot}/dist/supervisor.mjs`;
  const node = bundledNode();
  if (process.execve) {
    // The supervisor takes this process's place, without what installing and building left in memory.
    process.removeAllListeners('warning').on('warning', () => {});
    process.execve(node, [node, '--max-semi-space-size=1', supervisor, projectRoot, ...rest], process.env);
  }
  const { up } = await import(pathToFileURL(supervisor).href);
  process.exitCode = await up(rest, { root: projectRoot, node });
} else {
  const child = spawn(bundledNode(), [`${projectRoot}/dist/cli.mjs`, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
