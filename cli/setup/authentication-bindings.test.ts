import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { authenticationBindings } from './authentication-bindings.ts';
import { UserError } from './data-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'zeroplane-authentication-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'config.yaml');
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

const written = (...authorities: (string | undefined)[]): string => {
  const jwt = authorities.map((certificateAuthority, i) => ({
    issuer: { url: `https://issuer-${i}.example`, audiences: ['a'], certificateAuthority },
    claimMappings: { username: { claim: 'sub', prefix: '' } },
  }));
  const text = JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt });
  writeFileSync(file, text);
  return text;
};

test('without a file there is nothing to bind', () => {
  expect(authenticationBindings(undefined)).toEqual({ bindings: {}, trusts: {} });
});

test('each issuer with an authority of its own has a network that trusts no other', () => {
  const text = written(undefined, PEM);
  expect(authenticationBindings(file)).toEqual({
    bindings: { AUTHENTICATION_CONFIGURATION: text },
    trusts: { OIDC_ISSUER_1: PEM },
  });
});

test('a file that is missing or wrong is the user’s mistake, told in one line', () => {
  expect(() => authenticationBindings(join(folder, 'none'))).toThrow(UserError);
  writeFileSync(file, 'kind: x');
  expect(() => authenticationBindings(file)).toThrow(/^--authentication-config .*: expected apiVersion/);
});
