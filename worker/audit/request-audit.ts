/**
 * What is noted of one request while it is under way. Every method does nothing where the policy says
 * None or auditing is off. Source: apiserver pkg/audit, pkg/endpoints/filters audit.go and authn_audit.go.
 */
import type { AuditLevel, AuditPolicy, AuditStage } from '../../schema/configuration/audit-policy.ts';
import { AUDIT_LEVELS } from '../../schema/configuration/audit-policy.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { Answer } from '../../schema/protocol/shard.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { isLongRunning } from '../authz/long-running.ts';
import { type AuditDecision, type AuditedRequest, auditDecision } from './audit-decision.ts';
import { auditLine, type ObjectReference, type ResponseStatus } from './audit-event.ts';
import type { AuditSink } from './audit-sink.ts';
import { connectionAddress, sourceAddresses } from './source-addresses.ts';
import { withoutManagedFields } from './without-managed-fields.ts';

/** What auditing is done by; absent where it is off. */
export interface Auditor {
  readonly policy: AuditPolicy;
  readonly sink: AuditSink;
}

export interface AuditedCall {
  readonly auditID: string;
  readonly request: Request;
  /** ms since the epoch. */
  readonly receivedAt: number;
  now(): number;
}

/** A Status is no longer than this; a longer body is no Status. */
const STATUS_CHARS_MAX = 65_536;

/** What a request's life is noted as, once a policy has decided that it is. */
interface Trail {
  readonly auditor: Auditor;
  readonly decision: AuditDecision;
  readonly request: AuditedRequest;
  readonly isLongRunning: boolean;
}

export class RequestAudit {
  readonly #call: AuditedCall;
  readonly #annotations = new Map<string, string>();
  #trail: Trail | undefined;
  #hasFailedAuthentication = false;
  #impersonated: UserInfo | undefined;
  #objectRef: ObjectReference | undefined;
  #status: ResponseStatus | undefined;
  #requestObject: string | undefined;
  #responseObject: string | undefined;

  constructor(call: AuditedCall) {
    this.#call = call;
  }

