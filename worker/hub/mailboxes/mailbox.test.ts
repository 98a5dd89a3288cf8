import { describe, expect, it } from 'vitest';
import { MAILBOX_ENTRIES_MAX, Mailbox, type MailboxEntry } from './mailbox.ts';

const object = (name: string, revision: number, resource = 'configmaps'): MailboxEntry => ({
  kind: 'object',
  resource,
  namespace: 'shop',
  name,
  uid: '',
  revision,
  text: `{"revision":${revision}}`,
});

const pod = (uid: string, revision: number, kind: 'object' | 'removed'): MailboxEntry => ({
  kind,
  resource: 'pods',
  namespace: 'shop',
  name: 'web',
  uid,
  revision,
  text: '{}',
});

describe('a mailbox', () => {
  it('keeps what was delivered until it is acknowledged', () => {
    const box = new Mailbox(10);
    box.add(object('a', 11));
    expect(box.entries()).toHaveLength(1);
    expect(box.entries()).toHaveLength(1);
    box.acknowledge(10);
    expect(box.isEmpty).toBe(false);
    box.acknowledge(11);
    expect(box.isEmpty).toBe(true);
  });

  it('keeps only the newest state of an object', () => {
    const box = new Mailbox(10);
    box.add(object('a', 11));
    box.add(object('b', 12));
    box.add(object('a', 13));
    expect(box.entries().map(({ name, revision }) => [name, revision])).toEqual([
      ['b', 12],
      ['a', 13],
    ]);
  });

  it('tells of the end of a pod although another of its name has come', () => {
    const box = new Mailbox(10);
    box.add(pod('1', 11, 'removed'));
    box.add(pod('2', 12, 'object'));
    expect(box.entries().map(({ kind }) => kind)).toEqual(['removed', 'object']);
  });

  it('knows everything after its floor and nothing before', () => {
    const box = new Mailbox(10);
    expect(box.knowsSince(9)).toBe(false);
    expect(box.knowsSince(10)).toBe(true);
    expect(box.knowsSince(11)).toBe(true);
  });

  it('gives up beyond its limit instead of growing', () => {
    const box = new Mailbox(0);
    for (let i = 0; i <= MAILBOX_ENTRIES_MAX; i += 1) box.add(object(`c${i}`, i + 1));
    expect(box.isEmpty).toBe(true);
    expect(box.overflowed).toBe(true);
    expect(box.knowsSince(1_000_000)).toBe(false);
  });
});
