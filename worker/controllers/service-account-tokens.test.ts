import { describe, expect, it } from 'vitest';
import { encodeBase64Text } from '../../schema/meta/base64.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { TestShard } from './runtime/test-shard.ts';
import {
  serviceAccountTokenReferences,
  serviceAccountTokens,
  TOKEN_CONTROLLER,
  type TokenSubject,
} from './service-account-tokens.ts';

const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';

function setUp() {
  const asked: TokenSubject[] = [];
  const state = { isSigned: true };
  const tokens = {
    token: (subject: TokenSubject) => {
      asked.push(subject);
      return state.isSigned ? `token-of-${subject.accountUid}` : undefined;
    },
  };
  const shard = new TestShard([serviceAccountTokens({ clusterCa: 'CA', tokens }), serviceAccountTokenReferences]);
  const account = shard.create('serviceaccounts', {
    kind: 'ServiceAccount',
    apiVersion: 'v1',
    metadata: { name: 'bot' },
  });
  return { shard, asked, state, uid: account.metadata.uid as string };
}

const secret = (more: Partial<UntypedObject> = {}, annotations: Record<string, string> = { [NAME]: 'bot' }) =>
  ({
    kind: 'Secret',
    apiVersion: 'v1',
    type: 'kubernetes.io/service-account-token',
    metadata: { name: 's', annotations },
    ...more,
  }) as UntypedObject;

describe('Secrets of ServiceAccount tokens', () => {
  it('are filled with token, namespace and CA', () => {
    const { shard, asked, uid } = setUp();
    shard.create('secrets', secret());
    shard.settle();
    expect(asked[0]).toEqual({ namespace: 'shop', account: 'bot', accountUid: uid, secret: 's' });
    expect(shard.store.get('secrets', 's')).toMatchObject({
      metadata: { annotations: { [NAME]: 'bot', [UID]: uid } },
      data: {
        token: encodeBase64Text(`token-of-${uid}`),
        namespace: encodeBase64Text('shop'),
        'ca.crt': encodeBase64Text('CA'),
      },
    });
  });

  it('keep the token they have; a wrong CA is put right', () => {
    const { shard, asked } = setUp();
    shard.create('secrets', secret({ data: { token: 'bWluZQ==', 'ca.crt': 'b3RoZXI=', more: 'eA==' } }));
    shard.settle();
    expect(asked).toEqual([]);
    expect(shard.store.get('secrets', 's')?.['data']).toEqual({
      token: 'bWluZQ==',
      more: 'eA==',
      namespace: encodeBase64Text('shop'),
      'ca.crt': encodeBase64Text('CA'),
    });
  });

  it('wait for a token that is being signed, and ask again', () => {
    const { shard, asked, state } = setUp();
    state.isSigned = false;
    shard.create('secrets', secret());
    shard.settle();
    expect(shard.store.get('secrets', 's')?.['data']).toBeUndefined();
    shard.advance(10_000);
    expect(asked).toHaveLength(2);
    state.isSigned = true;
    shard.settle([{ controller: TOKEN_CONTROLLER, key: 's' }]);
    expect(shard.store.get('secrets', 's')?.['data']).toHaveProperty('token');
    expect(shard.timers.size).toBe(0);
  });

  it.each([
    ['no such account', { [NAME]: 'nobody' }],
    ['another account of that name', { [NAME]: 'bot', [UID]: 'of-before' }],
  ])('are deleted: %s', (_what, annotations) => {
    const { shard } = setUp();
    shard.create('secrets', secret({}, annotations));
    shard.settle();
    expect(shard.store.get('secrets', 's')).toBeUndefined();
  });

  it('go with their account, and no others do', () => {
    const { shard } = setUp();
    shard.create('secrets', secret());
    shard.create('secrets', secret({ type: 'Opaque', metadata: { name: 'opaque', annotations: { [NAME]: 'bot' } } }));
    shard.settle();
    shard.remove('serviceaccounts', 'bot');
    shard.settle();
    expect(shard.store.list('secrets').map(({ metadata }) => metadata.name)).toEqual(['opaque']);
  });

  it('leave their account’s list when they are deleted', () => {
    const { shard } = setUp();
    shard.create('secrets', secret());
    shard.change('serviceaccounts', 'bot', (account) => {
      account['secrets'] = [{ name: 's' }, { name: 'other' }];
    });
    shard.settle();
    shard.remove('secrets', 's');
    shard.settle();
    expect(shard.store.get('serviceaccounts', 'bot')?.['secrets']).toEqual([{ name: 'other' }]);
  });
});
