/** The simulator can fail: each deliberate mistake in the revision line must be found. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Change } from '../../schema/protocol/change.ts';
import { MergedLog } from '../../worker/hub/merged-log.ts';
import { RevisionLine } from '../../worker/hub/revision-line.ts';
import { Sequencer } from '../../worker/hub/sequencer.ts';
import type { ShardFact, ShardStore } from '../../worker/storage/shard-store.ts';
import { Watchers } from '../../worker/watch/watchers.ts';
import { type Mutations, World } from './world.ts';

const SEEDS_MAX = 40;
const STEPS = 2_500;

/** The first violation that some seed finds. */
async function firstViolation(mutations: Mutations): Promise<string | undefined> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      await new World(seed, mutations).run(STEPS);
    } catch (error) {
      return String(error);
    }
  }
  return undefined;
}

/** The object with other methods. */
const replacing = <T extends object>(object: T, methods: Partial<Record<keyof T, unknown>>): T =>
  new Proxy(object, {
    get: (target, name) => {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** A store that has lost one of its facts. */
const forgetting = (store: ShardStore, lost: ShardFact): ShardStore =>
  replacing(store, { fact: (asked: ShardFact) => (asked === lost ? 0 : store.fact(asked)) });

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the simulator finds', { timeout: 120_000 }, () => {
  it('nothing where nothing is wrong', async () => {
    for (let seed = 1; seed <= 5; seed++) await new World(seed).run(STEPS);
  });

  it('[R2] changes released above an open span', async () => {
    const through = (changes: readonly Change[]) => changes.at(-1)?.revision ?? 0;
    vi.spyOn(Sequencer.prototype, 'close').mockImplementation(function (this: Sequencer, _shard, _first, changes) {
      return changes.length > 0 ? { changes, through: through(changes) } : undefined;
    });
    expect(await firstViolation({})).toMatch(/\[R[2346]\]/);
  });

  it('[R1] [R5] a hub that forgets which revisions earlier epochs handed out', async () => {
    const violation = await firstViolation({
      hubStore: (store) =>
        replacing(store, { counter: (asked: 'epoch' | 'ceiling') => (asked === 'ceiling' ? 0 : store.counter(asked)) }),
    });
    expect(violation).toBeDefined();
  });

  it('[R2] [R5] a commit under a reservation that was voided', async () => {
    const violation = await firstViolation({ shardStore: (store) => forgetting(store, 'voidThrough') });
    expect(violation).toMatch(/\[R[234]\]/);
  });

  it('[R3] [R5] a publish and an answer before the commit is durable', async () => {
    expect(await firstViolation({ sync: () => async () => {} })).toMatch(/\[R3\]/);
  });

  it('[R3] a consistent read that does not wait for open spans', async () => {
    vi.spyOn(RevisionLine.prototype, 'consistentRevision').mockImplementation(async function (this: RevisionLine) {
      await this.waitReleased(this.base);
      return this.released;
    });
    expect(await firstViolation({})).toMatch(/\[R3\]/);
  });

  it('[R4] a list at a revision that other spans have not reached', async () => {
    vi.spyOn(RevisionLine.prototype, 'consistentRevision').mockImplementation(async function (this: RevisionLine) {
      return this.issued;
    });
    expect(await firstViolation({})).toMatch(/\[R[234]\]/);
  });

  it('[R2] history that was compacted and is not missed', async () => {
    expect(await firstViolation({ shardStore: (store) => forgetting(store, 'compactedThrough') })).toMatch(/\[R[24]\]/);
  });

  it('[R2] [R5] an epoch that begins without asking the shards', async () => {
    const violation = await firstViolation({
      hubStore: (store) =>
        replacing(store, { shards: () => store.shards().map((shard) => ({ ...shard, active: false })) }),
    });
    expect(violation).toMatch(/\[R[234]\]/);
  });

  it('[R2] a replay that leaves out its first change', async () => {
    const since = MergedLog.prototype.since;
    vi.spyOn(MergedLog.prototype, 'since').mockImplementation(function (this: MergedLog, after) {
      return since.call(this, after)?.slice(1);
    });
    expect(await firstViolation({})).toMatch(/\[R[24]\]/);
  });

  it('[R2] a delivery that leaves out a change', async () => {
    const deliver = Watchers.prototype.deliver;
    vi.spyOn(Watchers.prototype, 'deliver').mockImplementation(function (this: Watchers, changes, through, now) {
      deliver.call(this, changes.length > 1 ? changes.slice(1) : changes, through, now);
    });
    expect(await firstViolation({})).toMatch(/\[R[24]\]/);
  });
});
