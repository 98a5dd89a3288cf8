/**
 * Upstream's rules for names, keys and values. Each returns messages; none means valid.
 * Source: apimachinery util/validation and api/validate/content. Lengths are in bytes.
 */
import { pushAll } from './push-all.ts';
import { byteLength } from './go-format.ts';

const maxLenError = (length: number): string => `must be no more than ${length} characters`;
/** The label rules moved to a package of their own upstream and count in bytes by name there. */
const maxBytesError = (length: number): string => `must be no more than ${length} bytes`;
const EMPTY_ERROR = 'must be non-empty';

export const inclusiveRangeError = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;

/** `msg (e.g. 'a',  or 'b', regex used for validation is 're')`, as upstream builds it. */
export function regexError(message: string, regex: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${regex}')`;
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${regex}')`;
}

const LABEL_1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_1123 = `${LABEL_1123}(\\.${LABEL_1123})*`;
const LABEL_1123_UNDERSCORE = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_1123_UNDERSCORE = `${LABEL_1123_UNDERSCORE}(\\.${LABEL_1123_UNDERSCORE})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const WILDCARD_SUBDOMAIN = `\\*\\.${SUBDOMAIN_1123}`;
const LABEL_KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${LABEL_KEY})?`;
const C_IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';
const ENV_VAR = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const HTTP_HEADER = '[-A-Za-z0-9]+';
const PERCENT = '[0-9]+%';
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** Matches the whole value. `$` without the m flag is the very end in JavaScript, as `\z` in Go. */
const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const LABEL_1123_WHOLE = whole(LABEL_1123);
const SUBDOMAIN_1123_WHOLE = whole(SUBDOMAIN_1123);
const SUBDOMAIN_1123_UNDERSCORE_WHOLE = whole(SUBDOMAIN_1123_UNDERSCORE);
const LABEL_1035_WHOLE = whole(LABEL_1035);
const WILDCARD_SUBDOMAIN_WHOLE = whole(WILDCARD_SUBDOMAIN);
const LABEL_KEY_WHOLE = whole(LABEL_KEY);
const LABEL_VALUE_WHOLE = whole(LABEL_VALUE);
const C_IDENTIFIER_WHOLE = whole(C_IDENTIFIER);
const ENV_VAR_WHOLE = whole(ENV_VAR);
const CONFIG_KEY_WHOLE = whole(CONFIG_KEY);
const HTTP_HEADER_WHOLE = whole(HTTP_HEADER);
const PERCENT_WHOLE = whole(PERCENT);
const HTTP_PATH_WHOLE = whole(HTTP_PATH);

const DNS_LABEL_BYTES_MAX = 63;
const DNS_SUBDOMAIN_BYTES_MAX = 253;
const LABEL_NAME_BYTES_MAX = 63;
const PORT_NAME_BYTES_MAX = 15;

const LABEL_1123_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_1123_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const SUBDOMAIN_1123_UNDERSCORE_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const SUBDOMAIN_1123_CASELESS_TEXT =
  "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const WILDCARD_TEXT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const LABEL_KEY_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`;

const LABEL_KEY_ERROR = regexError(LABEL_KEY_TEXT, LABEL_KEY, 'MyName', 'my.name', '123-abc');

/** Names of pods' parts, namespaces, … */
export const isDNS1123Label = (value: string): string[] => labelErrors(value, maxLenError);

/** The same rule where upstream declares it on the type: it counts the length in bytes by name. */
export const isShortName = (value: string): string[] => labelErrors(value, maxBytesError);

function labelErrors(value: string, tooLong: (length: number) => string): string[] {
  const errors = byteLength(value) > DNS_LABEL_BYTES_MAX ? [tooLong(DNS_LABEL_BYTES_MAX)] : [];
  if (LABEL_1123_WHOLE.test(value)) return errors;
  const isSubdomain = SUBDOMAIN_1123_WHOLE.test(value);
  errors.push(isSubdomain ? 'must not contain dots' : regexError(LABEL_1123_TEXT, LABEL_1123, 'my-name', '123-abc'));
  return errors;
}

/** Names of most objects. */
export function isDNS1123Subdomain(value: string): string[] {
  return subdomainErrors(value, maxLenError);
}

function subdomainErrors(value: string, tooLong: (length: number) => string): string[] {
  const errors = byteLength(value) > DNS_SUBDOMAIN_BYTES_MAX ? [tooLong(DNS_SUBDOMAIN_BYTES_MAX)] : [];
  if (!SUBDOMAIN_1123_WHOLE.test(value)) errors.push(regexError(SUBDOMAIN_1123_TEXT, SUBDOMAIN_1123, 'example.com'));
  return errors;
}

/** The same rule where upstream declares it on the type: it counts the length in bytes by name. */
export const isLongName = (value: string): string[] => subdomainErrors(value, maxBytesError);

/** That, in letters of either case. */
export function isLongNameCaseless(value: string): string[] {
  const errors = byteLength(value) > DNS_SUBDOMAIN_BYTES_MAX ? [maxBytesError(DNS_SUBDOMAIN_BYTES_MAX)] : [];
  if (!SUBDOMAIN_1123_WHOLE.test(value.toLowerCase())) {
    errors.push(regexError(SUBDOMAIN_1123_CASELESS_TEXT, SUBDOMAIN_1123, 'Example.com'));
  }
  return errors;
}

export function isDNS1123SubdomainWithUnderscore(value: string): string[] {
  const errors = byteLength(value) > DNS_SUBDOMAIN_BYTES_MAX ? [maxLenError(DNS_SUBDOMAIN_BYTES_MAX)] : [];
  if (!SUBDOMAIN_1123_UNDERSCORE_WHOLE.test(value)) {
    errors.push(regexError(SUBDOMAIN_1123_UNDERSCORE_TEXT, SUBDOMAIN_1123_UNDERSCORE, 'example.com'));
  }
  return errors;
}

