/**
 * The path of every request, in order: what it asks for, who asks (and as whom), whether they may, which
 * handler answers, and how failures look. Nothing else answers requests.
 */
import { Hono } from 'hono';
import { badRequest, internalError, serviceUnavailable, type Status } from '../../schema/meta/status.ts';
import type { RequestAudit } from '../audit/request-audit.ts';
import { ANONYMOUS } from '../authn/anonymous.ts';
import { authenticate } from '../authn/chain.ts';
import type { PresentedCertificate } from '../authn/client-certificate.ts';
import { forbiddenStatus } from '../authz/attributes.ts';
import { authorize } from '../authz/chain.ts';
import { impersonate } from '../authz/impersonation.ts';
import type { Env } from '../env.ts';
import { pathNotFound, statusAnswer } from './answers/answers.ts';
import type { ApiRequest, Handled } from './api-request.ts';
import type { HttpRuntime } from './http-runtime.ts';
import { audited, auditorOf, beginAudit } from './auditing.ts';
import { attributesOf } from './authorization-attributes.ts';
import { FLOW_MS_MAX, findFlow, withFlow } from './flow-control.ts';
import { findNonResourceRoute } from './non-resource-routes.ts';
import { type Accepted, noConversion } from './negotiation/accept.ts';
import { jsonMediaType } from './negotiation/json.ts';
import { answerForm } from './negotiation/answer-form.ts';
import { routeRefusal } from './negotiation/route-match.ts';
import { serveObjects } from './objects/object-requests.ts';
import { methodNotAllowed, unknownResource } from './request/request-errors.ts';
import { requestInfo } from './request/request-info.ts';
import { securityDeps } from './security-deps.ts';
import { isServedPath } from './served/served-paths.ts';
import { findServedResource } from './served/served-resources.ts';
import { isServedGroupVersion } from './served/served-versions.ts';
import type { VirtualResource } from './virtual/virtual-resource.ts';
import { findVirtualResource } from './virtual/virtual-resources.ts';

/** Longer URLs are refused unread. */
const URL_CHARS_MAX = 16_384;

/** The Worker's HTTP surface. */
export function createHandler(runtime: HttpRuntime): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app.all('*', async (c) => {
    const { raw } = c.req;
    const begun = beginAudit(raw, runtime);
    const handled = await handle(raw, c.env, c.executionCtx as ExecutionContext, runtime, begun.audit).catch((error) =>
      failed(error, begun.audit),
    );
    if (handled instanceof Response) return audited(withFlow(raw, handled), begun, runtime);
    begun.audit.refused(handled);
    return audited(withFlow(raw, statusAnswer(handled, { accepted: formOf(raw) })), begun, runtime);
  });
  return app;
}

async function handle(
  request: Request,
  env: Env,
  context: ExecutionContext,
  runtime: HttpRuntime,
  audit: RequestAudit,
): Promise<Handled> {
  if (request.url.length > URL_CHARS_MAX) return badRequest('the URL is too long');
  const url = new URL(request.url);
  const query = url.searchParams;
  const info = requestInfo(request.method, url.pathname, query);
  if (!info) return badRequest(`unable to determine kind and namespace from url, ${url.pathname}`);

  const security = securityDeps(env, runtime);
  const auditor = auditorOf(env, runtime);
  const selector = query.get('fieldSelector') ?? '';
  const { tlsClientAuth: certificate } = (request.cf ?? {}) as { tlsClientAuth?: PresentedCertificate };
  const credentials = { headers: request.headers, path: url.pathname, certificate };
  const caller = await authenticate(credentials, security);
  if (!caller.ok) {
    audit.unauthenticated(auditor, { ...attributesOf(info, ANONYMOUS, selector), user: undefined });
    return caller.status;
  }
  audit.received(auditor, attributesOf(info, caller.value, selector));
  const user = await impersonate(request.headers, caller.value, security);
  if (!user.ok) return user.status;
  if (user.value !== caller.value) audit.impersonated(user.value);
  const attributes = attributesOf(info, user.value, selector);
  const [verdict] = await Promise.all([
    authorize(attributes, security),
    runtime.within(FLOW_MS_MAX, findFlow(request, attributes, security.objects), () => undefined),
  ]);
  audit.authorized(verdict.allowed, verdict.reason);
  if (!verdict.allowed) return forbiddenStatus(attributes, verdict.reason);

  const api: ApiRequest = {
    request,
    env,
    context,
    runtime,
    security,
    query,
    info,
    user: user.value,
    audit,
    caller: caller.value,
    credentials,
  };
  const startedAt = runtime.now();
  try {
    const handled = await route(api);
    count(api, 'code' in handled ? handled.code : handled.status, startedAt);
    return handled;
  } catch (error) {
    count(api, statusOfError(error).code, startedAt);
    throw error;
  }
}

