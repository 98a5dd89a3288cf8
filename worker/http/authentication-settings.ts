/** The deployment's AuthenticationConfiguration, made into what authentication needs. */
import { readAuthenticationConfiguration } from '../../schema/configuration/authentication-configuration.ts';
import type { AuthenticationConfiguration } from '../../schema/configuration/authentication-types.ts';
import { ANONYMOUS_ANYWHERE, type AnonymousPolicy } from '../authn/anonymous.ts';
import type { IssuerFetch } from '../authn/oidc/issuer-documents.ts';
import { type JwtIssuer, jwtIssuer } from '../authn/oidc/jwt-issuer.ts';
import type { Env } from '../env.ts';
import type { HttpRuntime } from './http-runtime.ts';

export interface AuthenticationSettings {
  readonly clientCertificateIssuers: ReadonlySet<string>;
  readonly anonymous: AnonymousPolicy;
  readonly jwtIssuers: readonly JwtIssuer[];
}

/** The platform lets a Worker trust an authority of one's own through a service binding only. */
function issuerFetch(env: Env, index: number, certificateAuthority: string | undefined): IssuerFetch {
  const service = env[`OIDC_ISSUER_${index}`];
  if (service) return (url, init) => service.fetch(url, init) as Promise<Response>;
  if (certificateAuthority) {
    throw new Error(
      `AUTHENTICATION_CONFIGURATION: jwt[${index}].issuer.certificateAuthority is supported only where zeroplane up runs the Worker`,
    );
  }
  return (url, init) => fetch(url, init);
}

function anonymousPolicy({ anonymous }: AuthenticationConfiguration): AnonymousPolicy {
  if (!anonymous) return ANONYMOUS_ANYWHERE;
  return {
    enabled: anonymous.enabled ?? false,
    paths: new Set((anonymous.conditions ?? []).map(({ path }) => path ?? '')),
  };
}

const linesOf = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );

/** Throws when the configuration is wrong: then nobody is let in, rather than those it would have kept out. */
export function authenticationSettings(env: Env, runtime: HttpRuntime): AuthenticationSettings {
  const clientCertificateIssuers = linesOf(env.CLIENT_CERTIFICATE_ISSUERS ?? '');
  const text = env.AUTHENTICATION_CONFIGURATION ?? '';
  if (text.trim() === '') return { anonymous: ANONYMOUS_ANYWHERE, jwtIssuers: [], clientCertificateIssuers };
  const read = readAuthenticationConfiguration(text, [env.SERVICE_ACCOUNT_ISSUER]);
  if (!read.ok) throw new Error(`AUTHENTICATION_CONFIGURATION: ${read.error}`);
  const platform = { now: runtime.now, sleep: runtime.sleep, background: runtime.background };
  return {
    clientCertificateIssuers,
    anonymous: anonymousPolicy(read.value),
    jwtIssuers: (read.value.jwt ?? []).map((config, i) =>
      jwtIssuer(config, issuerFetch(env, i, config.issuer?.certificateAuthority), platform),
    ),
  };
}
