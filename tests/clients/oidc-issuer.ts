/** A real OpenID Connect issuer (and several bad ones, by path) on this machine, over TLS. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { ensureCertificates } from '../../cli/setup/certificates.ts';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: JWK;
}

export async function newKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** Issuers by their path: `good`, and what is wrong with the others. */
export const ISSUER_PATHS = ['good', 'slow', 'huge', 'redirecting', 'impostor'] as const;

export class OidcIssuers {
  readonly ca: string;
  readonly #server: Server;
  readonly #folder: string;
  /** Requests so far, by path. */
  readonly requests = new Map<string, number>();
  keys: readonly SigningKey[] = [];

  private constructor(server: Server, folder: string, ca: string) {
    this.#server = server;
    this.#folder = folder;
    this.ca = ca;
  }

  static async start(): Promise<OidcIssuers> {
    const folder = mkdtempSync(join(tmpdir(), 'zeroplane-issuer-'));
    const { keyFile, certificateFile, caPem } = await ensureCertificates(folder, Date.now());
    const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) });
    const issuers = new OidcIssuers(server, folder, caPem);
    server.on('request', ({ url = '' }, response) => {
      issuers.requests.set(url, (issuers.requests.get(url) ?? 0) + 1);
      const [, path = '', ...rest] = url.split('/');
      if (path === 'slow') return;
      const document = rest.join('/') === 'keys' ? issuers.#keysOf(path) : issuers.#discovery(path);
      if (path === 'redirecting' && rest[0] === 'keys') response.writeHead(302, { location: issuers.url('good/keys') });
      response.end(JSON.stringify(document));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return issuers;
  }

  url(path: string): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}`;
  }

  #discovery(path: string) {
    return { issuer: this.url(path === 'impostor' ? 'good' : path), jwks_uri: this.url(`${path}/keys`) };
  }

  #keysOf(path: string) {
    const keys = this.keys.map(({ publicKey }) => publicKey);
    return path === 'huge' ? { keys, padding: 'x'.repeat(2_000_000) } : { keys };
  }

  /** A token of an issuer, good in every way but for what is given. */
  async token(
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = this.keys[0],
  ): Promise<string> {
    const { kid, alg, privateKey } = key as SigningKey;
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: this.url('good'), aud: 'zeroplane', sub: 'jane', iat: now, exp: now + 600, ...claims })
      .setProtectedHeader({ alg, kid, ...header })
      .sign(privateKey, { crit: { x: true } });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
