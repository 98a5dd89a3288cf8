import { forbidden, type Status } from '../../schema/meta/status.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';

/** What a request wants to do. Source: apiserver's authorizer.Attributes. */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  /** API verb for resources (`list`), HTTP method in lower case for other paths. */
  readonly verb: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly resourceRequest: boolean;
  /** The request's field selector as it came: nodes may list the pods bound to them. */
  readonly fieldSelector?: string;
}

/** `no-opinion` leaves the decision to the next authorizer; if none allows, the request is denied. */
export interface AuthorizerOpinion {
  readonly decision: 'allow' | 'deny' | 'no-opinion';
  readonly reason: string;
}

export const NO_OPINION: AuthorizerOpinion = { decision: 'no-opinion', reason: '' };
export const noOpinion = (reason: string): AuthorizerOpinion => ({ decision: 'no-opinion', reason });
export const allow = (reason = ''): AuthorizerOpinion => ({ decision: 'allow', reason });

const sanitized = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const quoted = (text: string): string => JSON.stringify(text);

function deniedText(attributes: AuthorizationAttributes): string {
  const { user, verb, apiGroup, resource, subresource, namespace, path, resourceRequest } = attributes;
  if (!resourceRequest) return `User ${quoted(user.username)} cannot ${verb} path ${quoted(path)}`;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${quoted(namespace)}` : 'at the cluster scope';
  return `User ${quoted(user.username)} cannot ${verb} resource ${quoted(what)} in API group ${quoted(apiGroup)} ${where}`;
}

/**
 * The 403 for a denied request:
 * `pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"`.
 * Source: apiserver's responsewriters.ForbiddenStatusError.
 */
export function forbiddenStatus(attributes: AuthorizationAttributes, reason: string): Status {
  const text = sanitized(deniedText(attributes));
  const why = reason ? `${text}: ${reason}` : text;
  const { resource, apiGroup, name } = attributes;
  const key = apiGroup ? `${resource}.${apiGroup}` : resource;
  const status = forbidden(key, name, why);
  // apimachinery's text for a request without a resource has no name of one to begin with.
  return attributes.resourceRequest
    ? status
    : { ...status, message: `forbidden: ${why}`, details: name ? { name } : {} };
}
