/**
 * Gathers what changed on the node and sends it in batches, one request at a time. What is not
 * acknowledged is sent again; a newer status of a pod replaces an unsent older one.
 */
import type { Result } from '../../schema/meta/status.ts';
import type { NodeEvent, PodReport, StatusReply, StatusReport } from '../../schema/protocol/agent.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { retryDelay } from './retry-delay.ts';

const GATHER_MS = 15;
const PODS_PER_REPORT_MAX = 500;
const EVENTS_PER_REPORT_MAX = 500;
/** Events are told while they are news; the oldest are dropped when the control plane is long away. */
const EVENTS_MAX = 2_000;

interface PodKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface PendingPod {
  readonly key: PodKey;
  status?: { readonly value: Record<string, unknown>; readonly text: string };
  terminated?: boolean;
}

export interface StatusReporterOptions {
  readonly clock: Clock;
  readonly log: Log;
  random(): number;
  send(report: StatusReport): Promise<Result<StatusReply>>;
}

export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #pods = new Map<string, PendingPod>();
  /** The text of each pod's status that the control plane has. */
  readonly #acknowledged = new Map<string, string>();
  #events: NodeEvent[] = [];
  #node: Record<string, unknown> | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #stopped = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  status(key: PodKey, value: Record<string, unknown>): void {
    const text = JSON.stringify(value);
    const pending = this.#pods.get(key.uid);
    if ((pending?.status?.text ?? this.#acknowledged.get(key.uid)) === text) return;
    this.#pods.set(key.uid, { key, ...pending, status: { value, text } });
    this.#soon(GATHER_MS);
  }

  terminated(key: PodKey): void {
    this.#pods.set(key.uid, { key, ...this.#pods.get(key.uid), terminated: true });
    this.#soon(GATHER_MS);
  }

  event(event: NodeEvent): void {
    this.#events.push(event);
    if (this.#events.length > EVENTS_MAX) this.#events.splice(0, this.#events.length - EVENTS_MAX);
    this.#soon(GATHER_MS);
  }

  node(status: Record<string, unknown>): void {
    this.#node = status;
    this.#soon(GATHER_MS);
  }

  /** The pod is gone. */
  forget(uid: string): void {
    this.#acknowledged.delete(uid);
    this.#pods.delete(uid);
  }

  /** The control plane may not have what it acknowledged: the next status of each pod is sent whatever it is. */
  distrust(): void {
    this.#acknowledged.clear();
  }

  /** Sends what waits, once, and stops. */
  async stop(): Promise<void> {
    this.#cancelTimer?.();
    await this.#sending;
    if (this.#hasWork()) await this.#send();
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  #hasWork(): boolean {
    return this.#pods.size > 0 || this.#events.length > 0 || this.#node !== undefined;
  }

  #soon(delayMs: number): void {
    if (this.#stopped || this.#sending || this.#cancelTimer) return;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#sending = this.#send().finally(() => {
        this.#sending = undefined;
        if (this.#hasWork())
          this.#soon(this.#failures > 0 ? retryDelay(this.#failures, this.#options.random()) : GATHER_MS);
      });
    });
  }

  async #send(): Promise<void> {
    const taken = [...this.#pods.values()].slice(0, PODS_PER_REPORT_MAX);
    const events = this.#events.splice(0, EVENTS_PER_REPORT_MAX);
    const node = this.#node;
    for (const pending of taken) this.#pods.delete(pending.key.uid);
    this.#node = undefined;
    const sent = taken.flatMap(reportsOf);
    const reply = await this.#options.send({ pods: sent.map((s) => s.report), events, ...(node ? { node } : {}) });
    if (!reply.ok) {
      this.#failures++;
      if (
        reply.status.code >= 400 &&
        reply.status.code < 500 &&
        ![401, 403, 404, 408, 409, 429].includes(reply.status.code)
      ) {
        this.#options.log('error', 'the control plane refused a report', {
          code: reply.status.code,
          message: reply.status.message,
        });
        return;
      }
      for (const pending of taken) this.#putBack(pending);
      this.#events = [...events, ...this.#events].slice(-EVENTS_MAX);
      this.#node ??= node;
      return;
    }
    this.#failures = 0;
    sent.forEach(({ pending, report, text }, index) =>
      this.#answered(pending, report, text, reply.value.pods[index] ?? null),
    );
  }

  #answered(pending: PendingPod, report: PodReport, text: string, status: StatusReply['pods'][number]): void {
    const { uid } = pending.key;
    if (!status) {
      if (report.kind === 'status') this.#acknowledged.set(uid, text);
      return;
    }
    if (status.code === 404 || status.code === 409) {
      this.#acknowledged.delete(uid);
      return;
    }
    this.#options.log('warn', 'a pod report was not taken', {
      pod: `${report.namespace}/${report.name}`,
      code: status.code,
      message: status.message,
    });
    if (status.code === 429 || status.code >= 500) {
      this.#failures++;
      this.#putBack(
        report.kind === 'status'
          ? { key: pending.key, status: pending.status }
          : { key: pending.key, terminated: true },
      );
    }
  }

  #putBack(pending: PendingPod): void {
    const newer = this.#pods.get(pending.key.uid);
    this.#pods.set(pending.key.uid, { ...pending, ...newer, terminated: pending.terminated || newer?.terminated });
  }
}

function reportsOf(pending: PendingPod): { pending: PendingPod; report: PodReport; text: string }[] {
  const reports: { pending: PendingPod; report: PodReport; text: string }[] = [];
  if (pending.status)
    reports.push({
      pending,
      report: { kind: 'status', ...pending.key, status: pending.status.value },
      text: pending.status.text,
    });
  if (pending.terminated) reports.push({ pending, report: { kind: 'terminated', ...pending.key }, text: '' });
  return reports;
}
