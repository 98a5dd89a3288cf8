import { expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';

const COMPONENTS = '/api/v1/componentstatuses';

it('tells whether the parts answer, with a warning that nobody should ask this way', async () => {
  const server = new TestServer();
  const answer = await server.request(`GET ${COMPONENTS}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('warning')).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
  expect(await answer.json()).toEqual({
    kind: 'ComponentStatusList',
    apiVersion: 'v1',
    metadata: {},
    items: ['scheduler', 'controller-manager', 'etcd-0'].map((name) => ({
      metadata: { name },
      conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
    })),
  });
});

it('answers for one, as a table too', async () => {
  const server = new TestServer();
  const one = await server.request(`GET ${COMPONENTS}/scheduler`);
  expect(await one.json()).toMatchObject({
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name: 'scheduler' },
  });
  const table = await server.request(`GET ${COMPONENTS}`, {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  const { rows } = (await table.json()) as { rows: { cells: unknown[] }[] };
  expect(rows.map(({ cells }) => cells)).toContainEqual(['etcd-0', 'Healthy', 'ok', '']);
});

it.each([
  ['GET', `${COMPONENTS}/kubelet`, 404],
  ['GET', `${COMPONENTS}/scheduler/status`, 404],
  ['GET', '/api/v1/namespaces/default/componentstatuses', 404],
  ['POST', COMPONENTS, 405],
  ['GET', `${COMPONENTS}?watch=true`, 405],
])('%s %s is answered with %i', async (method, path, code) => {
  expect((await new TestServer().request(`${method} ${path}`, method === 'POST' ? { body: {} } : {})).status).toBe(
    code,
  );
});
