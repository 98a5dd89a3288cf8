/** Where requests carry a bearer token. Source: apiserver pkg/authentication/request/{bearertoken,websocket}. */
import { isWebSocketRequest, subprotocolsOf } from './websocket-request.ts';

const PROTOCOL_PREFIX = 'base64url.bearer.authorization.k8s.io.';

/** `wrong`: there is a token that cannot be read; it is refused, not ignored. */
export type FoundToken =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'wrong'; readonly why: string };

const NO_TOKEN: FoundToken = { kind: 'none' };
const wrong = (why: string): FoundToken => ({ kind: 'wrong', why });

/** Unpadded base64url of UTF-8. */
function decoded(text: string): string | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The request's bearer token, of the Authorization header or, for WebSocket clients that cannot set one, of a subprotocol. */
export function bearerToken(headers: Headers): FoundToken {
  const [scheme = '', token = ''] = (headers.get('authorization')?.trim() ?? '').split(' ', 3);
  if (scheme.toLowerCase() === 'bearer' && token) return { kind: 'token', token };
  return isWebSocketRequest(headers) ? protocolToken(subprotocolsOf(headers)) : NO_TOKEN;
}

function protocolToken(protocols: readonly string[]): FoundToken {
  const carriers = protocols.filter((protocol) => protocol.startsWith(PROTOCOL_PREFIX));
  const [carrier] = carriers;
  if (carrier === undefined) return NO_TOKEN;
  if (carriers.length > 1) return wrong('multiple base64.bearer.authorization tokens specified');
  const token = decoded(carrier.slice(PROTOCOL_PREFIX.length));
  if (token === undefined) return wrong('invalid base64.bearer.authorization token encoding');
  if (token === '') return NO_TOKEN;
  if (protocols.length === 1) return wrong('missing additional subprotocol');
  return { kind: 'token', token };
}

/** The subprotocols that a server may choose from: all but the one that carries the token. */
export const offeredSubprotocols = (headers: Headers): readonly string[] =>
  subprotocolsOf(headers).filter((protocol) => !protocol.startsWith(PROTOCOL_PREFIX));
