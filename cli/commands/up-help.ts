import { Command } from 'commander';
import { PORT_DEFAULT } from '../supervisor/options.ts';

/** Only describes `up`; `bin.mjs` runs it. */
export const upHelpCommand = ({ dataDir }: { dataDir: string }): Command =>
  new Command('up')
    .description('start the control plane and nodes on this machine')
    .option('--data-dir <dir>', 'where the cluster keeps everything', dataDir)
    .option('--port <n>', 'port of the API server (TLS)', String(PORT_DEFAULT))
    .option('--nodes <n>', 'how many nodes to run on this machine; 0 for none', '1')
    .option('--runtime <kind>', 'auto, containerd or simulated', 'auto')
    .option(
      '--authentication-config <file>',
      'an AuthenticationConfiguration: outside issuers of tokens, anonymous access',
    )
    .option('--detach', 'return once it is ready and run in the background');
