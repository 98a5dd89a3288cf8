/** Looks at the node from time to time and tells its status when it changed. A quiet node says nothing. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { NodeEvent } from '../../schema/protocol/agent.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../log.ts';
import type { Runtime, RuntimeHealth } from '../runtime/port.ts';
import { type NodeDescription, nodeStatus, type NodeStatusInput, statusFingerprint } from './node-object.ts';
import { notePressure, type PressureHistory, type PressureSample } from './pressure.ts';

/** Source: kubelet maxWaitForContainerRuntime. */
const RUNTIME_SILENT_MS_MAX = 30_000;

type Conditions = NodeStatusInput['previous'];

export interface NodeStatusLoopOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly description: NodeDescription;
  readonly intervalMs: number;
  /** Undefined: the node has no machine to run short of. */
  pressure(): PressureSample | undefined;
  send(status: Record<string, unknown>): void;
  event(event: NodeEvent): void;
}

const conditionsOf = (node: UntypedObject): Conditions =>
  (node['status'] as { conditions?: Conditions } | undefined)?.conditions ?? [];

export class NodeStatusLoop {
  readonly #options: NodeStatusLoopOptions;
  #fingerprint = '';
  #conditions: Conditions = [];
  #pressure: PressureHistory = {};
  #cancel: () => void = () => undefined;
  #running = false;
  /** When the runtime last answered, ms since the epoch. */
  #answeredAt = 0;

  constructor(options: NodeStatusLoopOptions) {
    this.#options = options;
  }

  /** Begins, or tells everything anew at once. */
  start(): void {
    if (!this.#running) this.#event('Normal', 'Starting', 'Starting kubelet.');
    this.#running = true;
    this.#fingerprint = '';
    this.#plan(0);
  }

  stop(): void {
    this.#running = false;
    this.#cancel();
  }

  /** The Node as an earlier agent left it: conditions that stay keep their times. Before `start`. */
  adopt(node: UntypedObject): void {
    if (this.#conditions.length === 0) this.#conditions = conditionsOf(node);
  }

  /** The Node as the control plane has it: what someone else made of our conditions is set right. */
  seen(node: UntypedObject): void {
    if (!this.#running || this.#conditions.length === 0) return;
    const theirs = (node['status'] as { conditions?: Conditions } | undefined)?.conditions ?? [];
    const differs = this.#conditions.some((own) => theirs.find((c) => c.type === own.type)?.status !== own.status);
    if (!differs) return;
    this.#fingerprint = '';
    this.#plan(this.#options.intervalMs / 10);
  }

  #plan(delayMs: number): void {
    this.#cancel();
    if (!this.#running) return;
    this.#cancel = this.#options.clock.after(delayMs, () => {
      void this.#look().finally(() => this.#plan(this.#options.intervalMs));
    });
  }

  async #look(): Promise<void> {
    const { runtime, clock, description } = this.#options;
    const health = await this.#health();
    const images = await runtime.listImages().catch(() => []);
    const now = clock.now();
    const sample = this.#options.pressure();
    if (sample) this.#pressure = notePressure(this.#pressure, sample, now);
    const status = nodeStatus({
      node: description,
      health,
      images,
      previous: this.#conditions,
      pressure: this.#pressure,
      now,
    });
    const fingerprint = statusFingerprint(status);
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    this.#tellReadiness(status['conditions'] as Conditions);
    this.#options.send(status);
  }

  /** A runtime that does not answer counts as down after a while only: it may just be starting again. */
  async #health(): Promise<RuntimeHealth> {
    const { runtime, clock } = this.#options;
    try {
      const health = await runtime.health();
      this.#answeredAt = clock.now();
      return health;
    } catch (error) {
      const recently = clock.now() - this.#answeredAt < RUNTIME_SILENT_MS_MAX;
      return { runtimeReady: recently, networkReady: recently, message: messageOf(error) };
    }
  }

  #tellReadiness(conditions: Conditions): void {
    const readyOf = (of: Conditions): string | undefined => of.find((c) => c.type === 'Ready')?.status;
    const ready = readyOf(conditions);
    if (ready !== readyOf(this.#conditions)) {
      const what = ready === 'True' ? 'NodeReady' : 'NodeNotReady';
      this.#event('Normal', what, `Node ${this.#options.description.name} status is now: ${what}`);
    }
    this.#conditions = conditions;
  }

  #event(type: NodeEvent['type'], reason: string, message: string): void {
    const { name } = this.#options.description;
    // The kubelet names its node by name where a uid belongs.
    const regarding = { apiVersion: 'v1', kind: 'Node', namespace: '', name, uid: name };
    this.#options.event({ regarding, type, reason, message, at: this.#options.clock.now() });
  }
}
