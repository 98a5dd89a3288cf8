/** The parts of a node with real containers: a runtime over CRI, the host's files, CNI. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { type Clock, pause } from '../clock.ts';
import type { ApiClient } from '../control-plane/api-client.ts';
import { ObjectReader } from '../control-plane/object-reader.ts';
import { TokenSource } from '../control-plane/token-source.ts';
import { type Log, messageOf } from '../log.ts';
import { CNI_CONFIG_FILE, cniConfig } from '../network/cni-config.ts';
import { parseResolvConf, podDns } from '../network/dns-config.ts';
import { choosePodCidr, routeDestinations } from '../network/pod-cidr.ts';
import type { PodStatus } from '../pods/pod.ts';
import type { DnsConfig } from '../pods/pod-config.ts';
import { containerdConfig, type ContainerdPaths, containerdPaths } from '../runtime/containerd/containerd-config.ts';
import { ContainerdProcess } from '../runtime/containerd/containerd-process.ts';
import { importBuilt } from '../runtime/containerd/image-import.ts';
import { PAUSE_IMAGE, pauseImage } from '../runtime/containerd/pause-image.ts';
import { CriRuntime } from '../runtime/cri/cri-runtime.ts';
import { GrpcChannel } from '../grpc/grpc-channel.ts';
import { containerLogs } from '../streams/container-logs.ts';
import { DialBack } from '../streams/dial-back.ts';
import { HostFilesystem } from '../volumes/host-filesystem.ts';
import { unmountAllUnder } from '../volumes/tmpfs.ts';
import { removeCgroup } from './cgroups.ts';
import { Housekeeping } from './housekeeping.ts';
import { samplePressure } from './machine.ts';
import type { NodeParts } from './node-agent.ts';

/** containerd's namespace of what CRI makes. */
const CRI_NAMESPACE = 'k8s.io';
const POD_CIDR_KEY = 'podCIDR';
const SERVING_TIMEOUT_MS = 30_000;
const SERVING_LOOK_MS = 50;

export interface ContainerdNodeOptions {
  readonly nodeName: string;
  readonly dataDir: string;
  /** A CRI socket someone else runs; absent: an own containerd. */
  readonly endpoint: string | undefined;
  readonly podCIDR: string | undefined;
  readonly memoryCapacityBytes: number;
  readonly client: ApiClient;
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly log: Log;
  random(): number;
}

export async function containerdParts(options: ContainerdNodeOptions): Promise<NodeParts> {
  const { clock, log, dataDir } = options;
  const paths = containerdPaths(dataDir);
  const podCIDR = await podNetwork(options);
  const own = options.endpoint === undefined ? new ContainerdProcess(paths, clock, log) : undefined;
  if (own) {
    writeCni(paths, podCIDR);
    await own.start(containerdConfig(paths, sandboxImageName()));
  }
  const endpoint = options.endpoint ?? `unix://${paths.socket}`;
  const runtime = new CriRuntime({
    channel: new GrpcChannel(endpoint),
    containerdEvents: own !== undefined || /containerd/.test(endpoint),
    after: (delayMs, task) => clock.after(delayMs, task),
  });
  await untilServing(runtime, clock, endpoint);
  if (own) await ensurePauseImage(runtime, paths);
  const hostDns = readHostDns();
  const cgroupRoot = `/zeroplane/${options.nodeName}`;
  const housekeeping = new Housekeeping({
    runtime,
    clock,
    log,
    logRoot: join(dataDir, 'logs'),
    imageFolder: dataDir,
    keptImages: [PAUSE_IMAGE],
  });
  housekeeping.start();
  return {
    runtime,
    files: (node) => {
      const reader = new ObjectReader(node.client, node.credentials, node.cache, clock);
      const tokens = new TokenSource(node.client, node.credentials, clock, options.random);
      return new HostFilesystem({
        dataDir,
        memoryCapacityBytes: options.memoryCapacityBytes,
        configMap: reader.configMap,
        secret: reader.secret,
        token: (query) => tokens.token(query),
        nextTokenRefresh: (uid) => tokens.nextRefresh(uid),
        forgetTokens: (uid) => tokens.forget(uid),
        removeCgroups: (uid) => removeCgroup(`${cgroupRoot}/pod${uid}`),
      });
    },
    dns: (pod): DnsConfig => podDns(pod, hostDns),
    cgroupRoot,
    seccompRoot: join(dataDir, 'seccomp'),
    podCIDR,
    async usePodCIDR(cidr) {
      if (cidr === podCIDR || !own) return;
      await options.checkpoint.saveValue(`${POD_CIDR_KEY}/${options.nodeName}`, cidr);
      writeCni(paths, cidr);
    },
    keepsPods: true,
    streams: (node) =>
      new DialBack({
        client: node.client,
        node: node.name,
        log,
        token: () => node.credentials.token,
        logs: (request, signal) =>
          containerLogs(runtime, request, {
            now: clock.now,
            signal,
            waiting: (uid, container) => waitingReason(node.pods.worker(uid)?.status, container),
          }),
      }),
    pressure: () => samplePressure(dataDir),
    async close(containers) {
      housekeeping.stop();
      await runtime.close();
      if (containers === 'keep') return own?.detach();
      await own?.stop();
      // Nothing runs any more: volumes in memory are made anew, and the folder can be deleted meanwhile.
      await unmountAllUnder(join(dataDir, 'pods'));
    },
  };
}

