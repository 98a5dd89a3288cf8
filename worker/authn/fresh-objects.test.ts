import { describe, expect, it } from 'vitest';
import { FRESH_ENTRIES_MAX, FRESHNESS_MS_MAX, freshObjects, REFRESH_AFTER_MS } from './fresh-objects.ts';

function source() {
  let now = 10_000;
  let body = '{"metadata":{"name":"a"},"n":1}';
  let reads = 0;
  let hold: Promise<void> | undefined;
  const objects = freshObjects(
    async () => {
      reads += 1;
      const answer = { code: 200, body };
      await hold;
      return answer;
    },
    () => now,
  );
  return {
    objects,
    get: () => objects.get('secrets', 'kube-system', 'a'),
    advance: (ms: number) => {
      now += ms;
    },
    change: (text: string) => {
      body = text;
    },
    holdReads: () => {
      let release = () => {};
      hold = new Promise((resolve) => {
        release = () => resolve();
      });
      return () => {
        hold = undefined;
        release();
      };
    },
    reads: () => reads,
  };
}

describe('objects read for decisions', () => {
  it('are kept for a moment', async () => {
    const s = source();
    await s.get();
    s.advance(REFRESH_AFTER_MS - 1);
    await s.get();
    expect(s.reads()).toBe(1);
  });

  it('are never older than the limit', async () => {
    const s = source();
    await s.get();
    s.change('{"metadata":{"name":"a"},"n":2}');
    s.advance(FRESHNESS_MS_MAX);
    expect(await s.get()).toMatchObject({ n: 2 });
  });

  it('are read anew by one request while others go on with what is kept', async () => {
    const s = source();
    await s.get();
    s.advance(REFRESH_AFTER_MS);
    const release = s.holdReads();
    const refreshing = s.get();
    await s.get();
    await s.get();
    expect(s.reads()).toBe(2);
    release();
    await refreshing;
  });

  it('are read by everyone when a refresh takes too long', async () => {
    const s = source();
    await s.get();
    s.advance(REFRESH_AFTER_MS);
    const release = s.holdReads();
    const stuck = s.get();
    s.advance(FRESHNESS_MS_MAX - REFRESH_AFTER_MS);
    const mine = s.get();
    expect(s.reads()).toBe(3);
    release();
    await Promise.all([stuck, mine]);
  });

  it('stay the same while their text does', async () => {
    const s = source();
    const first = await s.get();
    s.advance(FRESHNESS_MS_MAX);
    expect(await s.get()).toBe(first);
  });

  it('that are not there are asked for each time', async () => {
    let body: string | undefined;
    const objects = freshObjects(
      async () => (body ? { code: 200, body } : { code: 404, body: '{}' }),
      () => 0,
    );
    expect(await objects.get('secrets', 'kube-system', 'a')).toBeUndefined();
    body = '{"metadata":{"name":"a"}}';
    expect(await objects.get('secrets', 'kube-system', 'a')).toBeDefined();
  });

  it('are read again when something newer is asked for', async () => {
    const s = source();
    await s.get();
    s.change('{"metadata":{"name":"a"},"n":2}');
    expect(await s.get()).toMatchObject({ n: 1 });
    s.advance(20);
    expect(await s.objects.get('secrets', 'kube-system', 'a', 50)).toMatchObject({ n: 1 });
    expect(await s.objects.get('secrets', 'kube-system', 'a', 10)).toMatchObject({ n: 2 });
    expect(await s.get()).toMatchObject({ n: 2 });
  });

  it('are listed to the end, however many parts a list comes in', async () => {
    const names = ['a', 'b', 'c'];
    const objects = freshObjects(
      async (_namespace, request) => {
        const at = request.verb === 'list' ? names.indexOf(request.continue || 'a') : -1;
        const metadata = { resourceVersion: '7', ...(at < 2 ? { continue: names[at + 1] } : {}) };
        const items = JSON.stringify([{ metadata: { name: names[at] } }]);
        return {
          code: 200,
          body: `{"kind":"RoleList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":${items}}`,
        };
      },
      () => 0,
    );
    const listed = await objects.list('roles.rbac.authorization.k8s.io', 'a');
    expect(listed.map(({ metadata }) => metadata.name)).toEqual(names);
  });

  it('are dropped, oldest first, beyond the limit', async () => {
    const s = source();
    await s.get();
    for (let i = 0; i < FRESH_ENTRIES_MAX; i += 1) await s.objects.get('secrets', 'kube-system', `b${i}`);
    const reads = s.reads();
    await s.get();
    expect(s.reads()).toBe(reads + 1);
  });
});
