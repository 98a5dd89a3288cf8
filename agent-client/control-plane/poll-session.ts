/**
 * The node's long-poll: one request after the other, each answered when something concerns the node.
 * Resumes where it was after any failure.
 */
import type { Result } from '../../schema/meta/status.ts';
import { POLL_WAIT_MS_MAX, type PollReply } from '../../schema/protocol/agent.ts';
import { type Clock, pause } from '../clock.ts';
import type { Log } from '../log.ts';
import type { ApiClient } from './api-client.ts';
import { retryDelay } from './retry-delay.ts';

/** The server answers by then even if nothing happened; a little later the connection is given up. */
const POLL_TIMEOUT_MS = POLL_WAIT_MS_MAX + 15_000;

export interface PollSessionOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  /** Distinguishes this process from an earlier one of the same node. */
  readonly session: string;
  random(): number;
  /** Credential, registration: whatever has to hold before polling; asked again after a failure. */
  prepare(): Promise<Result<string>>;
  /** The credential was refused. */
  refused(): void;
  /** Acted on or checkpointed when it resolves. */
  deliver(reply: PollReply): Promise<void>;
  /** Another process polls for this node. */
  superseded(): void;
}

export class PollSession {
  readonly #options: PollSessionOptions;
  readonly #ending = new AbortController();
  #since = 0;
  #failures = 0;
  #loop: Promise<void> | undefined;

  constructor(options: PollSessionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const prepared = await this.#options.prepare();
      if (signal.aborted) return;
      if (!prepared.ok) {
        await this.#failed(prepared.status.code, prepared.status.message ?? '');
        continue;
      }
      await this.#poll(prepared.value);
    }
  }

  async #poll(token: string): Promise<void> {
    const { client, node, session } = this.#options;
    const { signal } = this.#ending;
    const path = `/agent/v1/nodes/${encodeURIComponent(node)}/poll?since=${this.#since}&session=${encodeURIComponent(session)}`;
    const reply = await client.call<PollReply>({
      method: 'GET',
      path,
      token,
      waits: true,
      timeoutMs: POLL_TIMEOUT_MS,
      signal,
    });
    if (signal.aborted) return;
    if (!reply.ok) {
      if (reply.status.code === 409) {
        this.#options.log('error', 'another agent polls for this node', { node });
        this.#ending.abort();
        this.#options.superseded();
        return;
      }
      if (reply.status.code === 410) this.#since = 0;
      await this.#failed(reply.status.code, reply.status.message ?? '');
      return;
    }
    if (this.#failures > 0) this.#options.log('info', 'the control plane answers again', { node });
    this.#failures = 0;
    await this.#options.deliver(reply.value);
    this.#since = reply.value.revision;
  }

  async #failed(code: number, message: string): Promise<void> {
    if (code === 401) this.#options.refused();
    this.#failures++;
    // Once when it begins and then ever more rarely.
    if ((this.#failures & (this.#failures - 1)) === 0) {
      this.#options.log('warn', 'cannot reach the control plane', {
        node: this.#options.node,
        code,
        message,
        failures: this.#failures,
      });
    }
    await pause(this.#options.clock, retryDelay(this.#failures, this.#options.random()), this.#ending.signal);
  }
}
