import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import { agentNodeFlags } from '../setup/agent-flags.ts';
import { projectRoot } from './project-root.ts';

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
        [
          ...agentNodeFlags(command.args.includes('simulated') ? 'simulated' : 'containerd'),
          join(projectRoot(), 'dist', 'agent.mjs'),
          ...command.args,
        ],
        {
          stdio: 'inherit',
        },
      );
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
      process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
    });
