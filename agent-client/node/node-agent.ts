/** One node: its session with the control plane, its pods, its Node object. */
import { isIP } from 'node:net';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { ok, type Result } from '../../schema/meta/status.ts';
import type { PollReply, StatusReply, StatusReport } from '../../schema/protocol/agent.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { StatusWriter } from '../checkpoint/status-writer.ts';
import type { Clock } from '../clock.ts';
import type { ApiClient } from '../control-plane/api-client.ts';
import { Credentials } from '../control-plane/credentials.ts';
import { type CacheChange, ObjectCache } from '../control-plane/object-cache.ts';
import { ObjectReader } from '../control-plane/object-reader.ts';
import { PollSession } from '../control-plane/poll-session.ts';
import { StatusReporter } from '../control-plane/status-reporter.ts';
import { ImagePuller } from '../images/image-puller.ts';
import { type Log, messageOf } from '../log.ts';
import { containerFieldPath, type Pod, podName, podNamespace, podUid, type PodStatus } from '../pods/pod.ts';
import type { DnsConfig } from '../pods/pod-config.ts';
import type { PodContext } from '../pods/pod-context.ts';
import type { PodEvents } from '../pods/pod-events.ts';
import type { PodFilesystem } from '../pods/pod-filesystem.ts';
import { PodManager } from '../pods/pod-manager.ts';
import { PodObserver } from '../pods/pod-observer.ts';
import { ProbeManager } from '../pods/probes/probe-manager.ts';
import { StartGate } from '../pods/start-gate.ts';
import type { Runtime } from '../runtime/port.ts';
import type { StreamOpener } from '../streams/stream-sessions.ts';
import { allocatable, newNode, type NodeDescription, nodeLabels } from './node-object.ts';
import { NodeStatusLoop } from './node-status-loop.ts';
import type { PressureSample } from './pressure.ts';

const NODE_STATUS_CHECK_MS = 10_000;
/** A simulated node changes only when told to; one process may stand for thousands. */
const SIMULATED_STATUS_CHECK_MS = 60_000;
const SANDBOXES_AT_ONCE_MAX = 10;

/** What differs between a node with real containers and a simulated one. */
export interface NodeParts {
  readonly runtime: Runtime;
  files(node: NodeAgent): PodFilesystem;
  dns(pod: Pod): DnsConfig | undefined;
  readonly cgroupRoot: string;
  readonly seccompRoot: string;
  /** The node's pod network; it may be changed by Node.spec.podCIDR at the first start. */
  readonly podCIDR: string;
  usePodCIDR(cidr: string): Promise<void>;
  /** Whether desired pods and statuses are worth keeping: simulated containers do not outlive the process. */
  readonly keepsPods: boolean;
  readonly streams: (node: NodeAgent) => StreamOpener;
  /** Undefined: the node has no machine to run short of. */
  pressure(): PressureSample | undefined;
  close(containers: 'keep' | 'stop'): Promise<void>;
}

export interface NodeAgentOptions {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly client: ApiClient;
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly log: Log;
  readonly session: string;
  random(): number;
  joinToken(): string | undefined;
  readonly description: Omit<NodeDescription, 'name' | 'labels'>;
  readonly parts: NodeParts;
  superseded(): void;
}

