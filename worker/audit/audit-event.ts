/** One audit event as a line of JSON, fields in upstream's order. Source: apiserver pkg/apis/audit/v1 Event. */
import type { AuditLevel, AuditStage } from '../../schema/configuration/audit-policy.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';

export interface ObjectReference {
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly resourceVersion?: string;
  readonly subresource?: string;
}

/** The bounded part of a Status. */
export interface ResponseStatus {
  readonly status?: string | undefined;
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly details?: unknown;
  readonly code?: number | undefined;
}

export interface AuditEvent {
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: UserInfo | undefined;
  readonly impersonatedUser?: UserInfo | undefined;
  readonly sourceIPs: readonly string[];
  readonly userAgent: string;
  readonly objectRef?: ObjectReference | undefined;
  readonly responseStatus?: ResponseStatus | undefined;
  /** JSON texts. */
  readonly requestObject?: string | undefined;
  readonly responseObject?: string | undefined;
  /** ms since the epoch. */
  readonly receivedAt: number;
  readonly stageAt: number;
  readonly annotations: ReadonlyMap<string, string>;
}

/** A longer event loses its objects. Source: apiserver --audit-log-truncate-max-event-size. */
export const EVENT_CHARS_MAX = 102_400;
const TRUNCATED = 'audit.k8s.io/truncated';

const USER_AGENT_CHARS_MAX = 1_024;

/** metav1.MicroTime of a clock that counts milliseconds. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

const wireUser = ({ username, uid, groups, extra }: UserInfo) => ({
  ...(username ? { username } : {}),
  ...(uid ? { uid } : {}),
  ...(groups.length > 0 ? { groups } : {}),
  ...(Object.keys(extra).length > 0 ? { extra } : {}),
});

const cutUserAgent = (text: string): string =>
  text.length > USER_AGENT_CHARS_MAX ? `${text.slice(0, USER_AGENT_CHARS_MAX)}...TRUNCATED` : text;

/** Objects are put in as the texts they are. */
export function auditLine(event: AuditEvent): string {
  const { requestObject = '', responseObject = '' } = event;
  const line = assembled(event, requestObject, responseObject);
  if (line.length <= EVENT_CHARS_MAX || (requestObject === '' && responseObject === '')) return line;
  return assembled({ ...event, annotations: new Map([...event.annotations, [TRUNCATED, 'true']]) }, '', '');
}

function assembled(event: AuditEvent, requestObject: string, responseObject: string): string {
  const { status, message, reason, details, code } = event.responseStatus ?? {};
  const head = JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: event.level,
    auditID: event.auditID,
    stage: event.stage,
    requestURI: event.requestURI,
    verb: event.verb,
    user: event.user ? wireUser(event.user) : {},
    impersonatedUser: event.impersonatedUser && wireUser(event.impersonatedUser),
    sourceIPs: event.sourceIPs.length > 0 ? event.sourceIPs : undefined,
    userAgent: cutUserAgent(event.userAgent) || undefined,
    objectRef: event.objectRef,
    responseStatus: event.responseStatus && { metadata: {}, status, message, reason, details, code },
  });
  const tail = JSON.stringify({
    requestReceivedTimestamp: microTime(event.receivedAt),
    stageTimestamp: microTime(event.stageAt),
    annotations: event.annotations.size > 0 ? Object.fromEntries(event.annotations) : undefined,
  });
  const objects = [
    ...(requestObject ? [`"requestObject":${requestObject}`] : []),
    ...(responseObject ? [`"responseObject":${responseObject}`] : []),
  ];
  return [head.slice(0, -1), ...objects, tail.slice(1)].join(',');
}
