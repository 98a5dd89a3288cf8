/** `/healthz`, `/livez`, `/readyz` with their checks. Source: apiserver server/healthz. */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import type { Env } from '../env.ts';
import { textAnswer } from './answers/answers.ts';
import type { ApiRequest } from './api-request.ts';
import { pathNotFound } from './answers/answers.ts';
import { parseEncryptionKeys } from '../sealing/encryption-keys.ts';
import { hubOf, shardOf } from './stores.ts';

interface Check {
  readonly name: string;
  run(api: ApiRequest): Promise<void>;
}

const ping: Check = { name: 'ping', run: async () => {} };

/** The hub answers: revisions can be handed out. */
const hub: Check = {
  name: 'hub',
  run: async ({ env }) => {
    await hubOf(env).revision();
  },
};

const READER = systemUser('apiserver');

async function exists(env: Env, resource: GroupResource, namespace: string, name: string): Promise<boolean> {
  const answer = await shardOf(env, namespace).read({
    verb: 'get',
    resource,
    apiVersion: 'v1',
    namespace,
    name,
    resourceVersion: '',
    user: READER,
  });
  return answer.code === 200;
}

/** The cluster has the objects every cluster starts with. Asking the cluster shard wakes it, and it makes them. */
const bootstrap: Check = {
  name: 'poststarthook/bootstrap',
  run: async ({ env }) => {
    // The API's own Service comes last; see bootstrap/initial-objects.ts.
    const made =
      (await exists(env, 'namespaces', '', 'default')) && (await exists(env, 'services', 'default', 'kubernetes'));
    if (!made) throw new Error('the first objects are not there yet');
  },
};

/** There are keys for Secrets, and they open all that is stored. */
const secretsEncryption: Check = {
  name: 'secrets-encryption',
  run: async ({ env }) => {
    const keys = parseEncryptionKeys(env.SECRETS_ENCRYPTION_KEYS ?? '');
    if (!keys.ok) throw new Error(keys.why);
    const rows = await hubOf(env).unreadable();
    if (rows > 0) throw new Error(`${rows} stored objects cannot be opened: their key is missing or they were altered`);
  },
};

const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  healthz: [ping, hub, bootstrap],
  livez: [ping],
  readyz: [ping, hub, bootstrap, secretsEncryption],
};

export async function healthHandler(api: ApiRequest): Promise<Response> {
  const [, endpoint = '', ...rest] = api.info.path.split('/');
  const checks = CHECKS[endpoint] ?? [];
  const only = rest.filter(Boolean).join('/');
  if (only !== '') {
    const check = checks.find(({ name }) => name === only);
    if (!check) return pathNotFound();
    const failed = await failureOf(check, api);
    return failed === undefined ? textAnswer(200, 'ok') : textAnswer(500, `internal server error: ${failed}\n`);
  }
  return summary(api, endpoint, checks);
}

async function summary(api: ApiRequest, endpoint: string, checks: readonly Check[]): Promise<Response> {
  const excluded = new Set(api.query.getAll('exclude'));
  const lines: string[] = [];
  const failed: string[] = [];
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const why = await failureOf(check, api);
    if (why === undefined) lines.push(`[+]${check.name} ok`);
    else {
      lines.push(`[-]${check.name} failed: reason withheld`);
      failed.push(check.name);
    }
  }
  if (excluded.size > 0)
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${[...excluded]
        .sort()
        .map((name) => JSON.stringify(name))
        .join(',')}`,
    );
  if (failed.length > 0) return textAnswer(500, `${lines.join('\n')}\n${endpoint} check failed\n`);
  return api.query.has('verbose')
    ? textAnswer(200, `${lines.join('\n')}\n${endpoint} check passed\n`)
    : textAnswer(200, 'ok');
}

async function failureOf(check: Check, api: ApiRequest): Promise<string | undefined> {
  try {
    await check.run(api);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
