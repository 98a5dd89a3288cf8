/** Formats of names that upstream declares. Source: apimachinery api/validate strfmt.go, limits.go. */
import { type FieldError, invalid, tooLong, tooLongCharacters } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { isCIdentifier, isLongName, isLongNameCaseless, isQualifiedName, isShortName } from '../../meta/name-rules.ts';
import type { Rule } from './declared-rules.ts';

export const POOL_NAME_BYTES_MAX = 253;
export const DOMAIN_BYTES_MAX = 63;
export const IDENTIFIER_BYTES_MAX = 32;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const QUOTA_PREFIX = 'requests.';
const OWN_DOMAIN = 'kubernetes.io/';

const format =
  (messages: (value: string) => readonly string[]): Rule<string> =>
  (value, _previous, field) =>
    messages(value).map((text) => invalid(field, value, text));

export const shortName = format(isShortName);
export const longName = format(isLongName);
export const longNameCaseless = format(isLongNameCaseless);
export const labelKey = format(isQualifiedName);
export const uuid = format((value) => (UUID.test(value) ? [] : ['must be a lowercase UUID in 8-4-4-4-12 format']));

export const charsMax =
  (max: number): Rule<string> =>
  (value, _previous, field) =>
    [...value].length > max ? [tooLongCharacters(field, max)] : [];

export const bytesMax =
  (max: number): Rule<string> =>
  (value, _previous, field) =>
    byteLength(value) > max ? [tooLong(field, max)] : [];

/** DNS subdomains, separated by slashes. */
export const resourcePoolName: Rule<string> = (value, _previous, field) => [
  ...(byteLength(value) > POOL_NAME_BYTES_MAX ? [tooLong(field, POOL_NAME_BYTES_MAX)] : []),
  ...value.split('/').flatMap((part, i) => {
    if (part === '') return [invalid(field, value, `segment ${i}: must not be empty`)];
    return isLongName(part).map((text) => invalid(field, part, `segment ${i}: ${text}`));
  }),
];

/** Such as a device plugin has: outside the project's own domain, and usable in quotas. */
export const extendedResourceName: Rule<string> = (value, _previous, field) => {
  const texts: string[] = [];
  if (!value.includes('/')) texts.push("a name must be a domain-prefixed path, such as 'example.com/my-prop'");
  else if (value.includes(OWN_DOMAIN)) texts.push(`must not have "${OWN_DOMAIN}" domain`);
  if (value.startsWith(QUOTA_PREFIX)) texts.push(`must not have "${QUOTA_PREFIX}" prefix`);
  return [...texts, ...isQualifiedName(`${QUOTA_PREFIX}${value}`)].map((text) => invalid(field, value, text));
};

/** Errors of the part of an attribute's name after the domain. */
export const identifierErrors = (id: string, field: string): FieldError[] => [
  ...(byteLength(id) > IDENTIFIER_BYTES_MAX ? [tooLong(field, IDENTIFIER_BYTES_MAX)] : []),
  ...isCIdentifier(id).map((text) => invalid(field, id, text)),
];

function domainErrors(domain: string, field: string): FieldError[] {
  if (domain === '') return [invalid(field, '', 'prefix must not be empty')];
  return [
    ...(byteLength(domain) > DOMAIN_BYTES_MAX ? [tooLong(field, DOMAIN_BYTES_MAX)] : []),
    ...isLongName(domain).map((text) => invalid(field, domain, `prefix: ${text}`)),
  ];
}

/** An attribute's name with its domain: `example.com/model`. More slashes are the older validation's to refuse. */
export const fullyQualifiedName: Rule<string> = (value, _previous, field) => {
  const [domain = '', id, ...more] = value.split('/');
  if (more.length > 0) return [];
  if (id === undefined) {
    const text = 'a fully qualified name must be a domain and a name separated by a slash';
    return [...identifierErrors(domain, field), invalid(field, value, text)];
  }
  return [
    ...domainErrors(domain, field),
    ...(id === '' ? [invalid(field, '', 'name must not be empty')] : identifierErrors(id, field)),
  ];
};
