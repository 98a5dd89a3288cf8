import { describe, expect, it } from 'vitest';
import type { Answer } from './shard.ts';
import { wholeList } from './whole-list.ts';

const part = (items: readonly object[], token: string): Answer => ({
  code: 200,
  body: `{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify({
    resourceVersion: '7',
    ...(token ? { continue: token, remainingItemCount: 9 } : {}),
  })},"items":[${items.map((item) => JSON.stringify(item)).join(',')}]}`,
});

describe('a list in parts as a whole', () => {
  it('has the items of all parts and leads no further', async () => {
    const parts: Record<string, Answer> = {
      '2': part([{ metadata: { name: 'b' } }], '3'),
      '3': part([], '4'),
      '4': part([{ note: ',"items":[' }], ''),
    };
    const whole = await wholeList(part([{ metadata: { name: 'a' } }], '2'), async (token) => parts[token] as Answer);
    expect(JSON.parse(whole.body)).toEqual({
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '7' },
      items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }, { note: ',"items":[' }],
    });
  });

  it('is what was answered when that is whole, or no list', async () => {
    const never = async (): Promise<Answer> => {
      throw new Error('nothing more is asked for');
    };
    for (const first of [part([{}], ''), { code: 410, body: '{"kind":"Status"}' }, { code: 200, body: '{}' }]) {
      expect(await wholeList(first, never)).toBe(first);
    }
  });

  it('is why a part cannot be had, if so', async () => {
    const gone: Answer = { code: 410, body: '{"kind":"Status"}' };
    expect(await wholeList(part([{}], '2'), async () => gone)).toBe(gone);
  });
});
