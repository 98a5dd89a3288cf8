/** The parts of a node without containers. */
import type { Clock } from '../clock.ts';
import { NO_FILESYSTEM } from '../pods/pod-filesystem.ts';
import type { SimulatedOptions } from '../runtime/simulated/behaviour.ts';
import { simulatedLogs } from '../runtime/simulated/simulated-logs.ts';
import { SimulatedRuntime } from '../runtime/simulated/simulated-runtime.ts';
import { DialBack } from '../streams/dial-back.ts';
import type { NodeParts } from './node-agent.ts';

/** `index` tells the nodes of one process apart; each has a pod network of its own. */
export function simulatedParts(clock: Clock, options: SimulatedOptions, index: number): NodeParts {
  const network = `10.${128 + ((index >> 8) & 127)}.${index & 255}`;
  const runtime = new SimulatedRuntime(clock, options, network);
  return {
    runtime,
    files: () => NO_FILESYSTEM,
    dns: () => undefined,
    cgroupRoot: '',
    seccompRoot: '',
    podCIDR: `${network}.0/24`,
    usePodCIDR: async () => undefined,
    keepsPods: false,
    streams: (node) =>
      new DialBack({
        client: node.client,
        node: node.name,
        log: node.log,
        token: () => node.credentials.token,
        logs: (request) => simulatedLogs(runtime, request),
      }),
    pressure: () => undefined,
    close: () => runtime.close(),
  };
}
