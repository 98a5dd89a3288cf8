/** An issuer of users' tokens outside the cluster. */
import type { JwtAuthenticatorConfig } from '../../../schema/configuration/authentication-types.ts';
import { type IssuerFetch, publishedKeys } from './issuer-documents.ts';
import { IssuerKeys, type IssuerKeysOptions } from './issuer-keys.ts';

/** A configured issuer with its keys as far as this isolate knows them. */
export interface JwtIssuer {
  readonly config: JwtAuthenticatorConfig;
  readonly keys: IssuerKeys;
}

export const jwtIssuer = (
  config: JwtAuthenticatorConfig,
  fetchIssuer: IssuerFetch,
  platform: Omit<IssuerKeysOptions, 'fetchKeys'>,
): JwtIssuer => {
  const { url = '', discoveryURL } = config.issuer ?? {};
  return {
    config,
    keys: new IssuerKeys({ ...platform, fetchKeys: () => publishedKeys({ url, discoveryURL }, fetchIssuer) }),
  };
};
