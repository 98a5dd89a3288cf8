/** Feeds the hub's consumers: restored once from the shards, then given every released change in order. */
import type { Change } from '../../schema/protocol/change.ts';
import type { HubConsumer } from './hub-consumer.ts';

export interface FollowerPorts {
  /** All live objects of the resources as ADDED changes, as of the revision. May reject. */
  objects(resources: ReadonlySet<string>, revision: number): Promise<readonly Change[]>;
  /** Released changes after the revision; undefined when they are no longer in memory. */
  since(revision: number): readonly Change[] | undefined;
  released(): number;
  sleep(ms: number): Promise<void>;
  report(error: unknown): void;
}

const RETRY_MS = 500;

export class Followers {
  readonly #consumers: readonly HubConsumer[];
  readonly #ports: FollowerPorts;
  #following = false;
  #deferred: (() => Promise<void>)[] = [];

  constructor(consumers: readonly HubConsumer[], ports: FollowerPorts) {
    this.#consumers = consumers;
    this.#ports = ports;
  }

  /** After the first release of the epoch. Never rejects. */
  async start(): Promise<void> {
    const resources = new Set(this.#consumers.flatMap((consumer) => [...(consumer.restored ?? consumer.resources)]));
    for (;;) {
      try {
        const revision = this.#ports.released();
        const objects = await this.#ports.objects(resources, revision);
        const since = this.#ports.since(revision);
        if (since === undefined) continue;
        this.#restore(objects, revision);
        this.#following = true;
        this.released(since, this.#ports.released());
        return;
      } catch (error) {
        this.#ports.report(error);
        await this.#ports.sleep(RETRY_MS);
      }
    }
  }

  released(changes: readonly Change[], through: number): void {
    if (!this.#following) return;
    for (const consumer of this.#consumers) {
      const concerned = changes.filter(({ resource }) => consumer.resources.has(resource));
      this.#guard(() => consumer.apply(concerned, through));
    }
    this.#runDeferred();
  }

  tick(now: number): void {
    if (!this.#following) return;
    for (const consumer of this.#consumers) this.#guard(() => consumer.tick?.(now));
    this.#runDeferred();
  }

  /** Runs `task` once every consumer has the changes that are being given out. */
  defer(task: () => Promise<void>): void {
    this.#deferred.push(task);
    queueMicrotask(() => this.#runDeferred());
  }

  #restore(objects: readonly Change[], revision: number): void {
    for (const consumer of this.#consumers) {
      const wanted = consumer.restored ?? consumer.resources;
      this.#guard(() =>
        consumer.restore(
          objects.filter(({ resource }) => wanted.has(resource)),
          revision,
        ),
      );
    }
  }

  #runDeferred(): void {
    for (const task of this.#deferred.splice(0)) task().catch((error) => this.#ports.report(error));
  }

  /** One consumer's bug must not stop the others. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#ports.report(error);
    }
  }
}
