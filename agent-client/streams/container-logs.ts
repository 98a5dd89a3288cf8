/** Answers a log request from the container's log file. Errors are worded as the kubelet words them. */
import { existsSync } from 'node:fs';
import { badRequest, notFound } from '../../schema/meta/status.ts';
import type { LogStreamRequest } from '../../schema/protocol/agent.ts';
import { type ContainerDetails, CONTAINER_NAME_LABEL, type Runtime } from '../runtime/port.ts';
import type { LogOutcome } from './dial-back.ts';
import { readLog } from './log-reader.ts';
import { beginSelection, selectLine } from './log-selection.ts';
import { tailOffset } from './log-tail.ts';

/** Why a container has not started, as its status says: `ImagePullBackOff`. */
export type WaitingReasonOf = (podUid: string, container: string) => string | undefined;

const WAITING_WORDS: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

export async function containerLogs(
  runtime: Runtime,
  request: LogStreamRequest,
  context: { readonly now: () => number; readonly signal: AbortSignal; readonly waiting: WaitingReasonOf },
): Promise<LogOutcome> {
  const all = await runtime.listContainers(request.uid);
  const own = all
    .filter((c) => c.labels[CONTAINER_NAME_LABEL] === request.container)
    .sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt);
  const where = `"${request.container}" in pod "${request.pod}"`;
  const ended = own.filter((c) => c.state === 'exited');
  const container = request.previous ? (own[0]?.state === 'exited' ? ended[1] : ended[0]) : own[0];
  if (!container && request.previous)
    return { ok: false, status: badRequest(`previous terminated container ${where} not found`) };
  const reason = context.waiting(request.uid, request.container);
  const waits = badRequest(`container ${where} is waiting to start: ${WAITING_WORDS[reason ?? ''] ?? reason}`);
  if (!container) return { ok: false, status: reason === undefined ? notFound('pods', request.pod) : waits };
  const details = await runtime.containerDetails(container.id);
  if (details.state === 'created') return { ok: false, status: waits };
  if (!existsSync(details.logPath)) return { ok: true, parts: nothing() };
  return { ok: true, parts: selected(runtime, details, request, context) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* selected(
  runtime: Runtime,
  details: ContainerDetails,
  request: LogStreamRequest,
  { now, signal }: { readonly now: () => number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const offset = request.tailLines === undefined ? 0 : await tailOffset(details.logPath, request.tailLines);
  let selection = beginSelection(request, now());
  const alive = async (): Promise<boolean> => {
    const state = await runtime.containerDetails(details.id).then(
      (d) => d.state,
      () => 'exited',
    );
    return state === 'running';
  };
  for await (const lines of readLog({ path: details.logPath, offset, follow: request.follow, signal, alive })) {
    const parts: Buffer[] = [];
    for (const line of lines) {
      const { bytes, next } = selectLine(selection, line);
      selection = next;
      if (bytes.length) parts.push(bytes);
      if (selection.bytesLeft <= 0) break;
    }
    if (parts.length) yield Buffer.concat(parts);
    if (selection.bytesLeft <= 0) return;
  }
}
