import type { Status } from '../../schema/meta/status.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { Env } from '../env.ts';
import type { RequestInfo } from './request-info.ts';
import type { SecurityDeps } from './security-deps.ts';

/** What the composition root gives the request path. */
export interface HttpRuntime {
  /** ms since the epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Unpredictable bytes, for credentials. */
  randomBytes(count: number): Uint8Array;
  newUid(): string;
  sleep(ms: number): Promise<void>;
  /** Goes on with a task when the request that began it has been answered. */
  background(task: Promise<void>): void;
  /** What `task` comes to, or `late()` when it takes longer than `ms`; the task itself goes on. */
  within<T>(ms: number, task: Promise<T>, late: () => T): Promise<T>;
}

/** A request that is authenticated and authorized. */
export interface ApiRequest {
  readonly request: Request;
  readonly env: Env;
  readonly context: ExecutionContext;
  readonly runtime: HttpRuntime;
  readonly security: SecurityDeps;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  readonly user: UserInfo;
}

/** What handlers may give: a response, or a Status to be written in the client's media type. */
export type Handled = Response | Status;
