import { describe, expect, it } from 'vitest';
import { STREAM_WINDOW_BYTES } from '../../../schema/protocol/agent.ts';
import { StreamJoin } from './stream-join.ts';

function joined(wantsMore = true) {
  const events: string[] = [];
  let wants = wantsMore;
  const join = new StreamJoin({
    give: (bytes) => events.push(`give ${bytes.byteLength}`),
    wantsMore: () => wants,
    end: () => events.push('end'),
    fail: (why) => events.push(`fail ${why}`),
    send: (text) => events.push(`send ${text}`),
    close: (code) => events.push(`close ${code}`),
  });
  return {
    join,
    events,
    want: (more: boolean) => {
      wants = more;
    },
  };
}

const bytes = (count: number) => new Uint8Array(count);

describe('a joined stream', () => {
  it('passes bytes on and ends with the agent', () => {
    const { join, events } = joined();
    join.received(bytes(3));
    join.received(bytes(4));
    join.closed(1000, '');
    expect(events).toEqual(['give 3', 'give 4', 'end']);
  });

  it('gives all that came before the end to a slow reader', () => {
    const { join, events, want } = joined(false);
    join.received(bytes(3));
    join.closed(1000, '');
    expect(events).toEqual([]);
    want(true);
    join.pulled();
    expect(events).toEqual(['give 3', 'end']);
  });

  it('tells the reader when the agent breaks off', () => {
    const { join, events } = joined();
    join.received(bytes(3));
    join.closed(1006, '');
    expect(events).toEqual(['give 3', 'fail closed with code 1006']);
  });

  it('lets the agent send on only as the reader takes', () => {
    const { join, events, want } = joined(false);
    join.received(bytes(STREAM_WINDOW_BYTES));
    expect(events).toEqual([]);
    want(true);
    join.pulled();
    expect(events).toEqual([`give ${STREAM_WINDOW_BYTES}`, `send {"ack":${STREAM_WINDOW_BYTES}}`]);
  });

  it('cuts off an agent that ignores the window', () => {
    const { join, events } = joined(false);
    for (let i = 0; i < 3; i += 1) join.received(bytes(STREAM_WINDOW_BYTES));
    expect(events).toEqual(['close 1009', 'fail the node sent more than was asked for']);
    join.pulled();
    join.closed(1009, '');
    expect(events).toHaveLength(2);
  });

  it("closes the agent's socket when the reader goes", () => {
    const { join, events } = joined();
    join.readerGone();
    join.received(bytes(3));
    join.closed(1000, '');
    expect(events).toEqual(['close 1000']);
  });
});
