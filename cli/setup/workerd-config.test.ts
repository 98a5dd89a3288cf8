import { expect, test } from 'vitest';
import { workerdConfig } from './workerd-config.ts';

test('text bindings keep quotes, backslashes and line breaks', () => {
  const config = workerdConfig({
    port: 6443,
    controlSocket: '/data/run/control.sock',
    folder: '/data/run',
    workerFile: '/data/w.js',
    stateFolder: '/state',
    keyFile: '/k',
    certificateFile: '/c',
    bindings: { PEM: 'a\n"b"\\c' },
    trusts: { OIDC_ISSUER_0: 'its\nauthority' },
    fileBindings: { KEYS: '/data/secrets/keys' },
  });
  expect(config).toContain(String.raw`(name = "PEM", text = "a\n\"b\"\\c")`);
  expect(config).toContain('(name = "KEYS", text = embed "../secrets/keys")');
  expect(config).toContain('uniqueKey = "zeroplane-Hub", enableSql = true, preventEviction = true');
  expect(config).toContain('esModule = embed "../w.js"');
  expect(config).toContain('address = "*:6443"');
  expect(config).toContain(
    String.raw`(name = "OIDC_ISSUER_0", network = (allow = ["public", "private"], tlsOptions = (trustedCertificates = ["its\nauthority"])))`,
  );
  expect(config).toContain('(name = "OIDC_ISSUER_0", service = "OIDC_ISSUER_0")');
});
