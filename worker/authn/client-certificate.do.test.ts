import { env, exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { clientCertificateUser } from './client-certificate.ts';

it('[AN3] no header makes a client certificate of itself, and none counts that no authority is named for', async () => {
  expect((env as { CLIENT_CERTIFICATE_ISSUERS?: string }).CLIENT_CERTIFICATE_ISSUERS).toBe('');
  const certificate = {
    certPresented: '1',
    certVerified: 'SUCCESS',
    certRevoked: '0',
    certIssuerDNRFC2253: '',
    certSubjectDNRFC2253: 'CN=admin,O=system:masters',
  };
  expect(clientCertificateUser(certificate, new Set()).kind).toBe('none');
  const response = await exports.default.fetch('https://api.test/api/v1/nodes', {
    headers: {
      'cf-client-cert': JSON.stringify(certificate),
      'x-remote-user': 'admin',
      'x-remote-group': 'system:masters',
    },
    cf: { tlsClientAuth: certificate } as unknown as RequestInitCfProperties,
  });
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ message: expect.stringContaining('"system:anonymous"') });
});
