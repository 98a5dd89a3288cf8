/** Secrets of type kubernetes.io/service-account-token, as the clients that still make them find them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { type Answer, ApiCalls, eventually } from './api-calls.ts';

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const SECRETS = '/api/v1/namespaces/default/secrets';
const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

let cluster: RunningCluster;
let calls: ApiCalls;
beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const tokenSecret = (name: string, account: string) => ({
  kind: 'Secret',
  type: 'kubernetes.io/service-account-token',
  metadata: { name, annotations: { 'kubernetes.io/service-account.name': account } },
});
const decoded = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
const whoami = (token: string): Promise<Answer> =>
  calls.call('POST', REVIEW, { token, body: { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' } });

async function filled(name: string): Promise<Answer['json']> {
  return eventually(`a token in ${name}`, async () => {
    const { json } = await calls.call('GET', `${SECRETS}/${name}`);
    return json.data?.token ? json : undefined;
  });
}

test('a token Secret is filled, its token is its account’s, and ends with it', async () => {
  const account = await calls.call('POST', ACCOUNTS, { body: { kind: 'ServiceAccount', metadata: { name: 'bot' } } });
  expect(account.code).toBe(201);
  for (const name of ['one', 'two']) {
    expect((await calls.call('POST', SECRETS, { body: tokenSecret(name, 'bot') })).code).toBe(201);
  }
  const [one, two] = [await filled('one'), await filled('two')];
  expect(one.metadata.annotations).toEqual({
    'kubernetes.io/service-account.name': 'bot',
    'kubernetes.io/service-account.uid': account.json.metadata.uid,
  });
  expect(decoded(one.data.namespace)).toBe('default');
  expect(decoded(one.data['ca.crt']).trim()).toBe(cluster.ca);
  for (const secret of [one, two]) {
    const review = await whoami(decoded(secret.data.token));
    expect(review.code, review.text).toBe(201);
    expect(review.json.status.userInfo).toMatchObject({
      username: 'system:serviceaccount:default:bot',
      uid: account.json.metadata.uid,
    });
  }

  expect((await calls.call('DELETE', `${SECRETS}/one`)).code).toBe(200);
  await eventually('the token of the deleted Secret is refused', async () =>
    (await whoami(decoded(one.data.token))).code === 401 ? true : undefined,
  );
  expect((await whoami(decoded(two.data.token))).code).toBe(201);

  expect((await calls.call('DELETE', `${ACCOUNTS}/bot`)).code).toBe(200);
  expect((await calls.call('GET', `${SECRETS}/two`)).code).toBe(404);
  await eventually('the token of the deleted account is refused', async () =>
    (await whoami(decoded(two.data.token))).code === 401 ? true : undefined,
  );
});

test('a token Secret of no account is deleted at once', async () => {
  await calls.call('POST', SECRETS, { body: tokenSecret('orphan', 'nobody') });
  expect((await calls.call('GET', `${SECRETS}/orphan`)).code).toBe(404);
});

test('a token that its Secret no longer holds is refused', async () => {
  await calls.call('POST', ACCOUNTS, { body: { kind: 'ServiceAccount', metadata: { name: 'again' } } });
  await calls.call('POST', SECRETS, { body: tokenSecret('again', 'again') });
  const first = await filled('again');
  await calls.call('PATCH', `${SECRETS}/again`, {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: '{"data":{"token":"bm90aGluZw=="}}',
  });
  await eventually('the first token is refused', async () =>
    (await whoami(decoded(first.data.token))).code === 401 ? true : undefined,
  );
});
