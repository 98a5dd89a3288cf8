/** Whether a request asks to become a WebSocket. The platform takes `Connection` away, so `Upgrade` alone tells. */
export const isWebSocketRequest = (headers: Headers): boolean => headers.get('upgrade')?.toLowerCase() === 'websocket';

/** Of one header or several, in their order. */
export const subprotocolsOf = (headers: Headers): readonly string[] =>
  (headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
