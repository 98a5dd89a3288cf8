const WEBSOCKET_PROTOCOL_PREFIX = 'base64url.bearer.authorization.k8s.io.';

function fromBase64Url(text: string): string | undefined {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
}

/**
 * The request's bearer token: of the Authorization header, or, for WebSocket clients that cannot set
 * one, of a subprotocol `base64url.bearer.authorization.k8s.io.<token>`.
 */
export function bearerToken(headers: Headers): string | undefined {
  const authorization = headers.get('authorization')?.trim() ?? '';
  const [scheme, token] = authorization.split(/ +/, 2);
  if (scheme?.toLowerCase() === 'bearer' && token) return token;
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return undefined;
  const protocols = (headers.get('sec-websocket-protocol') ?? '').split(',').map((protocol) => protocol.trim());
  const carrier = protocols.find((protocol) => protocol.startsWith(WEBSOCKET_PROTOCOL_PREFIX));
  return carrier === undefined ? undefined : fromBase64Url(carrier.slice(WEBSOCKET_PROTOCOL_PREFIX.length));
}
