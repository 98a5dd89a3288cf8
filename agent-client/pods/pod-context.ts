/** What a pod's worker needs of its node. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Clock } from '../clock.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import type { Log } from '../log.ts';
import type { Runtime } from '../runtime/port.ts';
import type { Service } from './environment.ts';
import type { Pod, PodStatus } from './pod.ts';
import type { DnsConfig } from './pod-config.ts';
import type { PodEvents } from './pod-events.ts';
import type { PodFilesystem } from './pod-filesystem.ts';
import type { PodObserver } from './pod-observer.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import type { StartGate } from './start-gate.ts';

export interface PodReports {
  status(pod: Pod, status: PodStatus): void;
  /** Everything of a pod that is being deleted has stopped. */
  terminated(pod: Pod): void;
}

export interface PodObjects {
  configMap(namespace: string, name: string): Promise<UntypedObject | undefined>;
  secret(namespace: string, name: string): Promise<UntypedObject | undefined>;
  services(namespace: string): readonly Service[];
}

export interface NodeIdentity {
  readonly nodeName: string;
  readonly hostIPs: readonly string[];
  /** The Node's labels as they are now. */
  labels(): Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly memoryCapacityBytes: number;
  readonly apiServer: { readonly host: string; readonly port: number };
  /** Parent of the pods' cgroups. */
  readonly cgroupRoot: string;
  readonly seccompRoot: string;
}

export interface PodContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Runtime;
  readonly runtimeName: string;
  readonly observer: PodObserver;
  readonly images: ImagePuller;
  readonly files: PodFilesystem;
  readonly probes: ProbeManager;
  readonly objects: PodObjects;
  readonly events: PodEvents;
  readonly reports: PodReports;
  readonly gate: StartGate;
  readonly node: NodeIdentity;
  dns(pod: Pod): DnsConfig | undefined;
}
