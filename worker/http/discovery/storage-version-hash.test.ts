import { expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';

interface Listed {
  readonly resources: readonly { readonly name: string; readonly storageVersionHash?: string }[];
}

it.each([
  ['/api/v1', 'pods', 'xPOwRZ+Yhw8='],
  ['/api/v1', 'events', 'r2yiGXH7wu8='],
  ['/apis/events.k8s.io/v1', 'events', 'r2yiGXH7wu8='],
  ['/apis/apps/v1', 'deployments', '8aSe+NMegvE='],
  ['/apis/autoscaling/v1', 'horizontalpodautoscalers', 'qwQve8ut294='],
  ['/api/v1', 'pods/status', undefined],
  ['/api/v1', 'componentstatuses', undefined],
  ['/apis/authentication.k8s.io/v1', 'tokenreviews', undefined],
])('%s tells of %s how it is stored: %s', async (path, resource, hash) => {
  const { resources } = (await (await new TestServer().request(`GET ${path}`)).json()) as Listed;
  expect(resources.find(({ name }) => name === resource)).toMatchObject({ name: resource });
  expect(resources.find(({ name }) => name === resource)?.storageVersionHash).toBe(hash);
});
