import { Command } from 'commander';
import { AUDIT_BACKUPS_DEFAULT, AUDIT_MEGABYTES_DEFAULT } from '../supervisor/audit-flags.ts';
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
    .option('--audit-log-path <file>', 'write an audit log there; - for the control plane’s own log')
    .option('--audit-policy-file <file>', 'an audit.k8s.io/v1 Policy (default: metadata of everything)')
    .option(
      '--audit-log-maxsize <megabytes>',
      'put the audit log aside when it is larger',
      String(AUDIT_MEGABYTES_DEFAULT),
    )
    .option('--audit-log-maxbackup <n>', 'how many put aside are kept; 0 for all', String(AUDIT_BACKUPS_DEFAULT))
    .option('--audit-log-maxage <days>', 'for how long; 0 for ever', '0')
    .option('--detach', 'return once it is ready and run in the background');
