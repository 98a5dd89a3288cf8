/** Logs of simulated containers: one line each, so that the way of a log can be tried without containers. */
import { notFound } from '../../../schema/meta/status.ts';
import type { LogStreamRequest } from '../../../schema/protocol/agent.ts';
import type { LogOutcome } from '../../streams/dial-back.ts';
import { POD_UID_LABEL } from '../port.ts';
import type { SimulatedRuntime } from './simulated-runtime.ts';

export async function simulatedLogs(runtime: SimulatedRuntime, request: LogStreamRequest): Promise<LogOutcome> {
  const own = (await runtime.listContainers(request.uid)).filter(
    (c) => c.name === request.container && c.labels[POD_UID_LABEL] === request.uid,
  );
  const container = own.sort((a, b) => b.attempt - a.attempt)[request.previous ? 1 : 0];
  if (!container) return { ok: false, status: notFound('pods', request.pod) };
  const line = `simulated container ${container.name} of pod ${request.namespace}/${request.pod}, attempt ${container.attempt}\n`;
  return { ok: true, parts: once(Buffer.from(line).subarray(0, request.limitBytes)) };
}

async function* once(part: Uint8Array): AsyncGenerator<Uint8Array> {
  yield part;
}
