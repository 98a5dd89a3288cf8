import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import { projectRoot } from './project-root.ts';

/** An agent waits more than it computes: less memory rather than speed. */
const AGENT_NODE_FLAGS = ['--optimize-for-size', '--max-semi-space-size=1'];

/** Makes this machine a node of a cluster that runs elsewhere: hands over to the agent's program. */
export const agentCommand = (_defaults: { dataDir: string }): Command =>
  new Command('agent')
    .description('run a node: --server URL --token T [--ca-file FILE]; see: npx zeroplane agent --help')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(async (_options, command: Command) => {
      const child = spawn(
        process.execPath,
        [...AGENT_NODE_FLAGS, join(projectRoot(), 'dist', 'agent.mjs'), ...command.args],
        {
          stdio: 'inherit',
        },
      );
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
      process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
    });
