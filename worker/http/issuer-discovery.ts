/**
 * Discovery of the issuer of ServiceAccount tokens. Source: pkg/serviceaccount/openidmetadata.go.
 */
import { serviceUnavailable } from '../../schema/meta/status.ts';
import { SIGNING_ALGORITHM, signingKeys } from '../authn/signing-keys.ts';
import type { ApiRequest, Handled } from './api-request.ts';

export const CONFIGURATION_PATH = '/.well-known/openid-configuration';
export const KEYS_PATH = '/openid/v1/jwks';

const CACHE_CONTROL = 'public, max-age=3600';

const document = (body: string, type: string): Response =>
  new Response(body, { headers: { 'content-type': type, 'cache-control': CACHE_CONTROL } });

/** The keys are found at the issuer's own address if it has one that clients can reach, else at this API's. */
function keysUrl(api: ApiRequest): string {
  const base = api.env.API_SERVER_URL || new URL(api.request.url).origin;
  return `${base.replace(/\/$/, '')}${KEYS_PATH}`;
}

export async function issuerDiscoveryHandler(api: ApiRequest): Promise<Handled> {
  const keys = await signingKeys(api.security.objects);
  if (keys === undefined) return serviceUnavailable('the cluster has no signing key yet');
  if (api.info.path === KEYS_PATH)
    return document(JSON.stringify({ keys: keys.publicKeys }), 'application/jwk-set+json');
  const configuration = {
    issuer: api.security.issuer,
    jwks_uri: keysUrl(api),
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [SIGNING_ALGORITHM],
  };
  return document(JSON.stringify(configuration), 'application/json');
}
