/** The agent as a program: reads flags, runs until a signal, stops cleanly. */
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { importImage } from './images/import-command.ts';
import type { Log, LogLevel } from './log.ts';
import { messageOf } from './log.ts';
import { runAgent } from './main.ts';

interface Flags {
  readonly server?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly runtime: 'containerd' | 'simulated';
  readonly containerRuntimeEndpoint?: string;
  readonly nodeLabels: Record<string, string>;
  readonly podCidr?: string;
  readonly simulatedNodes: number;
  readonly simulatedSandboxDelayMs: number;
  readonly simulatedPullDelayMs: number;
  readonly simulatedStartDelayMs: number;
  readonly simulatedStopDelayMs: number;
  readonly simulatedPullFailureRate: number;
  readonly simulatedStartFailureRate: number;
  readonly stopPodsOnExit: boolean;
  readonly verbose: boolean;
}

const SIMULATED_NODES_MAX = 10_000;

/** A failure whose text is all the user needs. */
class UsageError extends Error {}

function jsonLog(lowest: LogLevel): Log {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  return (level, message, fields) => {
    if (order.indexOf(level) < order.indexOf(lowest)) return;
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  };
}

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > max)
      throw new InvalidArgumentError(`a whole number from 0 to ${max} is needed.`);
    return value;
  };
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('a number from 0 to 1 is needed.');
  return value;
}

function labels(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key, ...value] = pair.split('=');
      if (!key || value.length !== 1)
        throw new InvalidArgumentError('key=value pairs, separated by commas, are needed.');
      return [key, value[0] as string];
    }),
  );
}

function runtimeKind(text: string): string {
  if (text !== 'containerd' && text !== 'simulated') throw new InvalidArgumentError('it is containerd or simulated.');
  return text;
}

function readFlagFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the ${what} ${path}: ${messageOf(error)}`);
  }
}

/** A node that has joined needs no token: a file that is gone is only worth a line in the log. */
function readJoinToken(path: string, log: Log): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    log('error', 'cannot read the token file', { path, error: messageOf(error) });
    return undefined;
  }
}

const stateDir = (): string =>
  join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'zeroplane-node');

async function run(flags: Flags): Promise<void> {
  const log = jsonLog(flags.verbose ? 'debug' : 'info');
  const { tokenFile, token } = flags;
  const { server } = flags;
  if (server === undefined) throw new UsageError('--server URL is needed; see --help');
  if (!URL.canParse(server)) throw new UsageError(`--server ${server} is not a URL`);
  const delays = {
    sandboxDelayMs: flags.simulatedSandboxDelayMs,
    pullDelayMs: flags.simulatedPullDelayMs,
    startDelayMs: flags.simulatedStartDelayMs,
    stopDelayMs: flags.simulatedStopDelayMs,
    pullFailureRate: flags.simulatedPullFailureRate,
    startFailureRate: flags.simulatedStartFailureRate,
  };
  let ending: Promise<void> | undefined;
  // A signal that comes while the agent starts is answered once it has: what it began it also ends.
  const end = (code: number): Promise<void> =>
    (ending ??= starting
      .then((agent) => agent.stop({ containers: flags.stopPodsOnExit ? 'stop' : 'keep' }))
      .then(
        () => process.exit(code),
        (error: unknown) => {
          log('error', 'could not stop cleanly', { error: messageOf(error) });
          process.exit(1);
        },
      ));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));
  const starting = runAgent({
    server,
    ca: flags.caFile ? readFlagFile(flags.caFile, 'CA file') : undefined,
    joinToken: () => token ?? (tokenFile ? readJoinToken(tokenFile, log) : undefined),
    nodeName: flags.nodeName.toLowerCase(),
    dataDir: flags.dataDir,
    runtime: flags.runtime,
    runtimeEndpoint: flags.containerRuntimeEndpoint,
    labels: flags.nodeLabels,
    podCIDR: flags.podCidr,
    simulatedNodes: Math.max(flags.simulatedNodes, 1),
    simulated: delays,
    log,
    superseded: (node) => {
      log('error', 'stopping: another agent runs as this node', { node });
      if (flags.simulatedNodes <= 1) void end(3);
    },
  });
  await starting;
  log('info', 'the agent runs', { node: flags.nodeName, runtime: flags.runtime, server });
}

/** Every expected failure ends as one line on stderr and exit status 1. */
async function oneLine(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    process.stderr.write(`zeroplane agent: ${messageOf(error)}\n`);
    process.exit(1);
  }
}

const program = new Command('zeroplane agent')
  .enablePositionalOptions()
  .description('Makes this machine a node of a cluster.')
  .option('--server <url>', 'where the control plane is')
  .option('--token <token>', 'a join token; not needed once the node has joined')
  .option('--token-file <file>', 'a file that holds the join token')
  .option('--ca-file <file>', "PEM of the CA of the server's certificate")
  .option('--node-name <name>', 'the name of the Node', hostname())
  .option('--data-dir <dir>', 'where the agent keeps everything', stateDir())
  .option('--runtime <kind>', 'containerd or simulated', runtimeKind, 'containerd')
  .option('--container-runtime-endpoint <socket>', 'a CRI socket to use instead of an own containerd')
  .option('--node-labels <pairs>', 'labels of the Node: key=value,key=value', labels, {})
  .option('--pod-cidr <cidr>', "the node's pod network")
  .option('--simulated-nodes <n>', 'how many nodes this process stands for', wholeNumber(SIMULATED_NODES_MAX), 1)
  .option('--simulated-sandbox-delay-ms <ms>', 'simulated: how long a sandbox takes', wholeNumber(600_000), 0)
  .option('--simulated-pull-delay-ms <ms>', 'simulated: how long a pull takes', wholeNumber(600_000), 0)
  .option('--simulated-start-delay-ms <ms>', 'simulated: how long a start takes', wholeNumber(600_000), 0)
  .option('--simulated-stop-delay-ms <ms>', 'simulated: how long a stop takes', wholeNumber(600_000), 0)
  .option('--simulated-pull-failure-rate <p>', 'simulated: share of pulls that fail', rate, 0)
  .option('--simulated-start-failure-rate <p>', 'simulated: share of starts that fail', rate, 0)
  .option('--stop-pods-on-exit', 'end the containers with the agent; they come back with it', false)
  .option('--verbose', 'log more', false)
  .action((flags: Flags) =>
    oneLine(() => {
      mkdirSync(flags.dataDir, { recursive: true, mode: 0o700 });
      return run(flags);
    }),
  );

program
  .command('import-image')
  .description('Loads an OCI archive into the node.')
  .argument('<file>', 'an OCI archive (.tar)')
  .option('--data-dir <dir>', "the agent's data directory", stateDir())
  .option('--runtime <kind>', 'containerd or simulated', runtimeKind, 'containerd')
  .option('--container-runtime-endpoint <socket>', 'a CRI socket to use instead of an own containerd')
  .action((file: string, flags: Pick<Flags, 'dataDir' | 'runtime' | 'containerRuntimeEndpoint'>) =>
    oneLine(async () => {
      if (flags.runtime === 'simulated') {
        process.stdout.write('a simulated node needs no images: nothing was loaded\n');
        return;
      }
      for (const name of await importImage({
        dataDir: flags.dataDir,
        file,
        endpoint: flags.containerRuntimeEndpoint,
      })) {
        process.stdout.write(`loaded ${name}\n`);
      }
    }),
  );

await program.parseAsync();
