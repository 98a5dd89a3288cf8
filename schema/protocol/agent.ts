/**
 * What agents and the control plane say to each other. Paths under `/agent/v1`, JSON bodies, bearer
 * tokens. The same messages travel over the HTTP long-poll and, later, a hibernating WebSocket.
 */
import type { GroupResource, UntypedObject } from '../meta/object-meta.ts';
import type { Status } from '../meta/status.ts';

/** `POST /agent/v1/join` with a bootstrap token (`system:bootstrappers`) as bearer. */
export interface JoinRequest {
  readonly nodeName: string;
}

export interface JoinReply {
  readonly nodeName: string;
  /** Bearer token of `system:node:<nodeName>`; ends when its Secret is deleted. */
  readonly token: string;
  readonly cluster: string;
}

/**
 * `GET /agent/v1/nodes/{node}/poll?since={revision}&session={id}`: waits up to `POLL_WAIT_MS_MAX` until
 * something concerns the node. The open poll is the node's heartbeat. `since` 0 or a revision the hub no
 * longer knows is answered with `full: true`: everything that concerns the node, all else is gone.
 * `session` is chosen at agent start; a newer session's poll ends an older one's with 409.
 */
export interface PollReply {
  /** To be sent as the next `since`, once this reply is acted on or checkpointed. */
  readonly revision: number;
  readonly full: boolean;
  /** New or changed: pods bound to the node, ConfigMaps and Secrets they use, Services of their namespaces, the Node. */
  readonly objects: readonly { readonly resource: GroupResource; readonly object: UntypedObject }[];
  readonly removed: readonly RemovedObject[];
  /** Sessions to dial back for. Delivered at least once; the id tells repeats. */
  readonly streams: readonly StreamRequest[];
}

export interface RemovedObject {
  readonly resource: GroupResource;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export const POLL_WAIT_MS_MAX = 30_000;

/** `POST /agent/v1/nodes/{node}/status`: everything that changed on the node since the last report. */
export interface StatusReport {
  readonly pods: readonly PodReport[];
  readonly events: readonly NodeEvent[];
  /** The Node's whole status, on transitions and every few minutes. */
  readonly node?: Record<string, unknown>;
}

export type PodReport =
  | {
      readonly kind: 'status';
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      /** The pod's whole status as the kubelet computes it. */
      readonly status: Record<string, unknown>;
    }
  /** All containers of a pod with deletionTimestamp have stopped: remove the object (uid precondition, grace 0). */
  | { readonly kind: 'terminated'; readonly namespace: string; readonly name: string; readonly uid: string };

/** An event about a pod or the node, before deduplication. Times in ms since the epoch. */
export interface NodeEvent {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly fieldPath?: string;
  };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly at: number;
}

/** Per report in order: absent when it was taken, else why not (404: the pod is gone; drop it). */
export interface StatusReply {
  readonly pods: readonly (Status | null)[];
}

/** A session someone waits for; the agent answers by a WebSocket to `/agent/v1/nodes/{node}/streams/{id}`. */
export type StreamRequest = LogStreamRequest;

/**
 * Container logs. The agent's first frame is text, a StreamOpening; then binary frames of log bytes;
 * then a normal close.
 */
export interface LogStreamRequest {
  readonly kind: 'logs';
  readonly id: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
}

/**
 * Flow control of every stream. The hub answers what its reader has taken with text frames (StreamAck);
 * the agent has at most `STREAM_WINDOW_BYTES` sent and not yet acknowledged, and waits beyond that. A
 * sender that goes further than twice the window is cut off with code 1009.
 */
export const STREAM_WINDOW_BYTES = 1_048_576;

/** Hub to agent, text frame: bytes of binary frames taken since the stream began. */
export interface StreamAck {
  readonly ack: number;
}

/** How long the hub waits for the agent to dial back before it gives up on the session. */
export const STREAM_DIAL_MS_MAX = 15_000;

export type StreamOpening = { readonly ok: true } | { readonly ok: false; readonly status: Status };