/** Why a container waits; `ContainerCreating` when nothing is known of it yet, undefined when the pod is not known. */
function waitingReason(status: PodStatus | undefined, container: string): string | undefined {
  if (!status) return undefined;
  const statuses = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  return statuses.find((s) => s.name === container)?.state?.waiting?.reason ?? 'ContainerCreating';
}

/** Said, kept from before, or chosen now; in this order. */
async function podNetwork(options: ContainerdNodeOptions): Promise<string> {
  const key = `${POD_CIDR_KEY}/${options.nodeName}`;
  const kept = await options.checkpoint.value(key);
  const cidr =
    options.podCIDR ?? kept ?? choosePodCidr(options.nodeName, routeDestinations(readText('/proc/net/route')));
  if (cidr !== kept) await options.checkpoint.saveValue(key, cidr);
  return cidr;
}

function writeCni(paths: ContainerdPaths, cidr: string): void {
  mkdirSync(paths.cniConf, { recursive: true });
  mkdirSync(paths.cniState, { recursive: true });
  writeFileSync(join(paths.cniConf, CNI_CONFIG_FILE), cniConfig({ cidr, stateDir: paths.cniState }));
}

/** Our own program is for x86-64; elsewhere the sandbox image has to be pulled. */
const sandboxImageName = (): string => (process.arch === 'x64' ? PAUSE_IMAGE : 'registry.k8s.io/pause:3.10');

/** The socket accepts before CRI serves. Throws when it does not come to that. */
async function untilServing(runtime: CriRuntime, clock: Clock, endpoint: string): Promise<void> {
  const until = clock.now() + SERVING_TIMEOUT_MS;
  for (;;) {
    try {
      await runtime.version();
      return;
    } catch (error) {
      if (clock.now() > until) throw new Error(`no container runtime answers on ${endpoint}: ${messageOf(error)}`);
      await pause(clock, SERVING_LOOK_MS);
    }
  }
}

async function ensurePauseImage(runtime: CriRuntime, paths: ContainerdPaths): Promise<void> {
  const name = await runtime.sandboxImage();
  if (name !== PAUSE_IMAGE || (await runtime.image(name))) return;
  const channel = new GrpcChannel(`unix://${paths.socket}`, CRI_NAMESPACE);
  try {
    await importBuilt(channel, pauseImage(name));
  } finally {
    channel.close();
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The machine's resolvers; a local stub of systemd cannot be reached from a pod. */
function readHostDns(): DnsConfig {
  const own = parseResolvConf(readText('/etc/resolv.conf'));
  const isStub = own.servers.length > 0 && own.servers.every((server) => server.startsWith('127.'));
  return isStub ? parseResolvConf(readText('/run/systemd/resolve/resolv.conf') || readText('/etc/resolv.conf')) : own;
}
