/** Pods and what the runtime shows of them, for tests. */
import type { ObservedContainer, ObservedPod, ObservedSandbox } from './observed-pod.ts';
import type { Container, Pod, PodSpec } from './pod.ts';
import type { DesiredPod } from './pod-actions.ts';

export const NOW = 1_700_000_000_000;

export const testPod = (spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1', ...metadata },
  spec: { restartPolicy: 'Always', containers: [{ name: 'main', image: 'app:1' }], ...spec },
});

export const seen = (
  name: string,
  state: ObservedContainer['state'],
  more: Partial<ObservedContainer> = {},
): ObservedContainer => ({
  id: `${name}-${more.attempt ?? 0}`,
  sandboxId: 's0',
  name,
  attempt: 0,
  state,
  createdAt: NOW - 60_000 + (more.attempt ?? 0) * 1000,
  startedAt: NOW - 60_000,
  finishedAt: state === 'exited' ? NOW - 5_000 : 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: 'app:1',
  imageRef: 'sha256:1',
  specHash: 'h',
  ...more,
});

export const SANDBOX: ObservedSandbox = {
  id: 's0',
  attempt: 0,
  ready: true,
  createdAt: NOW - 61_000,
  ips: ['10.244.1.2'],
};

/** In one ready sandbox; newest first. */
export const inSandbox = (...containers: ObservedContainer[]): ObservedPod => ({
  sandboxes: [SANDBOX],
  containers: [...containers].sort((a, b) => b.createdAt - a.createdAt),
});

export const desired = (pod: Pod, more: Partial<DesiredPod> = {}): DesiredPod => ({
  pod,
  backOffs: new Map(),
  specHash: () => 'h',
  failedProbes: new Map(),
  notStarted: new Set(),
  knownRestarts: new Map(),
  ...more,
});

export const sidecar = (name: string): Container => ({ name, image: 'side:1', restartPolicy: 'Always' });
