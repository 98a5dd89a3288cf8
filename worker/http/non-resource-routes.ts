/** Paths that are no resources, each with its handler. `/` lists them. */
import { agentApiHandler } from './agent-api.ts';
import { jsonAnswer, textAnswer } from './answers/answers.ts';
import type { ApiRequest, Handled } from './api-request.ts';
import { discoveryHandler, discoveryPaths } from './discovery/routes.ts';
import { healthHandler } from './health.ts';
import { CONFIGURATION_PATH, issuerDiscoveryHandler, KEYS_PATH } from './issuer-discovery.ts';
import { openApiHandler } from './openapi/routes.ts';
import { hubOf } from './stores.ts';
import { methodNotAllowed } from './request/request-errors.ts';
import { SERVER_VERSION } from './version.ts';

export type NonResourceHandler = (api: ApiRequest) => Handled | Promise<Handled>;

const readOnly =
  (handler: NonResourceHandler): NonResourceHandler =>
  (api) =>
    api.request.method === 'GET' || api.request.method === 'HEAD' ? handler(api) : methodNotAllowed();

/** Source: component-base metrics legacyregistry.Handler. */
const metricsHandler: NonResourceHandler = ({ runtime }) =>
  textAnswer(200, runtime.metrics.text(), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });

const versionHandler: NonResourceHandler = () => jsonAnswer(200, JSON.stringify(SERVER_VERSION, null, 2));

/** What a cron trigger does on Cloudflare; elsewhere the supervisor asks for it each minute, as the administrator. */
const scheduledHandler: NonResourceHandler = async (api) => {
  if (api.request.method !== 'POST') return methodNotAllowed();
  await hubOf(api.env).sweep();
  return jsonAnswer(200, '{}');
};

/** How far Secrets lie under the key that seals at present: a SealSummary. For administrators. */
const secretsEncryptionHandler: NonResourceHandler = async (api) =>
  jsonAnswer(200, JSON.stringify(await hubOf(api.env).sealing()));

const EXACT: ReadonlyMap<string, NonResourceHandler> = new Map<string, NonResourceHandler>([
  ['/', () => jsonAnswer(200, JSON.stringify({ paths: listedPaths() }, null, 2))],
  ['/metrics', metricsHandler],
  ['/version', versionHandler],
  [CONFIGURATION_PATH, issuerDiscoveryHandler],
  [KEYS_PATH, issuerDiscoveryHandler],
  ['/openapi/v2', openApiHandler],
  ['/openapi/v3', openApiHandler],
]);

/** Paths with methods of their own. */
const ANY_METHOD: readonly (readonly [string, NonResourceHandler])[] = [['/agent/v1', agentApiHandler]];

const PREFIXES: readonly (readonly [string, NonResourceHandler])[] = [
  ['/healthz', healthHandler],
  ['/livez', healthHandler],
  ['/readyz', healthHandler],
  ['/api', discoveryHandler],
  ['/apis', discoveryHandler],
  ['/openapi/v3/', openApiHandler],
];

/** The handler of a path; undefined: 404. */
export function findNonResourceRoute(path: string): NonResourceHandler | undefined {
  if (path.startsWith('/agent/v1/')) return agentApiHandler;
  if (path === '/internal/scheduled') return scheduledHandler;
  if (path === '/internal/secrets-encryption') return readOnly(secretsEncryptionHandler);
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const exact = EXACT.get(trimmed);
  if (exact) return readOnly(exact);
  const lies = ([prefix]: readonly [string, NonResourceHandler]): boolean =>
    trimmed === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
  const prefixed = PREFIXES.find(lies);
  return prefixed ? readOnly(prefixed[1]) : ANY_METHOD.find(lies)?.[1];
}

const listedPaths = (): readonly string[] =>
  [
    ...discoveryPaths(),
    CONFIGURATION_PATH,
    KEYS_PATH,
    '/healthz',
    '/healthz/ping',
    '/livez',
    '/livez/ping',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/readyz',
    '/readyz/ping',
    '/version',
  ].sort();
