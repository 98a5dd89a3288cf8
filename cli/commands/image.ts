import { spawnSync } from 'node:child_process';
import { accessSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { UserError } from '../setup/data-dir.ts';
import { readPlan } from './local-api.ts';
import { projectRoot } from './project-root.ts';

/** Images for machines without a registry. */
export const imageCommand = ({ dataDir }: { dataDir: string }): Command => {
  const command = new Command('image').description("images of this machine's nodes");
  command
    .command('import')
    .description('load an OCI archive into every local node')
    .argument('<file>', 'an OCI archive (.tar)')
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .action((file: string, options: { dataDir: string }) => {
      const archive = resolve(file);
      try {
        accessSync(archive);
      } catch {
        throw new UserError(`cannot read ${archive}`);
      }
      const plan = readPlan(options.dataDir);
      const agent = join(projectRoot(), 'dist', 'agent.mjs');
      for (const node of plan.runtime === 'simulated' ? plan.nodes.slice(0, 1) : plan.nodes) {
        const result = spawnSync(
          process.execPath,
          [agent, 'import-image', '--data-dir', node.folder, '--runtime', plan.runtime, archive],
          {
            stdio: 'inherit',
          },
        );
        if (result.status !== 0) throw new UserError(`node ${node.name} did not take ${archive}`);
      }
    });
  return command;
};
