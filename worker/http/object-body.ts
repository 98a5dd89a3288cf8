/** The body of a create or update: read, decoded, checked against the kind's fields. */
import { decodeObject, type ExpectedKind } from '../../schema/decode/decode-object.ts';
import { encodeObject } from '../../schema/meta/encode-object.ts';
import { fail, ok, type Result, unsupportedMediaType } from '../../schema/meta/status.ts';
import type { ApiRequest } from './api-request.ts';
import { readBody } from './body.ts';
import { ANSWER_MEDIA_TYPES, bodyMediaType, unknownBodyFormat } from './negotiation/media-types.ts';
import { type WriteOptions, writeOptions } from './request-options.ts';

export interface ObjectBody {
  /** The decoded object's text. */
  readonly json: string;
  readonly options: WriteOptions;
  readonly warnings: readonly string[];
}

export async function decodeObjectBody(
  api: ApiRequest,
  expected: ExpectedKind,
  kind: 'CreateOptions' | 'UpdateOptions',
): Promise<Result<ObjectBody>> {
  const mediaType = bodyMediaType(api.request.headers.get('content-type'));
  if (!mediaType) return fail(unsupportedMediaType(unknownBodyFormat(ANSWER_MEDIA_TYPES.map(({ name }) => name))));
  const body = await readBody(api.request);
  if (!body.ok) return body;
  const options = writeOptions(kind, api.query, api.request.headers.get('user-agent') ?? '');
  if (!options.ok) return options;
  const { fieldValidation } = options.value;
  const decoded = decodeObject(body.value, { expected, format: mediaType.format, fieldValidation });
  if (!decoded.ok) return decoded;
  return ok({ json: encodeObject(decoded.value.object), options: options.value, warnings: decoded.value.warnings });
}
