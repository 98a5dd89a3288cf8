/** Joins the audit log to the deployment's bindings: the policy, and where events go. */
import { readAuditPolicy } from '../../schema/configuration/audit-policy.ts';
import { type AuditSink, BatchSink } from '../audit/audit-sink.ts';
import { type Auditor, RequestAudit } from '../audit/request-audit.ts';
import type { Env } from '../env.ts';
import type { HttpRuntime } from './http-runtime.ts';

const known = new WeakMap<Env, { readonly auditor: Auditor | undefined }>();

/** Undefined: auditing is off. Throws when the policy is wrong: then nothing is served unaudited. */
export function auditorOf(env: Env, runtime: HttpRuntime): Auditor | undefined {
  const earlier = known.get(env);
  if (earlier) return earlier.auditor;
  const auditor = newAuditor(env, runtime);
  known.set(env, { auditor });
  return auditor;
}

function newAuditor(env: Env, runtime: HttpRuntime): Auditor | undefined {
  const text = env.AUDIT_POLICY ?? '';
  if (text.trim() === '') return undefined;
  const policy = readAuditPolicy(text);
  if (!policy.ok) throw new Error(`AUDIT_POLICY: ${policy.error}`);
  return { policy: policy.value, sink: sinkOf(env, runtime) };
}

/** Without a taker of its own: the Worker's log, which Workers Logs and Logpush take on. */
function sinkOf({ AUDIT_LOG: taker }: Env, { now, sleep, background }: HttpRuntime): AuditSink {
  if (!taker) return { write: (line) => console.log(line) };
  const send = async (lines: string): Promise<void> => {
    const answer = await taker.fetch('http://audit-log/events', { method: 'POST', body: lines });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the audit log's taker answered ${answer.status}`);
  };
  return new BatchSink({ send, now, sleep, background, warn: (text) => console.warn(text) });
}

/** Its value names the request in every event; clients may choose it. Source: apiserver filters/audit_init.go. */
const AUDIT_ID_HEADER = 'audit-id';

/** What is noted of a request, before anything is known of it. */
export function beginAudit(request: Request, runtime: HttpRuntime): { auditID: string; audit: RequestAudit } {
  const auditID = request.headers.get(AUDIT_ID_HEADER) || runtime.newUid();
  const audit = new RequestAudit({ auditID, request, receivedAt: runtime.now(), now: runtime.now });
  return { auditID, audit };
}

/** The answer as it is sent, with the request's name; what has to be noted at its end is. */
export function audited(
  response: Response,
  { auditID, audit }: { readonly auditID: string; readonly audit: RequestAudit },
  runtime: HttpRuntime,
): Response {
  const { body } = response;
  const named =
    audit.responding(response.status, body !== null) && body ? noted(response, body, audit, runtime) : own(response);
  named?.headers.set(AUDIT_ID_HEADER, auditID);
  return named ?? response;
}

/** Calls `complete` when the body has been sent, or its reader has gone. */
function noted(
  response: Response,
  body: ReadableStream<Uint8Array>,
  audit: RequestAudit,
  runtime: HttpRuntime,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sent = body.pipeTo(writable).catch(() => {});
  runtime.background(sent.then(() => audit.complete()));
  return new Response(readable, response);
}

/** A response whose headers may be changed; undefined for a switch of protocols that someone else has made. */
function own(response: Response): Response | undefined {
  try {
    response.headers.delete(AUDIT_ID_HEADER);
    return response;
  } catch {
    return response.status === 101 ? undefined : new Response(response.body, response);
  }
}
