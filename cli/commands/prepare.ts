import { Command } from 'commander';
import { prepare } from '../setup/prepare.ts';
import { parseUpOptions } from '../supervisor/options.ts';
import { projectRoot } from './project-root.ts';

/** The first half of `up`, in a process of its own: certificates, credentials, packages, configuration. */
export const prepareCommand = ({ dataDir }: { dataDir: string }): Command =>
  new Command('prepare')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_options, command: Command) => {
      await prepare(parseUpOptions(command.args, dataDir), {
        root: projectRoot(),
        now: Date.now(),
        step: (text) => console.log(`  ✓ ${text}`),
        note: (text) => console.log(`  ! ${text}`),
      });
    });
