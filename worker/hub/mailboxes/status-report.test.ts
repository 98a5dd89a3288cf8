import { describe, expect, it } from 'vitest';
import { NodeEvents } from './node-events.ts';
import { PodIndex } from './pod-index.ts';
import { mayReport, nodeStatusWrite, podReportWrite } from './status-report.ts';

const index = new PodIndex();
index.set({ namespace: 'shop', name: 'web', uid: 'u1', node: 'n1', deleting: false, references: [] });
index.set({ namespace: 'shop', name: 'old', uid: 'u2', node: 'n1', deleting: true, references: [] });

const bodyOf = (written: ReturnType<typeof podReportWrite>): Record<string, Record<string, unknown>> => {
  if (!('write' in written) || written.write.verb !== 'patch') throw new Error('expected a patch');
  return JSON.parse(written.write.body) as Record<string, Record<string, unknown>>;
};

describe('a pod status', () => {
  it("becomes a patch of its status for that very pod, under the node's name", () => {
    const report = { kind: 'status', namespace: 'shop', name: 'web', uid: 'u1', status: { phase: 'Running' } } as const;
    const written = podReportWrite('n1', report, index);
    const body = bodyOf(written);
    expect(body['metadata']).toEqual({ uid: 'u1' });
    expect(body['status']?.['phase']).toBe('Running');
    expect('write' in written && written.write.user.username).toBe('system:node:n1');
    expect('write' in written && written.write.subresource).toBe('status');
  });

  it('clears what the node no longer says and replaces its lists', () => {
    const status = { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }] };
    const body = bodyOf(
      podReportWrite('n1', { kind: 'status', namespace: 'shop', name: 'web', uid: 'u1', status }, index),
    );
    expect(body['status']?.['reason']).toBeNull();
    expect(body['status']?.['podIPs']).toEqual([{ ip: '10.0.0.1' }, { $patch: 'replace' }]);
    expect(body['status']).not.toHaveProperty('conditions');
  });

  it('clears the reason and message that a condition no longer has', () => {
    const status = {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Initialized', status: 'False', reason: 'R' },
      ],
    };
    const body = bodyOf(
      podReportWrite('n1', { kind: 'status', namespace: 'shop', name: 'web', uid: 'u1', status }, index),
    );
    expect(body['status']?.['conditions']).toEqual([
      { type: 'Ready', status: 'True', reason: null, message: null },
      { type: 'Initialized', status: 'False', reason: 'R', message: null },
    ]);
  });

  it.each([
    ['of another node', 'n2', 'web', 'u1'],
    ['of an earlier pod of that name', 'n1', 'web', 'u0'],
    ['of a pod that is gone', 'n1', 'none', 'u1'],
  ])('is refused when it is %s', (_why, node, name, uid) => {
    const written = podReportWrite(node, { kind: 'status', namespace: 'shop', name, uid, status: {} }, index);
    expect('refused' in written && written.refused.code).toBe(404);
  });
});

describe('a terminated pod', () => {
  it('is removed under its uid', () => {
    const written = podReportWrite('n1', { kind: 'terminated', namespace: 'shop', name: 'old', uid: 'u2' }, index);
    expect('write' in written && written.write).toMatchObject({
      verb: 'delete',
      options: { gracePeriodSeconds: 0, preconditions: { uid: 'u2' } },
    });
  });

  it('is kept while nobody has deleted it', () => {
    const written = podReportWrite('n1', { kind: 'terminated', namespace: 'shop', name: 'web', uid: 'u1' }, index);
    expect('refused' in written && written.refused.code).toBe(409);
  });
});

describe('a node status', () => {
  it('replaces the addresses as a whole', () => {
    const write = nodeStatusWrite('n1', { addresses: [{ type: 'InternalIP', address: '10.0.0.2' }] });
    expect(write.verb === 'patch' && JSON.parse(write.body)).toEqual({
      status: { addresses: [{ type: 'InternalIP', address: '10.0.0.2' }, { $patch: 'replace' }] },
    });
  });
});

