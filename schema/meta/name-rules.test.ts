import { describe, expect, test } from 'vitest';
import * as rules from './name-rules.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

test.each([
  [rules.isDNS1123Label, 'a'.repeat(63), []],
  [rules.isDNS1123Label, 'a'.repeat(64), ['must be no more than 63 characters']],
  [rules.isDNS1123Label, 'a.b', ['must not contain dots']],
  [rules.isDNS1123Label, 'A', [LABEL]],
  [rules.isDNS1123Label, 'a\n', [LABEL]],
  [rules.isDNS1123Subdomain, 'a.b-c.d', []],
  [rules.isDNS1123Subdomain, 'a..b', [SUBDOMAIN]],
  [rules.isDNS1035Label, 'a1', []],
  [rules.isQualifiedName, 'example.com/My_Name.1', []],
  [rules.isValidLabelValue, '', []],
  [rules.isValidPortName, 'http-1', []],
  [rules.isValidPortName, '80', ['must contain at least one letter (a-z)']],
  [rules.isValidPortName, 'a--b', ['must not contain consecutive hyphens']],
  [rules.isConfigMapKey, '..data', ["must not start with '..'"]],
  [rules.isConfigMapKey, 'a.b_c-D', []],
  [rules.isEnvVarName, 'MY_VAR.x', []],
  [rules.isRelaxedEnvVarName, '1 odd name', []],
  [rules.isRelaxedEnvVarName, '', ['environment variable name must be non-empty']],
  [rules.isPathSegmentName, 'system:node', []],
  [rules.isPathSegmentName, '..', ["may not be '..'"]],
  [rules.isPathSegmentName, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
  [rules.isCIdentifier, '_a1', []],
  [rules.isHTTPHeaderName, 'X-Y', []],
])('%o of %s', (rule, value, expected) => {
  expect(rule(value)).toEqual(expected);
});

test.each([
  [rules.isDNS1035Label, '1a'],
  [rules.isQualifiedName, 'a/b/c'],
  [rules.isQualifiedName, '/a'],
  [rules.isQualifiedName, 'A.com/x'],
  [rules.isValidLabelValue, '-a'],
  [rules.isEnvVarName, '1a'],
  [rules.isRelaxedEnvVarName, 'a=b'],
  [rules.isConfigMapKey, ''],
  [rules.isValidPercent, '10'],
  [rules.isWildcardDNS1123Subdomain, 'a.com'],
])('%o refuses %s', (rule, value) => {
  expect(rule(value)).toHaveLength(1);
});

describe('prefixes for generated names', () => {
  test('may end in a dash', () => {
    expect(rules.nameIsDNSSubdomain('web-', true)).toEqual([]);
    expect(rules.nameIsDNSSubdomain('web-', false)).toHaveLength(1);
    expect(rules.nameIsDNSLabel('-', true)).toHaveLength(1);
  });
});

test('ports', () => {
  expect(rules.isValidPortNum(0)).toEqual(['must be between 1 and 65535, inclusive']);
  expect(rules.isValidPortNum(65535)).toEqual([]);
});
