/**
 * Whether a container has logs to show, by the pod's status. Source: kubelet's
 * validateContainerLogStatus (pkg/kubelet/kubelet_pods.go).
 */
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { badRequest, type Status } from '../../../schema/meta/status.ts';

interface Terminated {
  readonly containerID?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly running?: object;
    readonly terminated?: Terminated;
    readonly waiting?: { readonly reason?: string };
  };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface PodStatus {
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
}

/** What is said of the most common reasons; others are shown as they are. */
const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

function statusOf(pod: UntypedObject, container: string): ContainerStatus | undefined {
  const status = (pod['status'] ?? {}) as PodStatus;
  return [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ].find(({ name }) => name === container);
}

function problem({ state, lastState }: ContainerStatus, previous: boolean): ((where: string) => string) | undefined {
  const last = lastState?.terminated;
  if (previous) return last?.containerID ? undefined : (where) => `previous terminated container ${where} not found`;
  if (state?.running) return undefined;
  if (state?.terminated) {
    return state.terminated.containerID || last?.containerID
      ? undefined
      : (where) => `container ${where} is terminated`;
  }
  if (last) return last.containerID ? undefined : (where) => `container ${where} is terminated`;
  const reason = state?.waiting?.reason;
  if (!state?.waiting) return (where) => `container ${where} is waiting to start - no logs yet`;
  return (where) => `container ${where} is waiting to start: ${(reason && WAITING[reason]) ?? reason ?? ''}`;
}

/** 400 when there is nothing to read; undefined also when the node has not told of the container yet: it knows better. */
export function logsUnavailable(pod: UntypedObject, container: string, previous: boolean): Status | undefined {
  const status = statusOf(pod, container);
  const text = status && problem(status, previous);
  return text && badRequest(text(`${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name ?? '')}`));
}
