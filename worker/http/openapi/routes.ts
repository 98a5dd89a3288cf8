/** `/openapi/v2`, `/openapi/v3` and the documents below it. Source: kube-openapi handler, handler3. */
import { OPENAPI_TEXTS } from '../../../schema/generated/openapi-texts.ts';
import { notAcceptable } from '../../../schema/meta/status.ts';
import { acceptsGzip, jsonAnswer, pathNotFound } from '../answers/answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { sha512Hex } from '../discovery/routes.ts';
import { parseAccept } from '../negotiation/accept.ts';
import { CompressedDocuments } from './compressed-documents.ts';
import { documentNames, openApiV3Document, swaggerDocument } from './documents.ts';
import { swaggerProtobuf } from './swagger-protobuf.ts';
import { NO_TEXTS, unpacked, unpackTexts } from './texts.ts';

const JSON_TYPE = 'application/json';
const V2_PROTOBUF_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const documents = new CompressedDocuments(unpackTexts);

export async function openApiHandler(api: ApiRequest): Promise<Handled> {
  const [, version, ...rest] = api.info.path.split('/').filter(Boolean);
  const name = rest.join('/');
  if (version === 'v2') return name === '' ? swagger(api) : pathNotFound();
  if (name === '') return index(api);
  return documentNames().includes(name) ? v3Document(api, name) : pathNotFound();
}

/** Documents by their content's hash: clients that have one do not fetch it again. */
async function index(api: ApiRequest): Promise<Handled> {
  if (!accepts(api, [JSON_TYPE])) return notAccepted([JSON_TYPE]);
  const entries = await Promise.all(
    documentNames().map(async (name) => [name, { serverRelativeURL: await locationOf(name) }]),
  );
  return jsonAnswer(200, JSON.stringify({ paths: Object.fromEntries(entries) }));
}

const locationOf = async (name: string): Promise<string> => `/openapi/v3/${name}?hash=${await hashOf(name)}`;

const hashes = new Map<string, Promise<string>>();
let textsHash: Promise<string> | undefined;

function hashOf(name: string): Promise<string> {
  const hash = hashes.get(name) ?? makeHash(name);
  hashes.set(name, hash);
  return hash;
}

/** Over what the document is made of: its frame, and the texts that are filled in. */
async function makeHash(name: string): Promise<string> {
  textsHash ??= sha512Hex(OPENAPI_TEXTS);
  const frame = name === V2 ? swaggerDocument(NO_TEXTS) : openApiV3Document(name, NO_TEXTS);
  return sha512Hex([await textsHash, ...(frame ?? [])].join('\n'));
}

/** The v2 document among the names of v3 documents. */
const V2 = 'v2';

async function v3Document(api: ApiRequest, name: string): Promise<Handled> {
  if (!accepts(api, [JSON_TYPE])) return notAccepted([JSON_TYPE]);
  const hash = await hashOf(name);
  const asked = api.query.get('hash');
  if (asked !== null && asked !== hash) return movedTo(await locationOf(name));
  const make = () => documents.get(name, (texts) => openApiV3Document(name, texts) ?? []);
  return answer(api, { etag: `"${hash}"`, contentType: JSON_TYPE, isPinned: asked === hash, make });
}

/** A client with an old index is told where the document is now. */
const movedTo = (location: string): Response => new Response(null, { status: 301, headers: { location } });

async function swagger(api: ApiRequest): Promise<Handled> {
  const type = accepts(api, [JSON_TYPE, V2_PROTOBUF_TYPE, V2_PROTOBUF_TYPE.replace('.v2.', '.v2@')]);
  if (!type) return notAccepted([JSON_TYPE, V2_PROTOBUF_TYPE]);
  const isJson = type === JSON_TYPE;
  const make = () =>
    documents.get(type === JSON_TYPE ? V2 : `${V2} protobuf`, isJson ? swaggerDocument : swaggerProtobuf);
  const contentType = isJson ? JSON_TYPE : V2_PROTOBUF_TYPE;
  return answer(api, { etag: `"${await hashOf(V2)}${isJson ? '' : '-P'}"`, contentType, isPinned: false, make });
}

/** The first type the client accepts; without a header, the first there is. */
function accepts({ request }: ApiRequest, offered: readonly string[]): string | undefined {
  const header = request.headers.get('accept');
  if (!header) return offered[0];
  for (const { type, subtype } of parseAccept(header)) {
    const found = offered.find(
      (name) => (type === '*' || name.startsWith(`${type}/`)) && (subtype === '*' || name.endsWith(`/${subtype}`)),
    );
    if (found) return found;
  }
  return undefined;
}

const notAccepted = (offered: readonly string[]): Handled =>
  notAcceptable(`only the following media types are accepted: ${offered.join(', ')}`);

interface Found {
  readonly etag: string;
  readonly contentType: string;
  /** The URL names this very content. */
  readonly isPinned: boolean;
  readonly make: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** Expires header of answers that never change: a year. */
const IMMUTABLE = 'public, immutable, max-age=31536000';

async function answer(api: ApiRequest, { etag, contentType, isPinned, make }: Found): Promise<Response> {
  const headers = new Headers({
    etag,
    vary: 'Accept-Encoding, Accept',
    'cache-control': isPinned ? IMMUTABLE : 'no-cache, private',
    'content-type': contentType,
  });
  const known = api.request.headers.get('if-none-match') ?? '';
  if (known === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))
    return new Response(null, { status: 304, headers });
  const packed = await make();
  if (!acceptsGzip(api.request.headers.get('accept-encoding'))) return new Response(unpacked(packed), { headers });
  headers.set('content-encoding', 'gzip');
  return new Response(packed, { headers, encodeBody: 'manual' });
}
