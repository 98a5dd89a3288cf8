import { randomInt } from 'node:crypto';
import type { ApiClient } from './api-client.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const randomText = (length: number): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

export interface JoinTokenOptions {
  readonly lifeMs: number;
  readonly description: string;
  readonly now: number;
}

/**
 * Makes a join token: a bootstrap token Secret in kube-system, as kubeadm's.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
 */
export async function createJoinToken(api: ApiClient, { lifeMs, description, now }: JoinTokenOptions): Promise<string> {
  const id = randomText(6);
  const secret = randomText(16);
  const answer = await api.call('POST', '/api/v1/namespaces/kube-system/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': secret,
      description,
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': 'system:bootstrappers:zeroplane:default-node-token',
      ...(lifeMs > 0 ? { expiration: new Date(now + lifeMs).toISOString().replace(/\.\d+Z$/, 'Z') } : {}),
    },
  });
  if (answer.code !== 201)
    throw new Error(`a join token could not be made: ${answer.code} ${answer.body.slice(0, 300)}`);
  return `${id}.${secret}`;
}
