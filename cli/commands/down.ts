import { Command } from 'commander';
import { forgetChildren, isRunning, readChildren, stopAll } from '../supervisor/children.ts';
import { dataDirAt, runningSupervisor, UserError } from '../setup/data-dir.ts';

const DOWN_TIMEOUT_MS = 60_000;

/** Stops what `up` runs from a data directory, and waits until it has stopped. */
export const downCommand = ({ dataDir }: { dataDir: string }): Command =>
  new Command('down')
    .description('stop the cluster that runs from a data directory')
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .action(async (options: { dataDir: string }) => {
      const directory = dataDirAt(options.dataDir);
      const pid = runningSupervisor(directory);
      if (pid === undefined) {
        // A supervisor that was killed may have left its children.
        const left = readChildren(directory).filter(isRunning);
        await stopAll(readChildren(directory));
        forgetChildren(directory);
        console.log(left.length > 0 ? 'stopped' : `nothing runs from ${directory.path}`);
        return;
      }
      process.kill(pid, 'SIGTERM');
      const deadline = Date.now() + DOWN_TIMEOUT_MS;
      while (runningSupervisor(directory) === pid) {
        if (Date.now() > deadline)
          throw new UserError(
            `process ${pid} did not stop within ${DOWN_TIMEOUT_MS / 1000} s; its logs are in ${directory.logs}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      console.log('stopped');
    });
