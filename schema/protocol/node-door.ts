/** What the API Worker asks of the hub's side of the agents' API. */
import type { StreamRequest } from './agent.ts';

/** Carries a NodeDoorRequest as JSON. It is asked by `stub.fetch`, because the caller's abort signal must come along. */
export const NODE_DOOR_HEADER = 'x-zeroplane-node-door';

export type NodeDoorRequest =
  | { readonly kind: 'poll'; readonly node: string; readonly since: number; readonly session: string }
  /** A reader of a stream to the node. */
  | { readonly kind: 'read'; readonly node: string; readonly stream: StreamRequest }
  /** The agent's WebSocket for a stream. */
  | { readonly kind: 'dial'; readonly node: string; readonly id: string };
