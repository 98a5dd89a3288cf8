import type { UserInfo } from '../../schema/protocol/user-info.ts';

export const ANONYMOUS: UserInfo = {
  username: 'system:anonymous',
  uid: '',
  groups: ['system:unauthenticated'],
  extra: {},
};

const OPEN_PATHS: ReadonlySet<string> = new Set([
  '/healthz',
  '/livez',
  '/readyz',
  '/version',
  '/version/',
  '/.well-known/openid-configuration',
  '/openid/v1/jwks',
]);

/** Whether a request without credentials may go on to the authorizer: health, version, the token issuer's discovery. */
export const openToAnonymous = (path: string): boolean =>
  OPEN_PATHS.has(path) || /^\/(healthz|livez|readyz)\//.test(path);
