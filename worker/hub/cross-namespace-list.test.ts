import { describe, expect, it } from 'vitest';
import { decodeContinue } from '../../schema/meta/continue-token.ts';
import { LIST_PART_LENGTH_MAX } from '../../schema/meta/list-text.ts';
import type { ListPartRequest, ListRequest } from '../../schema/protocol/shard.ts';
import { listAcross } from './cross-namespace-list.ts';
import type { ShardReader } from './shard-fan-out.ts';

/** Shards whose parts hold one item each: its name, padded to `itemLength`. */
function listed(contents: Record<string, readonly string[]>, itemLength: number) {
  const shard = (namespace: string) => ({
    listPart: async ({ afterName, limit }: ListPartRequest) => {
      const names = (contents[namespace] ?? []).filter((name) => name > afterName);
      const [first] = names;
      const isNone = first === undefined || limit < 0;
      return {
        text: isNone ? '' : JSON.stringify(`${namespace}/${first}`).padEnd(itemLength),
        count: isNone ? 0 : 1,
        more: names.length > 1,
        lastName: first ?? '',
        remaining: Math.max(0, names.length - 1),
        expired: false,
      };
    },
  });
  const namespaces = Object.keys(contents).sort();
  return async (token: string) => {
    const after = token === '' ? '' : decodeContinue(token);
    if (after !== '' && !after.ok) throw new Error(after.status.message);
    return listAcross({
      request: {
        resource: 'configmaps',
        apiVersion: 'v1',
        labelSelector: '',
        fieldSelector: '',
        limit: 0,
      } as ListRequest,
      plan: {
        exact: 7,
        notOlderThan: 0,
        isAnyState: false,
        after: after === '' ? '' : after.value.after,
        since: 0,
        isInconsistent: false,
      },
      revision: 7,
      namespaces,
      isSelective: false,
      shard: (namespace) => shard(namespace) as unknown as ShardReader,
    });
  };
}

async function everyPage(page: ReturnType<typeof listed>): Promise<string[][]> {
  const pages: string[][] = [];
  for (let token = ''; ; ) {
    const { texts, continue: next } = await page(token);
    pages.push(texts.map((text) => JSON.parse(text) as string));
    if (next === '') return pages;
    token = next;
  }
}

const CONTENTS = { a: ['1', '2'], b: [], c: ['1', '2', '3'], d: ['1'] };
const ALL = ['a/1', 'a/2', 'c/1', 'c/2', 'c/3', 'd/1'];

describe('a list over all namespaces without limit', () => {
  it('comes at once when it is small', async () => {
    expect(await everyPage(listed(CONTENTS, 10))).toEqual([ALL]);
  });

  it('comes in parts that repeat and miss nothing when it is large', async () => {
    for (const items of [0.4, 0.5, 1.1]) {
      const pages = await everyPage(listed(CONTENTS, Math.ceil(LIST_PART_LENGTH_MAX * items)));
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat()).toEqual(ALL);
    }
  });
});
