/** What an issuer publishes: its discovery document and its keys, fetched within limits. */
import type { JWK } from 'jose';

/** How issuers are reached; the platform's `fetch`, or one that trusts the issuer's own authority. */
export type IssuerFetch = (
  url: string,
  init: { readonly redirect: 'manual'; readonly signal: AbortSignal; readonly headers: Record<string, string> },
) => Promise<Response>;

/** For each of the two documents. */
export const DOCUMENT_MS_MAX = 5_000;
export const DISCOVERY_BYTES_MAX = 64 * 1024;
export const KEYS_BYTES_MAX = 512 * 1024;

/** What is wrong with an issuer; for logs and TokenReview. */
export class IssuerFailure extends Error {}

/** The JSON object at a URL. Redirects are not followed: they could lead anywhere. */
async function jsonAt(url: string, bytesMax: number, fetchIssuer: IssuerFetch): Promise<Record<string, unknown>> {
  const signal = AbortSignal.timeout(DOCUMENT_MS_MAX);
  let text: string;
  try {
    const response = await fetchIssuer(url, { redirect: 'manual', signal, headers: { accept: 'application/json' } });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new IssuerFailure(`${url} answered ${response.status}`);
    }
    text = await textWithin(response, bytesMax, url);
  } catch (error) {
    if (error instanceof IssuerFailure) throw error;
    throw new IssuerFailure(`${url}: ${signal.aborted ? 'took too long' : (error as Error).message}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new IssuerFailure(`${url} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new IssuerFailure(`${url} is no JSON object`);
  return value as Record<string, unknown>;
}

async function textWithin(response: Response, bytesMax: number, url: string): Promise<string> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  let bytes = 0;
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      throw new IssuerFailure(`${url} is longer than ${bytesMax} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

export interface IssuerAddress {
  readonly url: string;
  /** Where discovery lies, when not below `url`. */
  readonly discoveryURL?: string | undefined;
}

const isHttps = (url: unknown): url is string => {
  if (typeof url !== 'string') return false;
  try {
    const { protocol, username, password } = new URL(url);
    return protocol === 'https:' && username === '' && password === '';
  } catch {
    return false;
  }
};

/** The issuer's published keys, unread. Rejects with an `IssuerFailure`. */
export async function publishedKeys(address: IssuerAddress, fetchIssuer: IssuerFetch): Promise<readonly JWK[]> {
  const discoveryUrl = address.discoveryURL || `${address.url.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const discovery = await jsonAt(discoveryUrl, DISCOVERY_BYTES_MAX, fetchIssuer);
  if (discovery['issuer'] !== address.url) {
    throw new IssuerFailure(
      `issuer did not match the issuer returned by provider, expected ${JSON.stringify(address.url)} got ${JSON.stringify(discovery['issuer'])}`,
    );
  }
  const keysUrl = discovery['jwks_uri'];
  if (!isHttps(keysUrl)) throw new IssuerFailure('provider did not return an https JWKS URL');
  const { keys } = await jsonAt(keysUrl, KEYS_BYTES_MAX, fetchIssuer);
  if (!Array.isArray(keys)) throw new IssuerFailure(`${keysUrl} has no list of keys`);
  return keys.filter((key): key is JWK => typeof key === 'object' && key !== null);
}
