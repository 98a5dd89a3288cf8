import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { readPlan } from './local-api.ts';

export const kubeconfigCommand = ({ dataDir }: { dataDir: string }): Command =>
  new Command('kubeconfig')
    .description("print the administrator's kubeconfig")
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .action((options: { dataDir: string }) => {
      process.stdout.write(readFileSync(readPlan(options.dataDir).kubeconfig, 'utf8'));
    });
