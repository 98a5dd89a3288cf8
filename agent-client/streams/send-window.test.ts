import { describe, expect, it } from 'vitest';
import { STREAM_WINDOW_BYTES } from '../../schema/protocol/agent.ts';
import { SendWindow } from './send-window.ts';

describe('the window of a stream', () => {
  it('is closed when full and opened by what the reader takes', async () => {
    const window = new SendWindow();
    expect(await window.take(STREAM_WINDOW_BYTES)).toBe(true);
    let sent = false;
    const more = window.take(10).then((ok) => {
      sent = true;
      return ok;
    });
    await Promise.resolve();
    expect(sent).toBe(false);
    window.received('nonsense');
    window.received(JSON.stringify({ ack: 9 }));
    await Promise.resolve();
    expect(sent).toBe(false);
    window.received(JSON.stringify({ ack: 10 }));
    expect(await more).toBe(true);
  });

  it('lets a part through that is larger than itself, alone', async () => {
    const window = new SendWindow();
    expect(await window.take(STREAM_WINDOW_BYTES * 2)).toBe(true);
  });

  it('ends with the stream', async () => {
    const window = new SendWindow();
    await window.take(STREAM_WINDOW_BYTES);
    const more = window.take(1);
    window.end();
    expect(await more).toBe(false);
  });
});
