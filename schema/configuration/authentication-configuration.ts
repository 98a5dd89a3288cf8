/** Reads the structured configuration of authentication. */
import { parseYaml } from '../decode/decode-yaml.ts';
import { fieldErrorsText } from '../meta/field-error.ts';
import type { AuthenticationConfiguration } from './authentication-types.ts';
import { validateAuthenticationConfiguration } from './authentication-validation.ts';
import { type FieldShape, shapeErrors } from './strict-reader.ts';

export type ReadConfiguration =
  | { readonly ok: true; readonly value: AuthenticationConfiguration }
  /** One line that says everything that is wrong. */
  | { readonly ok: false; readonly error: string };

const API_VERSIONS: ReadonlySet<unknown> = new Set(['apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1beta1']);
const KIND = 'AuthenticationConfiguration';

/** Longer configurations are refused unread. */
const CONFIGURATION_CHARS_MAX = 1024 * 1024;

const list = (listOf: FieldShape): FieldShape => ({ listOf });
const object = (fields: Readonly<Record<string, FieldShape>>): FieldShape => ({ fields });

const PREFIXED_CLAIM = object({ claim: 'string', prefix: 'string', expression: 'string' });

const SHAPE = object({
  apiVersion: 'string',
  kind: 'string',
  jwt: list(
    object({
      issuer: object({
        url: 'string',
        discoveryURL: 'string',
        certificateAuthority: 'string',
        audiences: list('string'),
        audienceMatchPolicy: 'string',
        egressSelectorType: 'string',
      }),
      claimValidationRules: list(
        object({ claim: 'string', requiredValue: 'string', expression: 'string', message: 'string' }),
      ),
      claimMappings: object({
        username: PREFIXED_CLAIM,
        groups: PREFIXED_CLAIM,
        uid: object({ claim: 'string', expression: 'string' }),
        extra: list(object({ key: 'string', valueExpression: 'string' })),
      }),
      userValidationRules: list(object({ expression: 'string', message: 'string' })),
    }),
  ),
  anonymous: object({ enabled: 'boolean', conditions: list(object({ path: 'string' })) }),
});

const failed = (error: string): ReadConfiguration => ({ ok: false, error });

/** Reads YAML or JSON. `disallowedIssuers`: issuers whose tokens are not of outside users, our own above all. */
export function readAuthenticationConfiguration(text: string, disallowedIssuers: readonly string[]): ReadConfiguration {
  if (text.length > CONFIGURATION_CHARS_MAX) return failed(`longer than ${CONFIGURATION_CHARS_MAX} characters`);
  const parsed = parseYaml(text);
  if (!parsed.ok) return failed(parsed.error);
  const value = parsed.value as Record<string, unknown> | null;
  if (typeof value !== 'object' || value === null || value['kind'] !== KIND || !API_VERSIONS.has(value['apiVersion'])) {
    return failed(`expected apiVersion ${[...API_VERSIONS].join(' or ')} and kind ${KIND}`);
  }
  const strict = [...parsed.duplicates, ...shapeErrors(value, SHAPE)];
  if (strict.length > 0) return failed(`strict decoding error: ${strict.join(', ')}`);
  const configuration = value as AuthenticationConfiguration;
  const errors = validateAuthenticationConfiguration(configuration, disallowedIssuers);
  return errors.length === 0 ? { ok: true, value: configuration } : failed(fieldErrorsText(errors));
}
