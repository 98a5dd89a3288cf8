/** `/openapi/v3` and the documents below it. */
import { jsonAnswer, pathNotFound } from '../answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { sha512Hex } from '../discovery/routes.ts';
import { documentNames, openApiV3 } from './documents.ts';

interface Document {
  readonly text: string;
  readonly hash: string;
}

const documents = new Map<string, Promise<Document>>();

export async function openApiHandler(api: ApiRequest): Promise<Handled> {
  const [, , version, ...rest] = api.info.path.split('/').filter((part, index) => index < 3 || part !== '');
  if (version !== 'v3') return pathNotFound();
  if (rest.length === 0) return index();
  const known = document(rest.join('/'));
  return known ? answer(api, await known) : pathNotFound();
}

async function index(): Promise<Response> {
  const entries = await Promise.all(
    documentNames().map(async (name) => {
      const { hash } = (await document(name)) as Document;
      return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }];
    }),
  );
  return jsonAnswer(200, JSON.stringify({ paths: Object.fromEntries(entries) }));
}

/** Made when first asked for, then kept. */
function document(name: string): Promise<Document> | undefined {
  const known = documents.get(name);
  if (known) return known;
  const made = openApiV3(name);
  if (!made) return undefined;
  const text = JSON.stringify(made);
  const promise = sha512Hex(text).then((hash) => ({ text, hash }));
  documents.set(name, promise);
  return promise;
}

function answer(api: ApiRequest, { text, hash }: Document): Response {
  const etag = `"${hash}"`;
  const isPinned = api.query.get('hash') === hash;
  const headers = {
    etag,
    vary: 'Accept-Encoding, Accept',
    'cache-control': isPinned ? 'public, immutable' : 'no-cache, private',
    'content-type': 'application/json',
  };
  if (api.request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return new Response(text, { headers });
}
