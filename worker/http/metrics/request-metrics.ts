/**
 * What an isolate has answered, under upstream's names. Source: apiserver endpoints/metrics. On
 * Cloudflare each isolate counts for itself, and a scrape meets one of them.
 */
import { isConnection } from '../../authz/long-running.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { type Count, Counter, type Distribution, Histogram, type Labels, SERIES_MAX } from './metric-store.ts';

const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

const COMPONENT = 'apiserver';

/** Paths of no resource, by their first segment. */
const PATHS: ReadonlySet<string> = new Set([
  'agent',
  'api',
  'apis',
  'healthz',
  'livez',
  'metrics',
  'openapi',
  'openid',
  'readyz',
  'version',
]);

const METHODS: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT' };

/** What is counted of a request. */
export interface CountedRequest {
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  readonly contentType: string | null;
}

function verbOf({ info, contentType }: CountedRequest): string {
  if (isConnection(info.subresource)) return 'CONNECT';
  if (info.verb === 'patch' && contentType?.startsWith('application/apply-patch+yaml')) return 'APPLY';
  return METHODS[info.verb] ?? (info.verb.toUpperCase() || 'other');
}

function scopeOf({ name, verb, namespace, isResourceRequest }: RequestInfo): string {
  if (name !== '' || verb === 'create') return 'resource';
  if (namespace !== '') return 'namespace';
  return isResourceRequest ? 'cluster' : '';
}

function dryRunOf(query: URLSearchParams): string {
  if (!query.has('dryRun')) return '';
  const given = [...new Set(query.getAll('dryRun'))];
  return given.every((value) => value === 'All') ? given.join(',') : 'invalid';
}

/** Undefined for paths that nobody serves: their number has no bound. */
function labelsOf(request: CountedRequest): Labels | undefined {
  const { info, query } = request;
  const common = { component: COMPONENT, dry_run: dryRunOf(query), scope: scopeOf(info), verb: verbOf(request) };
  if (info.isResourceRequest) {
    const { apiGroup, apiVersion, resource, subresource } = info;
    return { ...common, group: apiGroup, version: apiVersion, resource, subresource };
  }
  const segment = firstSegment(info.path);
  return PATHS.has(segment)
    ? { ...common, group: '', version: '', resource: '', subresource: `/${segment}` }
    : undefined;
}

const firstSegment = (path: string): string => path.split('/', 2)[1] ?? '';

/** Tells requests of different labels apart without making the labels. */
const keyOf = (request: CountedRequest, code: number): string => {
  const { info, query } = request;
  const { apiGroup, apiVersion, resource, subresource } = info;
  const where = info.isResourceRequest
    ? `${apiGroup}/${apiVersion}/${resource}/${subresource}`
    : firstSegment(info.path);
  return `${where} ${verbOf(request)} ${scopeOf(info)} ${dryRunOf(query)} ${code}`;
};

interface Kept {
  readonly count: Count | undefined;
  readonly distribution: Distribution | undefined;
}

/** More kinds of request than there are series. */
const KEPT_MAX = SERIES_MAX;

export class RequestMetrics {
  readonly #kept = new Map<string, Kept>();
  readonly #total = new Counter(
    'apiserver_request_total',
    'Requests by verb, dry run value, group, version, resource, subresource, scope, component and HTTP response code.',
  );
  readonly #durations = new Histogram(
    'apiserver_request_duration_seconds',
    'Seconds until the answer began, by verb, dry run value, group, version, resource, subresource, scope and component. Watches are left out.',
    DURATION_BOUNDS_SECONDS,
  );

  /** Counts an answered request to something that is served. */
  record(request: CountedRequest, code: number, seconds: number): void {
    const key = keyOf(request, code);
    const { count, distribution } = this.#kept.get(key) ?? this.#keep(key, request, code);
    if (count) count.count += 1;
    if (distribution) this.#durations.observe(distribution, seconds);
  }

  #keep(key: string, request: CountedRequest, code: number): Kept {
    const labels = labelsOf(request);
    const kept: Kept = {
      count: labels && this.#total.series({ ...labels, code: String(code) }),
      distribution: labels && labels['verb'] !== 'WATCH' ? this.#durations.series(labels) : undefined,
    };
    if (labels && this.#kept.size < KEPT_MAX) this.#kept.set(key, kept);
    return kept;
  }

  /** In Prometheus' text format. */
  text(): string {
    return this.#total.text() + this.#durations.text();
  }
}
