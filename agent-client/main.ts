/** The agent's composition root. */
import { mkdirSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Checkpoint } from './checkpoint/checkpoint.ts';
import { ensureKey, forgetKey, keyFile, runtimeFolder, SealedTexts } from './checkpoint/sealed-text.ts';
import { systemClock } from './clock.ts';
import { ApiClient } from './control-plane/api-client.ts';
import { Credentials } from './control-plane/credentials.ts';
import type { Log } from './log.ts';
import { nodeAddress, readMachine } from './node/machine.ts';
import { NodeAgent, type NodeParts } from './node/node-agent.ts';
import { containerdParts } from './node/containerd-node.ts';
import { simulatedParts } from './node/simulated-node.ts';
import { SIMULATED_DEFAULTS, type SimulatedOptions } from './runtime/simulated/behaviour.ts';

export interface AgentOptions {
  /** The control plane, e.g. `https://192.0.2.7:6443`. */
  readonly server: string;
  /** PEM of the CA of the server's certificate; absent: the system's. */
  readonly ca?: string;
  /** A join token; needed until the node has its own credential. Asked when needed, as it may be renewed. */
  joinToken?(): string | undefined;
  readonly nodeName: string;
  /** Everything the agent keeps; made when missing. */
  readonly dataDir: string;
  readonly runtime: 'containerd' | 'simulated';
  /** A CRI socket (`unix:///run/…`) of a runtime that someone else runs; absent: the agent's own containerd. */
  readonly runtimeEndpoint?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The node's pod network, e.g. `10.244.7.0/24`; absent: chosen once and kept. */
  readonly podCIDR?: string;
  /** How many nodes the process stands for (simulated only): NAME, NAME-2, NAME-3 … */
  readonly simulatedNodes?: number;
  readonly simulated?: Partial<SimulatedOptions>;
  readonly log?: Log;
  /** Another process polls for the node; the agent of that node has stopped. */
  superseded?(node: string): void;
}

export interface StopOptions {
  /** `keep` (default): containers go on and are taken over by the next agent. `stop`: they end, and the runtime with them. */
  readonly containers?: 'keep' | 'stop';
  /** Longest time a container gets to end. */
  readonly graceSeconds?: number;
}

export interface RunningAgent {
  readonly nodes: readonly NodeAgent[];
  stop(options?: StopOptions): Promise<void>;
}

const STOP_GRACE_SECONDS = 20;
const NODE_STARTS_AT_ONCE = 64;

const silent: Log = () => undefined;

/** Starts the node (or the simulated nodes) and returns once its pods are looked after. */
export async function runAgent(options: AgentOptions): Promise<RunningAgent> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const log = options.log ?? silent;
  const sealKeyFile = keyFile(options.dataDir, runtimeFolder(process.env, process.getuid?.() === 0));
  const sealed = new SealedTexts(ensureKey(sealKeyFile));
  const checkpoint = await Checkpoint.open(join(options.dataDir, 'agent.db'), sealed);
  const client = new ApiClient(options.server, options.ca);
  await assertAdmitted(options, client, checkpoint);
  const address = await nodeAddress(client.server);
  const machine = readMachine(options.dataDir);
  const parts =
    options.runtime === 'simulated'
      ? manySimulated(options)
      : [
          await containerdParts({
            nodeName: options.nodeName,
            dataDir: options.dataDir,
            endpoint: options.runtimeEndpoint,
            podCIDR: options.podCIDR,
            memoryCapacityBytes: machine.memoryBytes,
            client,
            checkpoint,
            clock: systemClock,
            log,
            random: Math.random,
          }),
        ];
  const nodes = await Promise.all(
    parts.map(async (part, index) => {
      const name = index === 0 ? options.nodeName : `${options.nodeName}-${index + 1}`;
      return new NodeAgent({
        name,
        labels: options.labels ?? {},
        client,
        checkpoint,
        clock: systemClock,
        log,
        session: randomUUID(),
        random: Math.random,
        joinToken: () => options.joinToken?.(),
        description: { machine, runtime: await part.runtime.version(), addresses: [address] },
        parts: part,
        superseded: () => options.superseded?.(name),
      });
    }),
  );
  for (let from = 0; from < nodes.length; from += NODE_STARTS_AT_ONCE) {
    await Promise.all(nodes.slice(from, from + NODE_STARTS_AT_ONCE).map((node) => node.start()));
  }
  return {
    nodes,
    async stop(how = {}) {
      const containers = how.containers ?? 'keep';
      await Promise.all(nodes.map((node) => node.stop(containers, how.graceSeconds ?? STOP_GRACE_SECONDS)));
      await Promise.all(parts.map((part) => part.close(containers)));
      client.close();
      checkpoint.close();
      // Without containers nothing needs a Secret before the control plane has told of it again.
      if (containers === 'stop') forgetKey(sealKeyFile);
    },
  };
}

/** The cluster does not take this node; the message says what to do. */
export class NotAdmittedError extends Error {}

/**
 * Joins a node that never has before, so that a wrong token ends the start instead of being tried for
 * ever. A control plane that cannot be reached is no reason to end: the node comes back with it.
 */
async function assertAdmitted(options: AgentOptions, client: ApiClient, checkpoint: Checkpoint): Promise<void> {
  const credentials = new Credentials(client, checkpoint, options.nodeName, () => options.joinToken?.());
  const admitted = await credentials.ensure();
  if (admitted.ok || (admitted.status.code !== 401 && admitted.status.code !== 403)) return;
  client.close();
  checkpoint.close();
  const what = options.joinToken?.()
    ? 'the join token is wrong, has ended or was revoked'
    : 'this node needs a join token';
  throw new NotAdmittedError(`${what}; make one on the control plane with: npx zeroplane token create`);
}

function manySimulated(options: AgentOptions): NodeParts[] {
  const simulated: SimulatedOptions = { ...SIMULATED_DEFAULTS, random: Math.random, ...options.simulated };
  return Array.from({ length: options.simulatedNodes ?? 1 }, (_, index) =>
    simulatedParts(systemClock, simulated, index),
  );
}
