/** Bodies of kinds that are not stored: reviews, and what is created on subresources. */
import type { KubeObject } from '../../../schema/meta/object-meta.ts';
import { apiVersionOf } from '../../../schema/meta/served-version.ts';
import { ok, type Result } from '../../../schema/meta/status.ts';
import type { ApiRequest } from '../api-request.ts';
import { decodeObjectBody, type ObjectBody } from './object-body.ts';

export interface ForeignKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Type name in the field table, e.g. `V1TokenReview`. */
  readonly schema: string;
}

export const decodeForeignBody = (api: ApiRequest, kind: ForeignKind): Promise<Result<ObjectBody>> =>
  decodeObjectBody(api, kind, 'CreateOptions');

/** The decoded body as an object; metadata is always there. */
export async function readForeignObject<T extends KubeObject>(
  api: ApiRequest,
  kind: ForeignKind,
): Promise<Result<{ readonly object: T; readonly body: ObjectBody }>> {
  const body = await decodeForeignBody(api, kind);
  if (!body.ok) return body;
  const object = JSON.parse(body.value.json) as T;
  object.metadata ??= {};
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  return ok({ object, body: body.value });
}
