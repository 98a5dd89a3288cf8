/** `/api`, `/apis` and what lies below them down to the version: documents made once and told apart by ETag. */
import { jsonAnswer, pathNotFound } from '../answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { type AllowsConversion, negotiate } from '../negotiation/accept.ts';
import { jsonMediaType } from '../negotiation/json.ts';
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

const aggregated: AllowsConversion = ({ group, version, kind }, { name }) =>
  name === jsonMediaType.name &&
  group === 'apidiscovery.k8s.io' &&
  version === 'v2' &&
  kind === 'APIGroupDiscoveryList';

export async function discoveryHandler(api: ApiRequest): Promise<Handled> {
  const [prefix = '', ...rest] = api.info.path.split('/').filter(Boolean);
  if (rest.length === 0) return rootDocument(api, prefix);
  const document = prefix === 'api' ? versionDocument('', rest) : groupOrVersionDocument(rest);
  if (!document) return pathNotFound();
  const accepted = negotiate(api.request.headers.get('accept'), () => false, [jsonMediaType, yamlMediaType]);
  return accepted.ok ? jsonAnswer(200, JSON.stringify(document), { accepted: accepted.value }) : accepted.status;
}

async function rootDocument(api: ApiRequest, prefix: string): Promise<Handled> {
  const accepted = negotiate(api.request.headers.get('accept'), aggregated, [jsonMediaType, yamlMediaType]);
  if (!accepted.ok) return accepted.status;
  const isCore = prefix === 'api';
  if (accepted.value.conversion) return aggregatedAnswer(api, isCore);
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
