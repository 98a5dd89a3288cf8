/** Protobuf bodies as the JSON text they stand for. */
import { decodeMessage, readEnvelope } from '../../../schema/decode/decode-protobuf.ts';
import { apiVersionOf } from '../../../schema/meta/served-version.ts';
import { badRequest, fail, ok, type Result, type Status } from '../../../schema/meta/status.ts';

/** The kind a body must be; without group and version, of any (DeleteOptions). */
export interface BodyKind {
  readonly kind: string;
  readonly schema: string;
  readonly group?: string;
  readonly version?: string;
}

const BODY_SUMMARY_BYTES_MAX = 30;

/** A body of another kind keeps only its kind: decoding refuses it in upstream's words. */
export function protobufAsJson(bytes: Uint8Array, expected: BodyKind): Result<string> {
  const envelope = readEnvelope(bytes);
  if (!envelope.ok) return fail(unrecognized(bytes, expected, envelope.error));
  const { group = '', version } = expected;
  const wanted = version === undefined ? envelope.value.apiVersion : apiVersionOf({ group, version });
  const type = { kind: envelope.value.kind || expected.kind, apiVersion: envelope.value.apiVersion || wanted };
  if (type.kind !== expected.kind || type.apiVersion !== wanted) return ok(JSON.stringify(type));
  const message = decodeMessage(envelope.value.raw, expected.schema);
  return message.ok
    ? ok(JSON.stringify({ ...type, ...message.value }))
    : fail(unrecognized(bytes, expected, message.error));
}

function unrecognized(bytes: Uint8Array, { kind }: BodyKind, why: string): Status {
  const start = Array.from(bytes.subarray(0, BODY_SUMMARY_BYTES_MAX), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  const summary = bytes.length === 0 ? '<empty>' : bytes.length > BODY_SUMMARY_BYTES_MAX ? `${start} ...` : start;
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary})`);
}
