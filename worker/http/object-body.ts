/** The body of a create or update: read, turned into JSON, checked against the kind's fields. */
import { badRequest, fail, ok, type Result, unsupportedMediaType } from '../../schema/meta/status.ts';
import type { ApiRequest } from './api-request.ts';
import { readBody } from './body.ts';
import { ANSWER_MEDIA_TYPES, bodyMediaType, unknownBodyFormat } from './negotiation/media-types.ts';
import { type WriteOptions, writeOptions } from './request-options.ts';
import type { ServedResource } from './served-resources.ts';

export interface ObjectBody {
  readonly json: string;
  readonly options: WriteOptions;
  readonly warnings: readonly string[];
}

export async function decodeObjectBody(
  api: ApiRequest,
  resource: ServedResource,
  kind: 'CreateOptions' | 'UpdateOptions',
): Promise<Result<ObjectBody>> {
  const mediaType = bodyMediaType(api.request.headers.get('content-type'));
  if (!mediaType) return fail(unsupportedMediaType(unknownBodyFormat(ANSWER_MEDIA_TYPES.map(({ name }) => name))));
  const body = await readBody(api.request);
  if (!body.ok) return body;
  const options = writeOptions(kind, api.query, api.request.headers.get('user-agent') ?? '');
  if (!options.ok) return options;
  const read = mediaType.readBody(body.value);
  if (!read.ok) return fail(badRequest(read.error));
  return ok({ json: read.json, options: options.value, warnings: [] });
}
