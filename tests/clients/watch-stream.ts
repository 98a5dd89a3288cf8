/** A watch as a client without library has it: JSON lines over HTTP. */
import { Agent, request } from 'undici';
import type { RunningCluster } from '../cluster/running-cluster.ts';

export interface WatchEvent {
  readonly type: string;
  // Tests look into many kinds of object: what they expect is in the test.
  readonly object: ReturnType<typeof JSON.parse>;
}

export class WatchStream {
  readonly #events: AsyncGenerator<WatchEvent>;
  readonly #stop: AbortController;

  private constructor(events: AsyncGenerator<WatchEvent>, stop: AbortController) {
    this.#events = events;
    this.#stop = stop;
  }

  /** `path` with its query, `watch=true` among it. */
  static async open(cluster: RunningCluster, path: string, token = cluster.adminToken): Promise<WatchStream> {
    const stop = new AbortController();
    const { body, statusCode } = await request(`${cluster.server}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      dispatcher: new Agent({ connect: { ca: cluster.ca }, bodyTimeout: 0 }),
      signal: stop.signal,
    });
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${await body.text()}`);
    return new WatchStream(eventsOf(body), stop);
  }

  /** The next event; throws when the watch ends. */
  async next(): Promise<WatchEvent> {
    const { done, value } = await this.#events.next();
    if (done) throw new Error('the watch has ended');
    return value;
  }

  /** What comes until an event that `isLast` says is the last. */
  async until(isLast: (event: WatchEvent) => boolean): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    for (;;) {
      const event = await this.next();
      events.push(event);
      if (isLast(event)) return events;
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line) yield JSON.parse(line) as WatchEvent;
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
