import { expect, it } from 'vitest';
import { KEYS_BYTES_MAX, publishedKeys } from './issuer-documents.ts';

const ISSUER = 'https://issuer.example/a';
const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`;
const KEYS = 'https://keys.example/jwks';
const good = { issuer: ISSUER, jwks_uri: KEYS };

/** What lies where; a function makes an answer of its own. */
const published = (documents: Record<string, object | (() => Response)>, discoveryURL?: string) =>
  publishedKeys({ url: ISSUER, discoveryURL }, async (url) => {
    const document = documents[url];
    if (document === undefined) return new Response('', { status: 404 });
    return typeof document === 'function' ? document() : Response.json(document);
  });

it('are found by discovery', async () => {
  const keys = [{ kty: 'RSA', kid: 'a' }];
  expect(await published({ [DISCOVERY]: good, [KEYS]: { keys: [...keys, null, 7] } })).toEqual(keys);
  const elsewhere = 'https://inside.example/discovery';
  expect(await published({ [elsewhere]: good, [KEYS]: { keys } }, elsewhere)).toEqual(keys);
});

it.each<[string, Record<string, object | (() => Response)>, string]>([
  ['nothing', {}, `${DISCOVERY} answered 404`],
  ['a redirect', { [DISCOVERY]: () => new Response(null, { status: 302 }) }, 'answered 302'],
  ['no JSON', { [DISCOVERY]: () => new Response('<html>') }, 'is no JSON'],
  ['no object', { [DISCOVERY]: () => new Response('[]') }, 'is no JSON object'],
  ['another issuer', { [DISCOVERY]: { ...good, issuer: `${ISSUER}/` } }, 'issuer did not match the issuer returned'],
  ['no keys', { [DISCOVERY]: { issuer: ISSUER } }, 'provider did not return an https JWKS URL'],
  ['keys without TLS', { [DISCOVERY]: { ...good, jwks_uri: 'http://169.254.169.254/' } }, 'did not return an https'],
  ['keys in a file', { [DISCOVERY]: { ...good, jwks_uri: 'file:///etc/passwd' } }, 'did not return an https'],
  ['no list of keys', { [DISCOVERY]: good, [KEYS]: { keys: {} } }, 'has no list of keys'],
  ['endless keys', { [DISCOVERY]: good, [KEYS]: () => new Response(' '.repeat(KEYS_BYTES_MAX + 1)) }, 'is longer than'],
])('are not to be had from an issuer that publishes %s', async (_what, documents, why) => {
  await expect(published(documents)).rejects.toThrow(why);
});
