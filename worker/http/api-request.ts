import type { Status } from '../../schema/meta/status.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { RequestAudit } from '../audit/request-audit.ts';
import type { RequestCredentials } from '../authn/chain.ts';
import type { Env } from '../env.ts';
import type { HttpRuntime } from './http-runtime.ts';
import type { RequestInfo } from './request/request-info.ts';
import type { SecurityDeps } from './security-deps.ts';

/** A request that is authenticated and authorized. */
export interface ApiRequest {
  readonly request: Request;
  readonly env: Env;
  readonly context: ExecutionContext;
  readonly runtime: HttpRuntime;
  readonly security: SecurityDeps;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  /** Whom the request acts as. */
  readonly user: UserInfo;
  /** What is noted of it. */
  readonly audit: RequestAudit;
  /** Who sent it, and how that is known. */
  readonly caller: UserInfo;
  readonly credentials: RequestCredentials;
}

/** What handlers may give: a response, or a Status to be written in the client's media type. */
export type Handled = Response | Status;
