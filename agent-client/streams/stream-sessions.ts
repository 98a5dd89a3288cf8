/** Opens the sessions someone waits for; each id once. */
import type { StreamRequest } from '../../schema/protocol/agent.ts';

export interface StreamOpener {
  /** Requests are delivered at least once: repeats are ignored. */
  open(request: StreamRequest): void;
  stop(): void;
}
