/** What shards and the API Worker ask of the hub. */
import type { StatusReply, StatusReport } from './agent.ts';
import type { Change } from './change.ts';
import type { SealSummary } from './seal-report.ts';
import type { Answer, ListRequest } from './shard.ts';
import type { ValueDemand, ValueLease } from './value-lease.ts';

export interface ReserveRequest {
  /** Which shard: its namespace, empty for the cluster-scoped one. */
  readonly shard: string;
  /** How many revisions the batch may need. */
  readonly count: number;
  /** Cluster-wide values the batch may take (services); absent: none. */
  readonly values?: ValueDemand;
}

export interface ReserveReply {
  readonly epoch: number;
  /** First and last revision of the span, both included. */
  readonly first: number;
  readonly last: number;
  /** Revision of the cluster-scoped configuration that a commit must not be older than. */
  readonly configRevision: number;
  /** Answers `values`; held until the span is released. */
  readonly values?: ValueLease;
}

export interface PublishRequest {
  readonly shard: string;
  readonly epoch: number;
  readonly first: number;
  /** Changes of the span in revision order; may be empty (the span is given back). */
  readonly changes: readonly Change[];
  /** Further changes of the span follow in another call; it stays open. */
  readonly more?: boolean;
}

export interface HubRpc {
  reserve(request: ReserveRequest): Promise<ReserveReply>;
  publish(request: PublishRequest): Promise<void>;
  /** The highest revision handed out and the highest released. */
  revision(): Promise<{ readonly issued: number; readonly released: number }>;
  /** Cross-namespace list. */
  list(request: ListRequest): Promise<Answer>;
  /** Whether a pod bound to the node is, or references, the object (what the node authorizer asks). */
  nodeReaches(
    node: string,
    object: { readonly resource: string; readonly namespace: string; readonly name: string },
  ): Promise<boolean>;
  /** One node's report, split by shard; which node asks has been checked. */
  agentReport(node: string, report: StatusReport): Promise<StatusReply>;
  /** A shard has found rows that cannot be opened, so many in all. */
  unreadableRows(namespace: string, rows: number): Promise<void>;
  /** Rows known not to open, over all shards. */
  unreadable(): Promise<number>;
  /** How far the Secrets of all shards lie under the key that seals at present; wakes every shard. */
  sealing(): Promise<SealSummary>;
  /** What the cron trigger starts: wakes what an alarm missed. */
  sweep(): Promise<void>;
}
