/** What a request's method and URL mean. Source: apiserver endpoints/request/requestinfo.go RequestInfoFactory. */
import { exactFieldValue, parseFieldSelector } from '../../../schema/meta/field-selector.ts';
import { isPathSegmentName } from '../../../schema/meta/name-rules.ts';

export interface RequestInfo {
  readonly isResourceRequest: boolean;
  readonly path: string;
  /** API verb (`get`, `list`, `watch`, `create`, …) for resources; the method in lower case for other paths. */
  readonly verb: string;
  readonly apiPrefix: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  /** Empty for cluster-scoped paths and all namespaces. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** From the path, or from `fieldSelector=metadata.name=…` of a list or watch. */
  readonly name: string;
  /** The name that the path itself carries. */
  readonly pathName: string;
  /** The path's segments from the resource on. */
  readonly parts: readonly string[];
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Deprecated verbs in the path, in front of the resource: `/api/v1/watch/pods`. */
const PATH_VERBS: ReadonlySet<string> = new Set(['watch', 'proxy']);
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize']);

/** Path segments; undefined when the encoding is broken. An encoded slash is a slash, as it is to Go's URL.Path. */
function pathSegments(path: string): string[] | undefined {
  try {
    const segments = decodeURIComponent(path).split('/');
    const isNamed = (segment: string): boolean => segment !== '';
    return segments.slice(segments.findIndex(isNamed), segments.findLastIndex(isNamed) + 1);
  } catch {
    return undefined;
  }
}

/** Undefined: the path is not well formed. `query` are the URL's parameters. */
export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo | undefined {
  const segments = pathSegments(path);
  if (!segments) return undefined;
  const isCore = segments[0] === 'api';
  const skip = isCore ? 1 : 2;
  if ((!isCore && segments[0] !== 'apis') || segments.length < skip + 2) return nonResource(method, path);
  return resourceInfo(method, path, query, segments, skip);
}

const nonResource = (method: string, path: string): RequestInfo => ({
  isResourceRequest: false,
  path,
  verb: method.toLowerCase(),
  apiPrefix: '',
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  pathName: '',
  parts: [],
});

function resourceInfo(
  method: string,
  path: string,
  query: URLSearchParams,
  segments: readonly string[],
  skip: number,
): RequestInfo | undefined {
  let parts = segments.slice(skip + 1);
  let verb = VERBS[method] ?? '';
  if (PATH_VERBS.has(parts[0] ?? '')) {
    if (parts.length < 2) return undefined;
    verb = parts[0] as string;
    parts = parts.slice(1);
  }
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] as string;
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2] as string)) parts = parts.slice(2);
  }
  const pathName = parts[1] ?? '';
  const selective = pathName === '' && verb === 'get';
  if (selective) verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  if (pathName === '' && verb === 'delete') verb = 'deletecollection';
  return {
    isResourceRequest: true,
    path,
    verb,
    apiPrefix: segments[0] as string,
    apiGroup: skip === 1 ? '' : (segments[1] as string),
    apiVersion: segments[skip] as string,
    namespace,
    resource: parts[0] ?? '',
    subresource: parts[2] ?? '',
    name: pathName || (selective ? nameOfSelector(query.get('fieldSelector')) : ''),
    pathName,
    parts,
  };
}

function nameOfSelector(selector: string | null): string {
  if (!selector) return '';
  const parsed = parseFieldSelector(selector);
  const name = parsed.ok ? exactFieldValue(parsed.value, 'metadata.name') : undefined;
  return name !== undefined && isPathSegmentName(name).length === 0 ? name : '';
}

/** How parameters are read as booleans: anything but `false` and `0` is true. Source: apimachinery Convert_Slice_string_To_bool. */
export function isTrue(value: string | null): boolean {
  if (value === null) return false;
  const lower = value.toLowerCase();
  return lower !== 'false' && lower !== '0';
}
