import { readFileSync } from 'node:fs';
import { readAuthenticationConfiguration } from '../../schema/configuration/authentication-configuration.ts';
import { UserError } from './data-dir.ts';
import { WORKER_SETTINGS } from './worker-settings.ts';

export interface AuthenticationBindings {
  /** Text bindings of the Worker. */
  readonly bindings: Readonly<Record<string, string>>;
  /** The authorities that issuers bring: binding's name to PEM. */
  readonly trusts: Readonly<Record<string, string>>;
}

/** What `--authentication-config` means for the Worker. Throws a `UserError` that says all that is wrong with the file. */
export function authenticationBindings(file: string | undefined): AuthenticationBindings {
  if (file === undefined) return { bindings: {}, trusts: {} };
  const text = contentOf(file);
  const read = readAuthenticationConfiguration(text, [WORKER_SETTINGS.vars.SERVICE_ACCOUNT_ISSUER]);
  if (!read.ok) throw new UserError(`--authentication-config ${file}: ${read.error}`);
  const trusts = (read.value.jwt ?? []).flatMap(({ issuer }, i): [string, string][] =>
    issuer?.certificateAuthority ? [[`OIDC_ISSUER_${i}`, issuer.certificateAuthority]] : [],
  );
  return { bindings: { AUTHENTICATION_CONFIGURATION: text }, trusts: Object.fromEntries(trusts) };
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`--authentication-config ${file}: ${(error as Error).message}`);
  }
}
