import { describe, expect, it } from 'vitest';
import { encodeBase64Text } from '../../schema/meta/base64.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { MemoryTransaction } from '../registry/memory-transaction.ts';
import { bootstrapTokenCleaner } from './bootstrap-token-cleaner.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

const token = (expiration?: string, type = 'bootstrap.kubernetes.io/token'): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bootstrap-token-abcdef', uid: 'u1' },
  type,
  data: expiration === undefined ? {} : { expiration: encodeBase64Text(expiration) },
});

function look(secret: UntypedObject, namespace = 'kube-system') {
  const tx = new MemoryTransaction(namespace);
  tx.put('secrets', secret);
  return bootstrapTokenCleaner.reconcile(tx, 'bootstrap-token-abcdef', { now: NOW, randomSuffix: () => 'x' });
}

describe('a join token', () => {
  it('is deleted once it has ended', () => {
    expect(look(token('2026-11-21T12:00:00Z')).writes).toEqual([
      { op: 'delete', resource: 'secrets', name: 'bootstrap-token-abcdef', options: { preconditions: { uid: 'u1' } } },
    ]);
    expect(look(token('soon')).writes).toHaveLength(1);
  });

  it('is looked at again when it ends', () => {
    expect(look(token('2026-11-21T13:00:00Z'))).toEqual({ writes: [], requeueAt: NOW + 3_600_000 });
  });

  it('stays when it has no end, and so do other Secrets', () => {
    expect(look(token())).toEqual({ writes: [] });
    expect(look(token('2026-11-21T11:00:00Z', 'Opaque'))).toEqual({ writes: [] });
    expect(look(token('2026-11-21T11:00:00Z'), 'shop')).toEqual({ writes: [] });
  });
});
