/** For tests of hub consumers: keeps what they write, and runs their tasks when told. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { Answer, ReadRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import type { HubServices } from './hub-consumer.ts';

const RESOURCES: Readonly<Record<string, string>> = { Pod: 'pods', Node: 'nodes' };

export class FakeHubServices implements HubServices {
  time = Date.UTC(2026, 0, 1);
  readonly batches: (readonly WriteRequest[])[] = [];
  answer: (request: WriteRequest) => Answer = () => ({ code: 200, body: '{}' });
  read: (request: ReadRequest) => Answer = () => ({ code: 404, body: '{}' });
  wake: number | undefined;
  readonly #tasks: (() => Promise<void>)[] = [];

  now(): number {
    return this.time;
  }

  wakeAt(at: number): void {
    this.wake = this.wake === undefined ? at : Math.min(this.wake, at);
  }

  defer(task: () => Promise<void>): void {
    this.#tasks.push(task);
  }

  async writeAll(requests: readonly WriteRequest[]): Promise<readonly Answer[]> {
    if (requests.length > 0) this.batches.push(requests);
    return requests.map((request) => this.answer(request));
  }

  async readAll(requests: readonly ReadRequest[]): Promise<readonly Answer[]> {
    return requests.map((request) => this.read(request));
  }

  /** Runs the deferred tasks, and those they defer. */
  async run(): Promise<void> {
    for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) await task();
  }

  /** What was written since the last call, in order. */
  take(): readonly WriteRequest[] {
    return this.batches.splice(0).flat();
  }
}

export const changeOf = (type: Change['type'], object: UntypedObject, previous?: UntypedObject): Change => ({
  revision: 1,
  type,
  resource: RESOURCES[object.kind] ?? '',
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name ?? '',
  text: JSON.stringify(object),
  meta: { labels: {}, fields: {} },
  ...(previous ? { previous: { text: JSON.stringify(previous), meta: { labels: {}, fields: {} } } } : {}),
});

export const bodyOf = (request: WriteRequest | undefined) =>
  JSON.parse((request as WriteRequest & { body: string }).body);
