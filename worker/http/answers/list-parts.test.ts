import { describe, expect, it } from 'vitest';
import { type ListForm, listInPieces, objectList, streamed } from './list-parts.ts';

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
  listInPieces(
    part([{ metadata: { name: 'a' } }], '2'),
    async (token) => pages[token] ?? { code: 410, body: '{}' },
    objectList,
  );

const textOf = (pieces: AsyncGenerator<string> | undefined): Promise<string> =>
  new Response(streamed(pieces as AsyncGenerator<string>)).text();

const WHOLE = {
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '7' },
  items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }, { note: ',"items":[' }],
};

describe('[L1] a list in parts', () => {
  it('becomes one stream', async () => {
    expect(JSON.parse(await textOf(list()))).toEqual(WHOLE);
  });

  it('is written in the form asked for', async () => {
    const names: ListForm = {
      head: (_head, { resourceVersion }) => `{"at":${resourceVersion},"names":[`,
      items: (text) =>
        (JSON.parse(`[${text}]`) as { metadata?: { name: string } }[])
          .map(({ metadata }) => JSON.stringify(metadata?.name ?? ''))
          .join(','),
    };
    const pieces = listInPieces(part([], '2'), async (token) => pages[token] as (typeof pages)[string], names);
    expect(JSON.parse(await textOf(pieces))).toEqual({ at: 7, names: ['b', ''] });
  });

  it('is none when the first part is the whole, or an error', () => {
    const next = async () => part([], '');
    expect(listInPieces(part([{}], ''), next, objectList)).toBeUndefined();
    expect(listInPieces({ code: 410, body: '{"kind":"Status"}' }, next, objectList)).toBeUndefined();
  });

  it('breaks off when a part cannot be had', async () => {
    const broken = listInPieces(part([], '9'), async () => ({ code: 410, body: '{}' }), objectList);
    await expect(textOf(broken)).rejects.toThrow('a part of a list could not be read: 410');
  });
});
