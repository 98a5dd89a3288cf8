import { describe, expect, it } from 'vitest';
import { joined, listInPieces, streamed } from './list-parts.ts';

const part = (items: readonly object[], token: string) => ({
  code: 200,
  body: `{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify({
    resourceVersion: '7',
    ...(token ? { continue: token, remainingItemCount: 9 } : {}),
  })},"items":[${items.map((item) => JSON.stringify(item)).join(',')}]}`,
});

const pages: Record<string, ReturnType<typeof part>> = {
  '2': part([{ metadata: { name: 'b' } }], '3'),
  '3': part([], '4'),
  '4': part([{ note: ',"items":[' }], ''),
};

const list = () =>
  listInPieces(part([{ metadata: { name: 'a' } }], '2'), async (token) => pages[token] ?? { code: 410, body: '{}' });

const WHOLE = {
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '7' },
  items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }, { note: ',"items":[' }],
};

describe('a list in parts', () => {
  it('becomes one text or one stream', async () => {
    expect(JSON.parse(await joined(list() as AsyncGenerator<string>))).toEqual(WHOLE);
    expect(await new Response(streamed(list() as AsyncGenerator<string>)).json()).toEqual(WHOLE);
  });

  it('is none when the first part is the whole, or an error', () => {
    const next = async () => part([], '');
    expect(listInPieces(part([{}], ''), next)).toBeUndefined();
    expect(listInPieces({ code: 410, body: '{"kind":"Status"}' }, next)).toBeUndefined();
  });

  it('breaks off when a part cannot be had', async () => {
    const broken = listInPieces(part([], '9'), async () => ({ code: 410, body: '{}' })) as AsyncGenerator<string>;
    await expect(joined(broken)).rejects.toThrow('a part of a list could not be read: 410');
  });
});
