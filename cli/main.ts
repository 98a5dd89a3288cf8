/** The `zeroplane` command, all but `up` (which `bin.mjs` runs in a leaner process). */
import { Command } from 'commander';
import { defaultDataDir, UserError } from './setup/data-dir.ts';
import { awaitControlPlaneCommand, awaitNodesCommand } from './commands/await.ts';
import { devCommand } from './commands/dev.ts';
import { downCommand } from './commands/down.ts';
import { agentCommand } from './commands/agent.ts';
import { imageCommand } from './commands/image.ts';
import { kubeconfigCommand } from './commands/kubeconfig.ts';
import { prepareCommand } from './commands/prepare.ts';
import { secretsCommand } from './commands/secrets.ts';
import { tokenCommand } from './commands/token.ts';
import { upHelpCommand } from './commands/up-help.ts';

const program = new Command('zeroplane')
  .description('Kubernetes without masters')
  .showHelpAfterError('(see: npx zeroplane --help)')
  .configureHelp({ showGlobalOptions: true });

const defaults = { dataDir: defaultDataDir() };
const commands = [
  upHelpCommand,
  downCommand,
  agentCommand,
  tokenCommand,
  secretsCommand,
  kubeconfigCommand,
  imageCommand,
  devCommand,
];
/** Steps of `up`, run by its supervisor. */
const steps = [prepareCommand, awaitControlPlaneCommand, awaitNodesCommand];
for (const command of commands) program.addCommand(command(defaults));
for (const command of steps) program.addCommand(command(defaults), { hidden: true });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`zeroplane: ${error.message}`);
  process.exitCode = 1;
}