/** Only what is served: the number of other paths has no bound. */
function count({ request, runtime, query, info }: ApiRequest, code: number, startedAt: number): void {
  if (info.isResourceRequest && !isServedPath(info)) return;
  const contentType = request.headers.get('content-type');
  runtime.metrics.record({ info, query, contentType }, code, (runtime.now() - startedAt) / 1000);
}

async function route(api: ApiRequest): Promise<Handled> {
  const { info } = api;
  // Nothing is served below an empty segment, although it is authorized as if it were not there.
  if (info.path.startsWith('//')) return pathNotFound();
  if (!info.isResourceRequest) {
    const handler = findNonResourceRoute(info.path);
    return handler ? handler(api) : pathNotFound();
  }
  if (api.request.method === 'HEAD') return methodNotAllowed();
  const resource = findServedResource(info.apiGroup, info.apiVersion, info.resource);
  if (resource) return serveObjects(api, resource);
  const virtual = findVirtualResource(info.apiGroup, info.apiVersion, info.resource);
  if (virtual) return serveVirtual(api, virtual);
  return isServedGroupVersion(info.apiGroup, info.apiVersion) ? unknownResource() : pathNotFound();
}

async function serveVirtual(api: ApiRequest, resource: VirtualResource): Promise<Handled> {
  const { namespace, verb, parts } = api.info;
  if (parts.length > (resource.hasNames ? 2 : 1) || (namespace !== '') !== (resource.scope === 'Namespaced'))
    return unknownResource();
  if (!(resource.verbs as readonly string[]).includes(verb)) return methodNotAllowed();
  return routeRefusal(api.request.headers) ?? resource.handle(api);
}

/** Errors are written in the media type the client accepts, or JSON. */
function formOf(request: Request): Accepted {
  const query = request.url.length > URL_CHARS_MAX ? new URLSearchParams() : new URL(request.url).searchParams;
  const accepted = answerForm({ headers: request.headers, query }, noConversion);
  // Where nothing that we write is accepted: JSON for people to read. Source: responsewriters WriteRawJSON.
  return accepted.ok ? accepted.value : { mediaType: jsonMediaType, conversion: undefined, isPretty: true };
}

/** What a request that could not be served is answered. */
function failed(error: unknown, audit: RequestAudit): Status {
  const status = statusOfError(error);
  if (status.code === 500) {
    console.error('request failed', error);
    audit.panicked(error);
  }
  return status;
}

/** A part that does not answer is a 503 to be tried again; anything else is a bug of ours. */
function statusOfError(error: unknown): Status {
  const away = error as { retryable?: boolean; overloaded?: boolean; durableObjectReset?: boolean };
  if (away?.retryable || away?.overloaded || away?.durableObjectReset) {
    return {
      ...serviceUnavailable('the server is currently unable to handle the request'),
      details: { retryAfterSeconds: 1 },
    };
  }
  return internalError(error instanceof Error ? error.message : String(error));
}
