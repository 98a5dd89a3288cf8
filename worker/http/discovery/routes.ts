/** `/api`, `/apis` and what lies below them down to the version: documents made once and told apart by ETag. */
import { jsonAnswer, pathNotFound } from '../answers/answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { type AllowsConversion, negotiate, noConversion } from '../negotiation/accept.ts';
import { answerForm } from '../negotiation/answer-form.ts';
import { jsonMediaType } from '../negotiation/json.ts';
import { routeRefusal } from '../negotiation/route-match.ts';
import { yamlMediaType } from '../negotiation/yaml.ts';
import { AGGREGATED_CONTENT_TYPE, aggregatedDiscovery } from './aggregated.ts';
import { type ApiGroup, apiGroups } from './api-groups.ts';
import { coreVersions, groupDocument, groupList, resourceList } from './legacy.ts';

let groups: readonly ApiGroup[] | undefined;
const allGroups = (): readonly ApiGroup[] => {
  groups ??= apiGroups();
  return groups;
};

/** Discovery's paths, for `/`. */
export const discoveryPaths = (): readonly string[] => [
  '/api',
  '/apis',
  ...allGroups().flatMap(({ name, versions }) => [
    ...(name ? [`/apis/${name}`] : []),
    ...versions.map(({ version }) => (name ? `/apis/${name}/${version}` : `/api/${version}`)),
  ]),
];

/** The documents' media types. */
const OFFERED = [jsonMediaType, yamlMediaType];

/** Whoever accepts it gets it, whatever else is accepted and in which order. */
const aggregated: AllowsConversion = (conversion, { name }) =>
  name === jsonMediaType.name &&
  conversion?.group === 'apidiscovery.k8s.io' &&
  conversion.version === 'v2' &&
  conversion.kind === 'APIGroupDiscoveryList';

const plainForm = (api: ApiRequest) =>
  answerForm({ headers: api.request.headers, query: api.query }, noConversion, OFFERED);

export async function discoveryHandler(api: ApiRequest): Promise<Handled> {
  const refused = routeRefusal(api.request.headers);
  if (refused) return refused;
  const [prefix = '', ...rest] = api.info.path.split('/').filter(Boolean);
  if (rest.length === 0) return rootDocument(api, prefix);
  const document = await (prefix === 'api' ? versionDocument('', rest) : groupOrVersionDocument(rest));
  if (!document) return pathNotFound();
  const accepted = plainForm(api);
  return accepted.ok ? jsonAnswer(200, JSON.stringify(document), { accepted: accepted.value }) : accepted.status;
}

async function rootDocument(api: ApiRequest, prefix: string): Promise<Handled> {
  const isCore = prefix === 'api';
  const { headers } = api.request;
  if (headers.has('accept') && negotiate(headers.get('accept'), aggregated, OFFERED).ok)
    return aggregatedAnswer(api, isCore);
  const accepted = plainForm(api);
  if (!accepted.ok) return accepted.status;
  const document = isCore
    ? coreVersions(new URL(api.request.url).host)
    : groupList(allGroups().filter(({ name }) => name !== ''));
  const response = jsonAnswer(200, JSON.stringify(document), { accepted: accepted.value });
  response.headers.set('vary', 'Accept');
  return response;
}

const documents = new Map<boolean, Promise<{ text: string; etag: string }>>();

async function aggregatedAnswer(api: ApiRequest, isCore: boolean): Promise<Response> {
  const known = documents.get(isCore) ?? aggregatedDocument(isCore);
  documents.set(isCore, known);
  const { text, etag } = await known;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public', 'content-type': AGGREGATED_CONTENT_TYPE };
  if (api.request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return new Response(text, { headers });
}

async function aggregatedDocument(isCore: boolean): Promise<{ text: string; etag: string }> {
  const text = JSON.stringify(aggregatedDiscovery(allGroups().filter(({ name }) => (name === '') === isCore)));
  return { text, etag: `"${await sha512Hex(text)}"` };
}

/** Upper-case hex, as upstream's ETags. */
export async function sha512Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-512', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}

function groupOrVersionDocument([group = '', ...rest]: readonly string[]) {
  if (group === '') return undefined;
  if (rest.length > 0) return versionDocument(group, rest);
  const found = allGroups().find(({ name }) => name === group);
  return found && groupDocument(found);
}

function versionDocument(group: string, [version, ...rest]: readonly string[]) {
  if (rest.length > 0) return undefined;
  const found = allGroups().find(({ name }) => name === group);
  const entry = found?.versions.find((candidate) => candidate.version === version);
  return found && entry && resourceList(found, entry);
}
