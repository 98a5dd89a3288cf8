/** `/healthz`, `/livez`, `/readyz` with their checks. Source: apiserver server/healthz. */
import { textAnswer } from './answers.ts';
import type { ApiRequest } from './api-request.ts';
import { pathNotFound } from './answers.ts';
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

/** The cluster has the objects every cluster starts with. */
const bootstrap: Check = {
  name: 'poststarthook/bootstrap',
  run: async ({ env }) => {
    const answer = await shardOf(env, '').read({
      verb: 'get',
      resource: 'namespaces',
      apiVersion: 'v1',
      namespace: '',
      name: 'kube-system',
      resourceVersion: '',
      user: { username: 'system:apiserver', uid: '', groups: ['system:masters'], extra: {} },
    });
    if (answer.code !== 200) throw new Error('the first objects are not there yet');
  },
};

const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  healthz: [ping, hub, bootstrap],
  livez: [ping],
  readyz: [ping, hub, bootstrap],
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
      `warn: some health checks cannot be excluded: no matches for ${[...excluded].map((name) => JSON.stringify(name)).join(',')}`,
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
