import { describe, expect, it } from 'vitest';
import type { Change } from '../../schema/protocol/change.ts';
import { MESSAGE_TEXT_LENGTH_MAX, publishInParts } from './outbox.ts';

const change = (revision: number, length: number): Change => ({
  revision,
  type: 'ADDED',
  resource: 'things',
  namespace: 'ns',
  name: `n${revision}`,
  text: 'x'.repeat(length),
  meta: { labels: {}, fields: {} },
});

async function parts(changes: readonly Change[]): Promise<string[]> {
  const sent: string[] = [];
  await publishInParts(changes, async (part, more) => {
    sent.push(`${part.map(({ revision }) => revision).join(',')}${more ? ' …' : ''}`);
  });
  return sent;
}

describe('publishing', () => {
  const half = MESSAGE_TEXT_LENGTH_MAX / 2;

  it('is one message, also when there is nothing to say: it closes the span', async () => {
    expect(await parts([])).toEqual(['']);
    expect(await parts([change(1, 10), change(2, 10)])).toEqual(['1,2']);
  });

  it('is in parts that fit a message; only the last closes the span', async () => {
    expect(await parts([change(1, half), change(2, half), change(3, half)])).toEqual(['1,2 …', '3']);
    expect(await parts([change(1, 3 * half), change(2, 1)])).toEqual(['1 …', '2']);
  });

  it('ends with the first part that fails', async () => {
    let calls = 0;
    const failing = publishInParts([change(1, 2 * half), change(2, half)], async () => {
      calls += 1;
      throw new Error('lost');
    });
    await expect(failing).rejects.toThrow('lost');
    expect(calls).toBe(1);
  });
});