/** Names of Services. */
export function isDNS1035Label(value: string): string[] {
  const errors = byteLength(value) > DNS_LABEL_BYTES_MAX ? [maxLenError(DNS_LABEL_BYTES_MAX)] : [];
  if (!LABEL_1035_WHOLE.test(value)) errors.push(regexError(LABEL_1035_TEXT, LABEL_1035, 'my-name', 'abc-123'));
  return errors;
}

/** Hosts like `*.example.com`. */
export function isWildcardDNS1123Subdomain(value: string): string[] {
  const errors = byteLength(value) > DNS_SUBDOMAIN_BYTES_MAX ? [maxLenError(DNS_SUBDOMAIN_BYTES_MAX)] : [];
  if (!WILDCARD_SUBDOMAIN_WHOLE.test(value)) {
    errors.push(regexError(WILDCARD_TEXT, WILDCARD_SUBDOMAIN, '*.example.com'));
  }
  return errors;
}

/** Keys of labels, annotations, finalizers, resources: `[prefix/]name`. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${LABEL_KEY_ERROR} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  const name = parts[parts.length - 1] as string;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    const messages = prefix === '' ? [EMPTY_ERROR] : subdomainErrors(prefix, maxBytesError);
    pushAll(
      errors,
      messages.map((message) => `prefix part ${message}`),
    );
  }
  if (name === '') errors.push(`name part ${EMPTY_ERROR}`);
  else if (byteLength(name) > LABEL_NAME_BYTES_MAX) errors.push(`name part ${maxBytesError(LABEL_NAME_BYTES_MAX)}`);
  if (!LABEL_KEY_WHOLE.test(name)) errors.push(`name part ${LABEL_KEY_ERROR}`);
  return errors;
}

export function isValidLabelValue(value: string): string[] {
  const errors = byteLength(value) > LABEL_NAME_BYTES_MAX ? [maxBytesError(LABEL_NAME_BYTES_MAX)] : [];
  if (!LABEL_VALUE_WHOLE.test(value)) {
    errors.push(regexError(LABEL_VALUE_TEXT, LABEL_VALUE, 'MyValue', 'my_value', '12345'));
  }
  return errors;
}

export function isCIdentifier(value: string): string[] {
  if (C_IDENTIFIER_WHOLE.test(value)) return [];
  const text =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return [regexError(text, C_IDENTIFIER, 'my_name', 'MY_NAME', 'MyName')];
}

/** Names that would leave a directory when used as a file's name. */
function directoryErrors(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

export function isEnvVarName(value: string): string[] {
  const text =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const errors = ENV_VAR_WHOLE.test(value)
    ? []
    : [regexError(text, ENV_VAR, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1')];
  return [...errors, ...directoryErrors(value)];
}

/** Environment variable names as accepted since 1.34: printable ASCII but `=`. */
export function isRelaxedEnvVarName(value: string): string[] {
  if (value === '') return [`environment variable name ${EMPTY_ERROR}`];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(value: string): string[] {
  const errors = byteLength(value) > DNS_SUBDOMAIN_BYTES_MAX ? [maxLenError(DNS_SUBDOMAIN_BYTES_MAX)] : [];
  if (!CONFIG_KEY_WHOLE.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(regexError(text, CONFIG_KEY, 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...errors, ...directoryErrors(value)];
}

/** Names of container ports. */
export function isValidPortName(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > PORT_NAME_BYTES_MAX) errors.push(maxLenError(PORT_NAME_BYTES_MAX));
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

export const isInRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];

export const isValidPortNum = (port: number): string[] => isInRange(port, 1, 65535);
export const isValidGroupID = (id: number): string[] => isInRange(id, 0, 2147483647);
export const isValidUserID = (id: number): string[] => isInRange(id, 0, 2147483647);

export const isValidPercent = (value: string): string[] =>
  PERCENT_WHOLE.test(value)
    ? []
    : [regexError("a valid percent string must be a numeric string followed by an ending '%'", PERCENT, '1%', '93%')];

export const isHTTPHeaderName = (value: string): string[] =>
  HTTP_HEADER_WHOLE.test(value)
    ? []
    : [regexError("a valid HTTP header must consist of alphanumeric characters or '-'", HTTP_HEADER, 'X-Header-Name')];

/** What follows the slash of a domain-prefixed path (finalizers of controllers, signer names, …). */
export const isHTTPPath = (value: string): string[] =>
  HTTP_PATH_WHOLE.test(value) ? [] : [regexError('Invalid path', HTTP_PATH)];

/** Names of objects that need only fit into a URL path (RBAC objects, among others). */
export function isPathSegmentName(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return isPathSegmentPrefix(name);
}

/** The same for a generateName prefix. */
export const isPathSegmentPrefix = (name: string): string[] =>
  ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);

/** A prefix may end in a dash, as something follows it. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

type NameRule = (name: string, prefix: boolean) => string[];

/** Name rules in the shape of `ResourceDefinition.validateName`; `prefix` when checking generateName. */
export const nameIsDNSSubdomain: NameRule = (name, prefix) =>
  isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name);
export const nameIsDNSLabel: NameRule = (name, prefix) => isDNS1123Label(prefix ? maskTrailingDash(name) : name);
export const nameIsDNS1035Label: NameRule = (name, prefix) => isDNS1035Label(prefix ? maskTrailingDash(name) : name);
export const nameIsPathSegment: NameRule = (name, prefix) =>
  prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name);
