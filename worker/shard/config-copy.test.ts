import { expect, it } from 'vitest';
import { ConfigCopy } from './config-copy.ts';

it('finds what is copied, and tells of what never is', async () => {
  const copy = new ConfigCopy(async (revision) => ({
    revision,
    objects: [{ resource: 'namespaces', name: 'a', text: '{"kind":"Namespace","metadata":{"name":"a"}}' }],
  }));
  expect(copy.get('namespaces', 'a')).toBeUndefined();
  await copy.refresh(7);
  expect(copy.get('namespaces', 'a')?.kind).toBe('Namespace');
  expect(() => copy.get('nodes', 'n1')).toThrow('nodes is not copied');
});
