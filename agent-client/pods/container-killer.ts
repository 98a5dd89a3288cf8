/**
 * Stops containers as the kubelet does: preStop first, its time counted against the grace period, then the
 * runtime's stop with what is left. Source: kuberuntime_container.go killContainer, container/ordering.
 */
import { messageOf } from '../log.ts';
import { runHook } from './lifecycle-hook.ts';
import { type Container, isRestartableInit, type Pod, podSpec, podTitle } from './pod.ts';
import type { ObservedContainer, ObservedPod } from './observed-pod.ts';
import type { PodContext } from './pod-context.ts';

/** A container always has that long to end by itself. */
const GRACE_SECONDS_MIN = 2;

export interface KillOrder {
  readonly pod: Pod;
  readonly container: ObservedContainer;
  readonly graceSeconds: number;
  /** The event's text. */
  readonly message: string;
}

const specOf = (pod: Pod, name: string): Container | undefined => {
  const spec = podSpec(pod);
  return [...spec.containers, ...(spec.initContainers ?? [])].find((c) => c.name === name);
};

export async function killContainer(context: PodContext, order: KillOrder): Promise<void> {
  const { pod, container } = order;
  const begun = context.clock.now();
  context.events.pod(pod, 'Normal', 'Killing', order.message, container.name);
  const spec = specOf(pod, container.name);
  const preStop = spec?.lifecycle?.preStop;
  if (preStop && order.graceSeconds > 0 && container.state === 'running') {
    const ran = await runHook(context, pod, spec, container.id, preStop, order.graceSeconds * 1000);
    if (!ran.ok) context.events.pod(pod, 'Warning', 'FailedPreStopHook', `PreStopHook failed`, container.name);
  }
  const spent = (context.clock.now() - begun) / 1000;
  const left = Math.max(Math.ceil(order.graceSeconds - spent), GRACE_SECONDS_MIN);
  await context.runtime.stopContainer(container.id, left);
}

export const isAlive = (container: ObservedContainer): boolean =>
  container.state === 'running' || container.state === 'unknown';

/**
 * Stops everything of a pod: main (and init) containers at once, then the sidecars, last started first,
 * then its sandboxes. Failures are logged and reported as false: the caller comes back.
 */
export async function killPod(
  context: PodContext,
  pod: Pod,
  observed: ObservedPod,
  graceSeconds: number,
): Promise<boolean> {
  const begun = context.clock.now();
  const sidecars = (podSpec(pod).initContainers ?? []).filter(isRestartableInit).map((c) => c.name);
  const alive = observed.containers.filter(isAlive);
  const mains = alive.filter((c) => !sidecars.includes(c.name));
  const left = (): number => Math.max(graceSeconds - Math.floor((context.clock.now() - begun) / 1000), 0);
  const kill = async (container: ObservedContainer): Promise<boolean> =>
    attempt(context, pod, () =>
      killContainer(context, { pod, container, graceSeconds: left(), message: `Stopping container ${container.name}` }),
    );
  let fine = (await Promise.all(mains.map(kill))).every(Boolean);
  for (const name of [...sidecars].reverse()) {
    for (const container of alive.filter((c) => c.name === name)) fine = (await kill(container)) && fine;
  }
  for (const sandbox of observed.sandboxes) {
    // Those that are not ready too: stopping gives their addresses back.
    fine = (await attempt(context, pod, () => context.runtime.stopSandbox(sandbox.id))) && fine;
  }
  return fine;
}

async function attempt(context: PodContext, pod: Pod, task: () => Promise<void>): Promise<boolean> {
  try {
    await task();
    return true;
  } catch (error) {
    context.log('warn', 'could not stop a part of a pod', { pod: podTitle(pod), error: messageOf(error) });
    context.events.pod(pod, 'Warning', 'FailedKillPod', `error killing pod: ${messageOf(error)}`);
    return false;
  }
}