  /** The caller is known. */
  received(auditor: Auditor | undefined, request: AuditedRequest): void {
    if (this.#decide(auditor, request)) this.#note('RequestReceived');
  }

  /** Nobody could be authenticated: one event, when the refusal is on its way. */
  unauthenticated(auditor: Auditor | undefined, request: AuditedRequest): void {
    if (!this.#decide(auditor, request)) return;
    this.#hasFailedAuthentication = true;
    const { headers, url, cf } = this.#call.request;
    const { tlsClientAuth } = (cf ?? {}) as { tlsClientAuth?: { certPresented?: string } };
    const methods = [
      ...(/^basic\s/i.test(headers.get('authorization') ?? '') ? ['basic'] : []),
      ...(/^bearer\s/i.test(headers.get('authorization') ?? '') ? ['bearer'] : []),
      ...(/[?&]access_token=[^&]/.test(url) ? ['access_token'] : []),
      ...(tlsClientAuth?.certPresented === '1' ? ['x509'] : []),
    ];
    this.#status = {
      message:
        methods.length > 0
          ? `Authentication failed, attempted: ${methods.join(', ')}`
          : 'Authentication failed, no credentials provided',
    };
  }

  impersonated(user: UserInfo): void {
    this.#impersonated = user;
  }

  authorized(allowed: boolean, reason: string): void {
    this.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
    this.annotate('authorization.k8s.io/reason', reason);
  }

  /** The first value of a key counts. */
  annotate(key: string, value: string): void {
    if (this.#trail && !this.#annotations.has(key)) this.#annotations.set(key, value);
  }

  /** The decoded body of a write. */
  requestObject(object: UntypedObject, json: string): void {
    if (!this.#trail) return;
    const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
    const given = this.#objectRef ?? {};
    this.#objectRef = {
      resource: given.resource,
      namespace: given.namespace || namespace,
      name: given.name || name,
      uid: uid || undefined,
      apiGroup: given.apiGroup,
      apiVersion: given.apiVersion,
      resourceVersion: resourceVersion || undefined,
      subresource: given.subresource,
    } as ObjectReference;
    if (this.#isAtLeast('Request')) this.#requestObject = this.#trimmed(json);
  }

  /** A body that is no object: a patch, options. JSON text. */
  requestBody(json: string): void {
    if (this.#isAtLeast('Request')) this.#requestObject = json;
  }

  /** What the registry answers. */
  answered(answer: Answer): void {
    if (!this.#trail) return;
    for (const [key, value] of Object.entries(answer.auditAnnotations ?? {})) this.annotate(key, value);
    if (answer.code >= 400 || isStatus(answer.body)) this.#noteStatus(answer.body);
    if (this.#isAtLeast('RequestResponse') && answer.body) this.#responseObject = this.#trimmed(answer.body);
  }

  refused({ status, message, reason, details, code }: Status): void {
    if (!this.#trail || this.#hasFailedAuthentication) return;
    this.#status = { status, message, reason, details, code };
    const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status, message, reason, details, code };
    if (this.#isAtLeast('RequestResponse')) this.#responseObject = JSON.stringify(body);
  }

  /** A bug of ours ended the request. */
  panicked(error: unknown): void {
    if (!this.#trail) return;
    const message = `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`;
    this.#status = { status: 'Failure', message, reason: 'InternalError', code: 500 };
    this.#note('Panic');
    this.#trail = undefined;
  }

  /**
   * The answer is on its way. True when the caller has to say by `complete` when its body has ended;
   * else nothing more is to come.
   */
  responding(code: number, hasBody: boolean): boolean {
    const trail = this.#trail;
    if (!trail) return false;
    this.#status = { ...this.#status, code };
    if (trail.isLongRunning || this.#hasFailedAuthentication) this.#note('ResponseStarted');
    if (this.#hasFailedAuthentication) return false;
    if (trail.isLongRunning && hasBody) return true;
    this.#note('ResponseComplete');
    return false;
  }

  complete(): void {
    this.#note('ResponseComplete');
  }

  #decide(auditor: Auditor | undefined, request: AuditedRequest): boolean {
    if (!auditor) return false;
    const decision = auditDecision(auditor.policy, request);
    if (decision.level === 'None') return false;
    const { resourceRequest, resource, namespace, name, apiGroup, apiVersion, subresource } = request;
    this.#trail = { auditor, decision, request, isLongRunning: isLongRunning(request) };
    if (resourceRequest) {
      this.#objectRef = {
        resource: resource || undefined,
        namespace: namespace || undefined,
        name: name || undefined,
        apiGroup: apiGroup || undefined,
        apiVersion: apiVersion || undefined,
        subresource: subresource || undefined,
      } as ObjectReference;
    }
    return true;
  }

  #isAtLeast(level: AuditLevel): boolean {
    return this.#trail !== undefined && AUDIT_LEVELS.indexOf(this.#trail.decision.level) >= AUDIT_LEVELS.indexOf(level);
  }

  #trimmed(json: string): string {
    return this.#trail?.decision.omitManagedFields ? withoutManagedFields(json) : json;
  }

  #noteStatus(body: string): void {
    if (!isStatus(body)) return;
    const { status, message, reason, details, code } = JSON.parse(body) as Status;
    this.#status = { status, message, reason, details, code };
  }

  #note(stage: AuditStage): void {
    const trail = this.#trail;
    if (!trail || trail.decision.omitStages.has(stage)) return;
    const { auditID, request, receivedAt } = this.#call;
    const line = auditLine({
      level: trail.decision.level,
      auditID,
      stage,
      // Path and query as they came.
      requestURI: request.url.replace(/^[a-z]+:\/\/[^/?]*/i, ''),
      verb: trail.request.verb,
      user: trail.request.user,
      impersonatedUser: this.#impersonated,
      sourceIPs: sourceAddresses(request.headers, connectionAddress(request.headers, request.cf)),
      userAgent: request.headers.get('user-agent') ?? '',
      objectRef: this.#objectRef,
      responseStatus: this.#status,
      requestObject: this.#requestObject,
      responseObject: this.#responseObject,
      receivedAt,
      stageAt: stage === 'RequestReceived' ? receivedAt : this.#call.now(),
      annotations: this.#annotations,
    });
    trail.auditor.sink.write(line);
  }
}

const isStatus = (body: string): boolean =>
  body.length <= STATUS_CHARS_MAX && /^\{[^{]*"kind":"Status"/.test(body.slice(0, 200));