const event = (message: string, name = 'web') =>
  ({
    regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name, uid: 'u1' },
    type: 'Warning',
    reason: 'BackOff',
    message,
    at: 2_000,
  }) as const;

describe('events', () => {
  it('may be told only about the node and its own pods', () => {
    expect(mayReport('n1', event('x'), index)).toBe(true);
    expect(mayReport('n2', event('x'), index)).toBe(false);
    const onNode = { ...event('x'), regarding: { ...event('x').regarding, kind: 'Node', name: 'n1' } };
    expect(mayReport('n1', onNode, index)).toBe(true);
    expect(mayReport('n2', onNode, index)).toBe(false);
    const onSecret = { ...event('x'), regarding: { ...event('x').regarding, kind: 'Secret' } };
    expect(mayReport('n1', onSecret, index)).toBe(false);
  });

  it('are counted on the first when they repeat', () => {
    const events = new NodeEvents();
    const first = events.write('n1', event('again'), 1_000);
    expect(first.write.verb).toBe('create');
    first.taken({ code: 201, body: '' });
    const second = events.write('n1', event('again'), 2_000);
    second.taken({ code: 200, body: '' });
    expect(second.write.verb === 'patch' && JSON.parse(second.write.body)).toMatchObject({
      count: 2,
      lastTimestamp: '1970-01-01T00:00:02Z',
    });
    const third = events.write('n1', event('again'), 3_000);
    expect(third.write.verb === 'patch' && JSON.parse(third.write.body).count).toBe(3);
    expect((third.write as { name: string }).name).toBe((first.write as { name: string }).name);
  });

  it('begin anew when the first has expired', () => {
    const events = new NodeEvents();
    events.write('n1', event('again'), 1_000).taken({ code: 201, body: '' });
    events.write('n1', event('again'), 2_000).taken({ code: 404, body: '' });
    expect(events.write('n1', event('again'), 3_000).write.verb).toBe('create');
  });

  it('from before the hub was there are counted on', () => {
    const events = new NodeEvents();
    const met = events.write('n1', event('again'), 1_000);
    met.taken({ code: 409, body: '' });
    const repeat = met.repeat({ code: 200, body: '{"count":7}' });
    expect(repeat?.verb === 'patch' && JSON.parse(repeat.body)).toMatchObject({ count: 8 });
    const next = events.write('n1', event('again'), 2_000);
    expect(next.write.verb === 'patch' && JSON.parse(next.write.body)).toMatchObject({ count: 9 });
    expect(events.write('n1', event('other'), 2_000).repeat({ code: 404, body: '' })).toBeUndefined();
  });

  it("carry the node's time unless it cannot be", () => {
    const events = new NodeEvents();
    const hour = 3_600_000;
    const first = (at: number, message: string) => {
      const { write } = events.write('n1', { ...event(message), at }, 10 * hour);
      return write.verb === 'create' && (JSON.parse(write.body) as { firstTimestamp: string }).firstTimestamp;
    };
    expect(first(10 * hour - 5_000, 'a')).toBe('1970-01-01T09:59:55Z');
    expect(first(11 * hour, 'b')).toBe('1970-01-01T10:00:00Z');
    expect(first(0, 'c')).toBe('1970-01-01T10:00:00Z');
  });

  it('are combined when one reason is told in ever new words', () => {
    const events = new NodeEvents();
    const names = new Set<string>();
    let last = '';
    for (let i = 0; i < 30; i += 1) {
      const written = events.write('n1', event(`attempt ${i}`), 1_000 + i);
      written.taken({ code: written.write.verb === 'create' ? 201 : 200, body: '' });
      names.add((written.write as { name: string }).name);
      last = (JSON.parse((written.write as { body: string }).body) as { message: string }).message;
    }
    expect(names.size).toBe(10);
    expect(last).toBe('(combined from similar events): attempt 29');
  });
});
