/** Statuses of the request path itself. Source: apimachinery api/errors NewGenericServerResponse. */
import { failure, type Status } from '../../../schema/meta/status.ts';

/** 404 within a served group and version: a resource, name or subresource that is not there. */
export const unknownResource = (): Status =>
  failure({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} });

/** 405 for a method that a path does not take. */
export const methodNotAllowed = (): Status =>
  failure({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
