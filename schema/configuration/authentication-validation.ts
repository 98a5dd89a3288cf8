/**
 * What an AuthenticationConfiguration must be. Source: apiserver pkg/apis/apiserver/validation. Expressions
 * are refused: there is no CEL yet.
 */
import { pushAll } from '../meta/push-all.ts';
import { duplicate, type FieldError, forbiddenField, invalid, required, tooMany } from '../meta/field-error.ts';
import type { AuthenticationConfiguration, JwtAuthenticatorConfig, JwtIssuerConfig } from './authentication-types.ts';

const JWT_AUTHENTICATORS_MAX = 64;

const CEL_UNSUPPORTED = 'CEL expressions are not supported yet';
const BOTH_SET = "claim and expression can't both be set";
const PREFIX_REQUIRED = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing';

const isSet = (text: string | undefined): text is string => text !== undefined && text !== null && text !== '';

/** Every error of a configuration. */
export function validateAuthenticationConfiguration(
  { jwt, anonymous }: AuthenticationConfiguration,
  disallowedIssuers: readonly string[],
): FieldError[] {
  const authenticators = jwt ?? [];
  if (authenticators.length > JWT_AUTHENTICATORS_MAX)
    return [tooMany('jwt', authenticators.length, JWT_AUTHENTICATORS_MAX)];
  const errors = authenticators.flatMap((one, i) => authenticatorErrors(one, disallowedIssuers, `jwt[${i}]`));
  errors.push(
    ...repeated(authenticators.map(({ issuer }) => issuer?.url ?? '')).map((i) =>
      duplicate(`jwt[${i}].issuer.url`, authenticators[i]?.issuer?.url ?? ''),
    ),
    ...repeated(authenticators.map(({ issuer }) => issuer?.discoveryURL || undefined)).map((i) =>
      duplicate(`jwt[${i}].issuer.discoveryURL`, authenticators[i]?.issuer?.discoveryURL),
    ),
  );
  const conditions = anonymous?.conditions ?? [];
  if (anonymous && !anonymous.enabled && conditions.length > 0) {
    errors.push(
      invalid('anonymous.conditions', conditions, 'enabled should be set to true when conditions are defined'),
    );
  }
  return errors;
}

/** Where a value stands that has stood before; undefined ones do not count. */
function repeated(values: readonly (string | undefined)[]): number[] {
  return values.flatMap((value, i) => (value !== undefined && values.indexOf(value) < i ? [i] : []));
}

function authenticatorErrors(
  authenticator: JwtAuthenticatorConfig,
  disallowedIssuers: readonly string[],
  path: string,
): FieldError[] {
  return [
    ...issuerErrors(authenticator.issuer ?? {}, disallowedIssuers, `${path}.issuer`),
    ...ruleErrors(authenticator.claimValidationRules ?? [], `${path}.claimValidationRules`),
    ...mappingErrors(authenticator.claimMappings ?? {}, `${path}.claimMappings`),
    ...(authenticator.userValidationRules ?? []).map(({ expression }, i) => {
      const at = `${path}.userValidationRules[${i}].expression`;
      return isSet(expression) ? forbiddenField(at, CEL_UNSUPPORTED) : required(at);
    }),
  ];
}

function issuerErrors(issuer: JwtIssuerConfig, disallowedIssuers: readonly string[], path: string): FieldError[] {
  const { url = '', discoveryURL, certificateAuthority, egressSelectorType } = issuer;
  const errors = url === '' ? [required(`${path}.url`)] : urlErrors(url, disallowedIssuers, `${path}.url`);
  if (isSet(discoveryURL)) {
    const at = `${path}.discoveryURL`;
    if (url !== '' && withoutSlashes(url) === withoutSlashes(discoveryURL))
      errors.push(invalid(at, discoveryURL, 'discoveryURL must be different from URL'));
    pushAll(errors, urlErrors(discoveryURL, [], at));
  }
  pushAll(errors, audienceErrors(issuer, path));
  if (
    isSet(certificateAuthority) &&
    !/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.test(certificateAuthority)
  ) {
    errors.push(
      invalid(`${path}.certificateAuthority`, '<omitted>', 'data does not contain any valid RSA or ECDSA certificates'),
    );
  }
  if (isSet(egressSelectorType))
    errors.push(forbiddenField(`${path}.egressSelectorType`, 'there is no egress selection here'));
  return errors;
}

const withoutSlashes = (url: string): string => url.replace(/\/+$/, '');

