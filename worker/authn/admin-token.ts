import { NOT_MINE, type TokenAuthenticator } from './authenticator.ts';
import { constantTimeEqual, tokenDigest } from './token-digest.ts';

/** The credential made at first start; the deployment knows only its digest. */
export const adminToken: TokenAuthenticator = {
  name: 'admin-token',
  knowsAudiences: false,
  async authenticateToken(token, _audiences, { adminTokenSha256 }) {
    if (adminTokenSha256 === '') return NOT_MINE;
    if (!constantTimeEqual(await tokenDigest(token), adminTokenSha256.toLowerCase())) return NOT_MINE;
    return {
      kind: 'user',
      user: { username: 'kubernetes-admin', uid: '', groups: ['system:masters'], extra: {} },
    };
  },
};
