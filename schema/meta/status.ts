import type { GroupResource } from './object-meta.ts';

/** Why a request failed, one entry per field. Source: meta/v1 StatusCause. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** A failed (or, for some deletes, successful) answer. Source: meta/v1 Status. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status: 'Failure' | 'Success';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** What may fail in an expected way returns its Status; `throw` is for our own bugs. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: Status };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const fail = (status: Status): { readonly ok: false; readonly status: Status } => ({ ok: false, status });

interface FailureOptions {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails;
}

/** Builds a `Failure` Status. The named constructors below are what callers use. */
export function failure({ code, reason, message, details }: FailureOptions): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details ? { details } : {}),
    code,
  };
}

/** Splits `deployments.apps` into its resource and group; the core group is the empty string. */
export function splitGroupResource(key: GroupResource): { resource: string; group: string } {
  const dot = key.indexOf('.');
  return dot < 0 ? { resource: key, group: '' } : { resource: key.slice(0, dot), group: key.slice(dot + 1) };
}

function detailsOf(key: GroupResource, name?: string): StatusDetails {
  const { resource, group } = splitGroupResource(key);
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), kind: resource };
}

/** 404: `pods "web" not found`. */
export const notFound = (key: GroupResource, name: string): Status =>
  failure({ code: 404, reason: 'NotFound', message: `${key} "${name}" not found`, details: detailsOf(key, name) });

/** 409: an object of that name exists. */
export const alreadyExists = (key: GroupResource, name: string): Status =>
  failure({
    code: 409,
    reason: 'AlreadyExists',
    message: `${key} "${name}" already exists`,
    details: detailsOf(key, name),
  });

/** 409: optimistic concurrency or another state clash; `why` is upstream's wording. */
export const conflict = (key: GroupResource, name: string, why: string): Status =>
  failure({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${key} "${name}": ${why}`,
    details: detailsOf(key, name),
  });

/** Upstream's text for a stale resourceVersion. */
export const OPTIMISTIC_LOCK_ERROR =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 403 by an admission plugin or by the authorizer; `why` is the text after the colon. */
export const forbidden = (key: GroupResource, name: string, why: string): Status =>
  failure({
    code: 403,
    reason: 'Forbidden',
    message: name ? `${key} "${name}" is forbidden: ${why}` : `${key} is forbidden: ${why}`,
    details: detailsOf(key, name),
  });

/** 400: the request itself is wrong. */
export const badRequest = (message: string): Status => failure({ code: 400, reason: 'BadRequest', message });

/** 401: no or wrong credentials. */
export const unauthorized = (message = 'Unauthorized'): Status =>
  failure({ code: 401, reason: 'Unauthorized', message });

/** 405: the resource does not serve that verb. */
export const methodNotSupported = (key: GroupResource, action: string): Status =>
  failure({
    code: 405,
    reason: 'MethodNotAllowed',
    message: `${action} is not supported on resources of kind "${key}"`,
    details: detailsOf(key),
  });

/** 406: none of the accepted media types is served. */
export const notAcceptable = (message: string): Status => failure({ code: 406, reason: 'NotAcceptable', message });

/** 410: the resourceVersion or continue token is older than the kept history. */
export const resourceExpired = (message: string): Status => failure({ code: 410, reason: 'Expired', message });

/** 413: the body is above the limit. */
export const requestEntityTooLarge = (message: string): Status =>
  failure({ code: 413, reason: 'RequestEntityTooLarge', message });

/** 415: the body's media type is not read. */
export const unsupportedMediaType = (message: string): Status =>
  failure({ code: 415, reason: 'UnsupportedMediaType', message });

/** 429: try again later. */
export const tooManyRequests = (message: string, retryAfterSeconds: number): Status =>
  failure({ code: 429, reason: 'TooManyRequests', message, details: { retryAfterSeconds } });

/** 500: our own bug, or a part that does not answer. */
export const internalError = (why: string): Status =>
  failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${why}`,
    details: { causes: [{ message: why }] },
  });

/** 503: a part is starting or away. */
export const serviceUnavailable = (message: string): Status =>
  failure({ code: 503, reason: 'ServiceUnavailable', message });

/** 504: upstream's answer to a resourceVersion from the future and to time-outs. */
export const timeout = (message: string, causes?: StatusCause[]): Status =>
  failure({ code: 504, reason: 'Timeout', message, ...(causes ? { details: { causes } } : {}) });