/** `scheme://[user@]host[/path][?query][#fragment]`, read as Go's url.Parse does where the rules need it. */
const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

function urlErrors(url: string, disallowedIssuers: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (disallowedIssuers.includes(url)) {
    const shown = `[${[...disallowedIssuers].sort().join(' ')}]`;
    errors.push(invalid(path, url, `URL must not overlap with disallowed issuers: ${shown}`));
  }
  const [, scheme = '', authority = '', , query = '', fragment = ''] = URL_PARTS.exec(url) ?? [];
  if (scheme.toLowerCase() !== 'https') errors.push(invalid(path, url, 'URL scheme must be https'));
  else if (!/^(?:[^@]*@)?(?:\[[0-9a-fA-F:.]+\]|[^\s@:[\]]+)(?::\d+)?$/.test(authority))
    errors.push(invalid(path, url, 'URL must have a host'));
  if (authority.includes('@')) errors.push(invalid(path, url, 'URL must not contain a username or password'));
  if (query) errors.push(invalid(path, url, 'URL must not contain a query'));
  if (fragment) errors.push(invalid(path, url, 'URL must not contain a fragment'));
  return errors;
}

function audienceErrors({ audiences, audienceMatchPolicy = '' }: JwtIssuerConfig, path: string): FieldError[] {
  const given = audiences ?? [];
  const at = `${path}.audiences`;
  if (given.length === 0) return [required(at, `at least one ${at} is required`)];
  const errors = given.flatMap((audience, i) => [
    ...(audience ? [] : [required(`${at}[${i}]`)]),
    ...(given.indexOf(audience) < i ? [duplicate(`${at}[${i}]`, audience)] : []),
  ]);
  const matchesAny = audienceMatchPolicy === 'MatchAny';
  const policy = `${path}.audienceMatchPolicy`;
  if (given.length > 1 && !matchesAny)
    errors.push(invalid(policy, audienceMatchPolicy, 'audienceMatchPolicy must be MatchAny for multiple audiences'));
  if (given.length === 1 && audienceMatchPolicy !== '' && !matchesAny)
    errors.push(
      invalid(policy, audienceMatchPolicy, 'audienceMatchPolicy must be empty or MatchAny for single audience'),
    );
  return errors;
}

function ruleErrors(rules: NonNullable<JwtAuthenticatorConfig['claimValidationRules']>, path: string): FieldError[] {
  const claims = rules.map(({ claim }) => claim ?? '');
  return rules.flatMap(({ claim, expression, message }, i): FieldError[] => {
    const at = `${path}[${i}]`;
    if (isSet(claim) && isSet(expression)) return [invalid(at, claim, BOTH_SET)];
    if (isSet(expression)) return [forbiddenField(`${at}.expression`, CEL_UNSUPPORTED)];
    if (!isSet(claim)) return [required(at, 'claim or expression is required')];
    return [
      ...(isSet(message) ? [invalid(`${at}.message`, message, 'may not be specified when claim is set')] : []),
      ...(claims.indexOf(claim) < i ? [duplicate(`${at}.claim`, claim)] : []),
    ];
  });
}

function mappingErrors(mappings: NonNullable<JwtAuthenticatorConfig['claimMappings']>, path: string): FieldError[] {
  const { username, groups, uid, extra } = mappings;
  const errors = [
    ...prefixedClaimErrors(username ?? {}, `${path}.username`, true),
    ...prefixedClaimErrors(groups ?? {}, `${path}.groups`, false),
  ];
  if (isSet(uid?.claim) && isSet(uid.expression)) errors.push(invalid(`${path}.uid`, '', BOTH_SET));
  else if (isSet(uid?.expression)) errors.push(forbiddenField(`${path}.uid.expression`, CEL_UNSUPPORTED));
  if ((extra ?? []).length > 0)
    errors.push(forbiddenField(`${path}.extra`, `extra mappings are expressions, and ${CEL_UNSUPPORTED}`));
  return errors;
}

function prefixedClaimErrors(
  { claim, prefix, expression }: { claim?: string; prefix?: string; expression?: string },
  path: string,
  isRequired: boolean,
): FieldError[] {
  if (isSet(claim) && isSet(expression)) return [invalid(path, '', BOTH_SET)];
  if (isSet(expression)) return [forbiddenField(`${path}.expression`, CEL_UNSUPPORTED)];
  if (!isSet(claim)) return isRequired ? [required(path, 'claim or expression is required')] : [];
  return prefix === undefined || prefix === null ? [required(`${path}.prefix`, PREFIX_REQUIRED)] : [];
}
