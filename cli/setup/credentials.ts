import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads a token of this data directory, making it on first use: 32 random bytes, readable by the owner only. */
export function ensureToken(secretsFolder: string, name: string): string {
  const file = join(secretsFolder, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

export interface KubeconfigOptions {
  readonly file: string;
  readonly server: string;
  readonly caPem: string;
  readonly token: string;
  readonly cluster: string;
}

/** Writes a kubeconfig whose only context is this cluster's administrator. Source: client-go tools/clientcmd/api/v1. */
export function writeKubeconfig({ file, server, caPem, token, cluster }: KubeconfigOptions): void {
  const name = `zeroplane-${cluster}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') } }],
    users: [{ name: `${name}-admin`, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
    'current-context': name,
  };
  // JSON is YAML: every client reads it, and no writer is needed.
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
