/** The body of a create or update: read, decoded, checked against the kind's fields. */
import { decodeObject, type ExpectedKind } from '../../../schema/decode/decode-object.ts';
import { encodeObject } from '../../../schema/meta/encode-object.ts';
import { fail, ok, type Result, unsupportedMediaType } from '../../../schema/meta/status.ts';
import type { ApiRequest } from '../api-request.ts';
import { readBody, readBodyBytes } from './body.ts';
import { bodyMediaType, unknownBodyFormat } from '../negotiation/media-types.ts';
import { type BodyKind, protobufAsJson } from './protobuf-body.ts';
import { type WriteOptions, writeOptions } from './request-options.ts';

export interface ObjectBody {
  /** The decoded object's text. */
  readonly json: string;
  readonly options: WriteOptions;
  readonly warnings: readonly string[];
}

export interface TextBody {
  readonly text: string;
  readonly format: 'json' | 'yaml';
}

/** The body as text that schema/decode reads: what came as protobuf, as JSON. */
export async function readText(request: Request, expected: BodyKind): Promise<Result<TextBody>> {
  const mediaType = bodyMediaType(request.headers.get('content-type'));
  if (!mediaType) return fail(unsupportedMediaType(unknownBodyFormat()));
  const { format } = mediaType;
  if (format !== 'protobuf') {
    const text = await readBody(request);
    return text.ok ? ok({ text: text.value, format }) : text;
  }
  const bytes = await readBodyBytes(request);
  if (!bytes.ok) return bytes;
  const json = protobufAsJson(bytes.value, expected);
  return json.ok ? ok({ text: json.value, format: 'json' }) : json;
}

export async function decodeObjectBody(
  api: ApiRequest,
  expected: ExpectedKind,
  kind: 'CreateOptions' | 'UpdateOptions',
): Promise<Result<ObjectBody>> {
  const body = await readText(api.request, expected);
  if (!body.ok) return body;
  const options = writeOptions(kind, api.query, api.request.headers.get('user-agent') ?? '');
  if (!options.ok) return options;
  const { text, format } = body.value;
  const decoded = decodeObject(text, { expected, format, fieldValidation: options.value.fieldValidation });
  if (!decoded.ok) return decoded;
  const json = encodeObject(decoded.value.object);
  api.audit.requestObject(decoded.value.object, json);
  return ok({ json, options: options.value, warnings: decoded.value.warnings });
}