export class NodeAgent {
  readonly cache = new ObjectCache();
  readonly credentials: Credentials;
  readonly pods: PodManager;
  readonly runtime: Runtime;
  readonly #options: NodeAgentOptions;
  readonly #description: NodeDescription;
  readonly #files: PodFilesystem;
  readonly #observer: PodObserver;
  readonly #probes: ProbeManager;
  readonly #reporter: StatusReporter;
  readonly #session: PollSession;
  readonly #streams: StreamOpener;
  readonly #statuses: StatusWriter;
  readonly #nodeStatus: NodeStatusLoop;
  #registered = false;
  #stopped = false;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
    const { client, checkpoint, clock, log, parts, name } = options;
    this.runtime = parts.runtime;
    this.#description = { ...options.description, name, labels: options.labels };
    this.credentials = new Credentials(client, checkpoint, name, options.joinToken);
    this.#files = parts.files(this);
    this.#reporter = new StatusReporter({ clock, log, random: options.random, send: (report) => this.#send(report) });
    const events = this.#podEvents();
    this.#statuses = new StatusWriter(checkpoint, name, log);
    this.#nodeStatus = new NodeStatusLoop({
      runtime: parts.runtime,
      clock,
      description: this.#description,
      intervalMs: parts.keepsPods ? NODE_STATUS_CHECK_MS : SIMULATED_STATUS_CHECK_MS,
      pressure: parts.pressure,
      send: (status) => this.#reporter.node(status),
      event: (event) => this.#reporter.event(event),
    });
    this.#observer = new PodObserver({
      runtime: parts.runtime,
      clock,
      log,
      terminationMessage: (details) => this.#files.terminationMessage(details),
      podChanged: (uid) => this.pods.observed(uid),
    });
    this.#probes = new ProbeManager({
      clock,
      runtime: parts.runtime,
      events,
      hostIPs: () => this.#description.addresses,
      changed: (uid) => this.pods.observed(uid),
    });
    this.pods = new PodManager(this.#podContext(events));
    this.#streams = parts.streams(this);
    this.#session = new PollSession({
      client,
      clock,
      log,
      node: name,
      session: options.session,
      random: options.random,
      prepare: () => this.#prepare(),
      refused: () => this.#refused(),
      deliver: (reply) => this.#deliver(reply),
      superseded: options.superseded,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  get client(): ApiClient {
    return this.#options.client;
  }

  get log(): Log {
    return this.#options.log;
  }

  /** Starts what the checkpoint knows at once and talks to the control plane as soon as it answers. */
  async start(): Promise<void> {
    const { checkpoint, parts, name } = this.#options;
    if (parts.keepsPods) {
      this.cache.restore(await checkpoint.objects(name));
      this.pods.start(this.cache.list('pods'), await checkpoint.statuses(name));
    } else {
      this.pods.start([], new Map());
    }
    this.#observer.start();
    this.#session.start();
  }

  /** `containers: 'stop'` ends the pods' containers too, each within `graceSeconds` at most. */
  async stop(containers: 'keep' | 'stop', graceSeconds: number): Promise<void> {
    this.#stopped = true;
    this.#nodeStatus.stop();
    await this.#session.stop();
    this.#observer.stop();
    this.#probes.stop();
    this.#streams.stop();
    await (containers === 'stop' ? this.pods.halt(graceSeconds) : this.pods.detach());
    await this.#reporter.stop();
    await this.#statuses.idle();
  }

  #podContext(events: PodEvents): PodContext {
    const { client, clock, log, parts, name } = this.#options;
    const { server } = client;
    const reader = new ObjectReader(client, this.credentials, this.cache, clock);
    return {
      clock,
      log,
      runtime: parts.runtime,
      runtimeName: this.#description.runtime.name,
      observer: this.#observer,
      images: new ImagePuller(parts.runtime, clock),
      files: this.#files,
      probes: this.#probes,
      objects: reader,
      events,
      reports: {
        status: (pod, status) => this.#reportStatus(pod, status),
        terminated: (pod) => this.#reporter.terminated(keyOf(pod)),
      },
      gate: new StartGate(SANDBOXES_AT_ONCE_MAX),
      node: {
        nodeName: name,
        labels: () => this.cache.get('nodes', '', name)?.metadata.labels ?? nodeLabels(this.#description),
        hostIPs: this.#description.addresses.filter((a) => isIP(a) !== 0),
        allocatable: allocatable(this.#description.machine),
        memoryCapacityBytes: this.#description.machine.memoryBytes,
        apiServer: { host: server.hostname, port: Number(server.port || (server.protocol === 'https:' ? 443 : 80)) },
        cgroupRoot: parts.cgroupRoot,
        seccompRoot: parts.seccompRoot,
      },
      dns: parts.dns,
    };
  }

  #podEvents(): PodEvents {
    return {
      pod: (pod, type, reason, message, container) =>
        this.#reporter.event({
          regarding: {
            apiVersion: 'v1',
            kind: 'Pod',
            ...keyOf(pod),
            ...(container ? { fieldPath: containerFieldPath(pod, container) } : {}),
          },
          type,
          reason,
          message,
          at: this.#options.clock.now(),
        }),
    };
  }

  #reportStatus(pod: Pod, status: PodStatus): void {
    this.#reporter.status(keyOf(pod), status as unknown as Record<string, unknown>);
    if (this.#options.parts.keepsPods) this.#statuses.save(podUid(pod), status);
  }

  async #send(report: StatusReport): Promise<Result<StatusReply>> {
    return this.#options.client.call<StatusReply>({
      method: 'POST',
      path: `/agent/v1/nodes/${encodeURIComponent(this.name)}/status`,
      token: this.credentials.token,
      body: report,
    });
  }

  async #prepare(): Promise<Result<string>> {
    const token = await this.credentials.ensure();
    if (!token.ok || this.#registered) return token;
    const registered = await this.#register(token.value);
    if (!registered.ok) return registered;
    this.#registered = true;
    this.#nodeStatus.start();
    return ok(token.value);
  }

  #refused(): void {
    void this.credentials.renew().then((renewed) => {
      if (!renewed.ok)
        this.#options.log('error', 'the credential was refused', { node: this.name, message: renewed.status.message });
    });
  }

  /** Makes the Node, or brings an existing one's labels up to date. */
  async #register(token: string): Promise<Result<UntypedObject>> {
    const { client, parts } = this.#options;
    const path = '/api/v1/nodes';
    const created = await client.call<UntypedObject>({
      method: 'POST',
      path,
      token,
      body: newNode(this.#description, parts.podCIDR),
    });
    if (created.ok || created.status.code !== 409) return created;
    const own = `${path}/${encodeURIComponent(this.name)}`;
    const found = await client.call<UntypedObject>({ method: 'GET', path: own, token });
    if (!found.ok) return found;
    this.#nodeStatus.adopt(found.value);
    const cidr = (found.value['spec'] as { podCIDR?: string } | undefined)?.podCIDR;
    if (cidr) await parts.usePodCIDR(cidr);
    const wanted = nodeLabels(this.#description);
    const same = Object.entries(wanted).every(([key, value]) => found.value.metadata.labels?.[key] === value);
    if (same) return found;
    return client.call<UntypedObject>({
      method: 'PATCH',
      path: own,
      token,
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: wanted } },
    });
  }

  /** A disk that takes no more must not keep pods from running: they are then known only until a restart. */
  async #checkpoint(changes: readonly CacheChange[]): Promise<void> {
    if (!this.#options.parts.keepsPods) return;
    try {
      await this.#options.checkpoint.applyChanges(this.name, changes);
    } catch (error) {
      this.#options.log('error', 'could not write the checkpoint', { error: messageOf(error) });
    }
  }

  async #deliver(reply: PollReply): Promise<void> {
    if (reply.full) this.#reporter.distrust();
    const changes = this.cache.apply(reply);
    await this.#checkpoint(changes);
    for (const change of changes) {
      if (change.resource === 'nodes') {
        if (change.object) this.#nodeStatus.seen(change.object);
        else this.#registered = false;
      }
      if (change.resource !== 'pods' || change.object) continue;
      this.#reporter.forget(change.uid);
      if (this.#options.parts.keepsPods) this.#statuses.forget(change.uid);
    }
    if (!this.#stopped) this.pods.apply(changes);
    if (reply.full) this.pods.toldEverything();
    if (reply.full && !this.#stopped) for (const worker of this.pods.pods) worker.wake();
    for (const stream of reply.streams) this.#streams.open(stream);
  }
}

const keyOf = (pod: Pod): { namespace: string; name: string; uid: string } => ({
  namespace: podNamespace(pod),
  name: podName(pod),
  uid: podUid(pod),
});
