/** Checks what agents send. Bounds are those of one honest node, with room. */
import * as v from 'valibot';
import type { JoinRequest, StatusReport } from '../../schema/protocol/agent.ts';
import { badRequest, fail, ok, type Result } from '../../schema/meta/status.ts';

const PODS_PER_REPORT_MAX = 2_000;
const EVENTS_PER_REPORT_MAX = 2_000;
const NAME_CHARS_MAX = 253;
const MESSAGE_CHARS_MAX = 8_192;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARS_MAX));
const optionalName = v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX));
const record = v.record(v.string(), v.unknown());

/** DNS subdomain, as Node names are. */
const nodeName = v.pipe(name, v.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/));

const joinRequest = v.object({ nodeName });

const podReport = v.variant('kind', [
  v.object({ kind: v.literal('status'), namespace: name, name, uid: name, status: record }),
  v.object({ kind: v.literal('terminated'), namespace: name, name, uid: name }),
]);

const nodeEvent = v.object({
  regarding: v.object({
    apiVersion: optionalName,
    kind: name,
    namespace: optionalName,
    name,
    uid: optionalName,
    fieldPath: v.optional(v.pipe(v.string(), v.maxLength(1_024))),
  }),
  type: v.picklist(['Normal', 'Warning']),
  reason: v.pipe(v.string(), v.maxLength(128)),
  message: v.pipe(v.string(), v.maxLength(MESSAGE_CHARS_MAX)),
  at: v.number(),
});

const statusReport = v.object({
  pods: v.pipe(v.array(podReport), v.maxLength(PODS_PER_REPORT_MAX)),
  events: v.pipe(v.array(nodeEvent), v.maxLength(EVENTS_PER_REPORT_MAX)),
  node: v.optional(record),
});

function parsed<T>(schema: v.GenericSchema<unknown, T>, body: string): Result<T> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return fail(badRequest('the body is not JSON'));
  }
  const result = v.safeParse(schema, value);
  if (result.success) return ok(result.output);
  const [issue] = result.issues;
  return fail(badRequest(`${v.getDotPath(issue) ?? 'the body'}: ${issue.message}`));
}

export const parseJoin = (body: string): Result<JoinRequest> => parsed(joinRequest, body);
export const parseReport = (body: string): Result<StatusReport> => parsed(statusReport, body);
