/** The parts of a node with real containers. */
import type { NodeParts } from './node-agent.ts';

export async function containerdParts(_context: unknown): Promise<NodeParts> {
  throw new Error('this build has no containerd runtime');
}
