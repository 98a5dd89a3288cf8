/** The files of a node's pods: volumes, /etc/hosts, termination messages, logs. */
import { chmod, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../log.ts';
import type { NodeFacts } from '../pods/downward-fields.ts';
import { expand } from '../pods/expansion.ts';
import { type Container, type Pod, podName, podNamespace, podSpec, podUid } from '../pods/pod.ts';
import { MESSAGE_PATH_ANNOTATION, MESSAGE_POLICY_ANNOTATION } from '../pods/pod-config.ts';
import type { MountOutcome, PodFilesystem, VolumeFailure, VolumeOutcome } from '../pods/pod-filesystem.ts';
import type { ContainerDetails, Mount } from '../runtime/port.ts';
import { lastLogText } from '../streams/log-tail.ts';
import { configMapVolume } from './config-map.ts';
import { downwardApiVolume } from './downward-api.ts';
import { emptyDirVolume } from './empty-dir.ts';
import { hostPathVolume } from './host-path.ts';
import { hostsFile } from './hosts-file.ts';
import { bindPinned } from './pinned-mount.ts';
import { projectedVolume } from './projected.ts';
import { secretVolume } from './secret.ts';
import { resolveSubPath } from './sub-path.ts';
import { unmountAllUnder } from './tmpfs.ts';
import { type Volume, volumeAt, type VolumeContext, type VolumeReady, type VolumeType } from './volume.ts';

const VOLUME_TYPES: readonly VolumeType[] = [
  emptyDirVolume,
  hostPathVolume,
  configMapVolume,
  secretVolume,
  projectedVolume,
  downwardApiVolume,
];

const MESSAGE_BYTES_MAX = 4096;
const LOG_MESSAGE_BYTES_MAX = 2048;
const LOG_MESSAGE_LINES_MAX = 80;
const CLUSTER_DOMAIN = 'cluster.local';

export interface HostFilesystemOptions {
  readonly dataDir: string;
  readonly memoryCapacityBytes: number;
  configMap(namespace: string, name: string): ReturnType<VolumeContext['configMap']>;
  secret(namespace: string, name: string): ReturnType<VolumeContext['secret']>;
  token: VolumeContext['token'];
  nextTokenRefresh(podUid: string): number | undefined;
  forgetTokens(podUid: string): void;
  /** Removes the pod's own cgroups. */
  removeCgroups(podUid: string): Promise<void>;
}

/** A pod's own folders; `containers` holds termination messages. */
interface PodFolders {
  readonly root: string;
  readonly volumes: string;
  readonly subPaths: string;
  readonly containers: string;
  readonly hosts: string;
}

const podFolders = (dataDir: string, uid: string): PodFolders => {
  const root = join(dataDir, 'pods', uid);
  const below = (name: string): string => join(root, name);
  return {
    root,
    volumes: below('volumes'),
    subPaths: below('volume-subpaths'),
    containers: below('containers'),
    hosts: below('etc-hosts'),
  };
};

export class HostFilesystem implements PodFilesystem {
  readonly #options: HostFilesystemOptions;
  /** Where each pod's volumes are, by name. */
  readonly #mounted = new Map<string, Map<string, string>>();

  constructor(options: HostFilesystemOptions) {
    this.#options = options;
  }

  logDirectory(pod: Pod): string {
    return join(this.#options.dataDir, 'logs', `${podNamespace(pod)}_${podName(pod)}_${podUid(pod)}`);
  }

  async mountVolumes(pod: Pod, facts: NodeFacts): Promise<VolumeOutcome> {
    const uid = podUid(pod);
    const failures: VolumeFailure[] = [];
    const paths = this.#mounted.get(uid) ?? new Map<string, string>();
    for (const volume of podSpec(pod).volumes ?? []) {
      const ready = await this.#setUp(volume, pod, facts);
      if (ready.ok) paths.set(volume.name, ready.hostPath);
      // A volume that was ready stays as it was when what it shows has gone: containers go on with the old.
      else if (!paths.has(volume.name))
        failures.push({ message: `MountVolume.SetUp failed for volume "${volume.name}" : ${ready.message}` });
    }
    this.#mounted.set(uid, paths);
    return failures.length ? { ok: false, failures } : { ok: true };
  }

  nextRefresh(pod: Pod): number | undefined {
    return this.#options.nextTokenRefresh(podUid(pod));
  }

  async containerMounts(pod: Pod, container: Container, attempt: number, facts: NodeFacts): Promise<MountOutcome> {
    const mounts: Mount[] = [];
    const paths = this.#mounted.get(podUid(pod)) ?? new Map<string, string>();
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      const volumePath = paths.get(mount.name);
      if (volumePath === undefined) return { ok: false, message: `volume "${mount.name}" is not mounted` };
      const subPath = mount.subPathExpr
        ? this.#expandSubPath(mount.subPathExpr, pod, container, facts)
        : (mount.subPath ?? '');
      const target = join(podFolders(this.#options.dataDir, podUid(pod)).subPaths, container.name, String(index));
      const resolved = subPath ? await this.#pinSubPath(volumePath, subPath, target) : volumeAt(volumePath);
      if (!resolved.ok) return resolved;
      mounts.push({
        containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
        hostPath: resolved.hostPath,
        readonly: mount.readOnly === true,
        propagation:
          mount.mountPropagation === 'Bidirectional'
            ? 'bidirectional'
            : mount.mountPropagation === 'HostToContainer'
              ? 'hostToContainer'
              : 'private',
      });
    }
    const taken = new Set(mounts.map((m) => m.containerPath));
    if (!taken.has('/etc/hosts')) mounts.push(await this.#hostsMount(pod, facts));
    const message = await this.#messageMount(pod, container, attempt);
    if (message && !taken.has(message.containerPath)) mounts.push(message);
    return { ok: true, mounts };
  }

  async terminationMessage(details: ContainerDetails): Promise<string> {
    const path = details.annotations[MESSAGE_PATH_ANNOTATION];
    const mount = details.mounts.find((m) => m.containerPath === path);
    const text = mount ? await readStart(mount.hostPath, MESSAGE_BYTES_MAX) : '';
    const fallsBack = details.annotations[MESSAGE_POLICY_ANNOTATION] === 'FallbackToLogsOnError';
    if (text || !fallsBack || details.exitCode === 0) return text;
    return lastLogText(details.logPath, LOG_MESSAGE_LINES_MAX, LOG_MESSAGE_BYTES_MAX);
  }

  async unmountVolumes(uid: string): Promise<void> {
    const { volumes, subPaths } = podFolders(this.#options.dataDir, uid);
    this.#mounted.delete(uid);
    this.#options.forgetTokens(uid);
    await unmountAllUnder(subPaths);
    await rm(subPaths, { recursive: true, force: true });
    await unmountAllUnder(volumes);
    // Never across a mount that would not go: what is mounted there is not ours to delete.
    await rm(volumes, { recursive: true, force: true });
  }

  async remove(uid: string, logDirectory: string): Promise<void> {
    await rm(podFolders(this.#options.dataDir, uid).root, { recursive: true, force: true });
    if (logDirectory) await rm(logDirectory, { recursive: true, force: true });
    await this.#options.removeCgroups(uid);
  }

  async removeLog(path: string): Promise<void> {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const name = path.slice(folder.length + 1);
    // Rotated parts of the log go with it.
    for (const file of await readdir(folder).catch(() => [])) {
      if (file === name || file.startsWith(`${name}.`)) await rm(join(folder, file), { force: true });
    }
  }

  async podsOnDisk(): Promise<readonly string[]> {
    return readdir(join(this.#options.dataDir, 'pods')).catch(() => []);
  }

  async #setUp(volume: Volume, pod: Pod, facts: NodeFacts): ReturnType<VolumeType['setUp']> {
    const type = VOLUME_TYPES.find((t) => t.matches(volume));
    if (!type)
      return {
        ok: false,
        message: `volume type ${Object.keys(volume)
          .filter((k) => k !== 'name')
          .join(', ')} is not supported`,
      };
    const namespace = podNamespace(pod);
    const { memoryCapacityBytes, token } = this.#options;
    try {
      return await type.setUp(volume, {
        pod,
        facts,
        folder: join(podFolders(this.#options.dataDir, podUid(pod)).volumes, type.name, volume.name),
        fsGroup: podSpec(pod).securityContext?.fsGroup,
        memoryCapacityBytes,
        configMap: (name) => this.#options.configMap(namespace, name),
        secret: (name) => this.#options.secret(namespace, name),
        token,
      });
    } catch (error) {
      return { ok: false, message: messageOf(error) };
    }
  }

  #expandSubPath(expression: string, pod: Pod, container: Container, facts: NodeFacts): string {
    const plain = new Map((container.env ?? []).map((e) => [e.name, e.value]));
    const fields = new Map((container.env ?? []).map((e) => [e.name, e.valueFrom?.fieldRef?.fieldPath]));
    return expand(expression, (name) => {
      const path = fields.get(name);
      if (path === 'metadata.name') return podName(pod);
      if (path === 'metadata.namespace') return podNamespace(pod);
      if (path === 'metadata.uid') return podUid(pod);
      if (path === 'spec.nodeName') return facts.nodeName;
      return plain.get(name);
    });
  }

  async #pinSubPath(volumePath: string, subPath: string, target: string): Promise<VolumeReady> {
    const resolved = await resolveSubPath(volumePath, subPath);
    if (!resolved.ok) return resolved;
    const pinned = await bindPinned(resolved.volumePath, resolved.hostPath, target);
    return pinned.ok ? volumeAt(target) : pinned;
  }

  async #hostsMount(pod: Pod, facts: NodeFacts): Promise<Mount> {
    const { root, hosts } = podFolders(this.#options.dataDir, podUid(pod));
    await mkdir(root, { recursive: true, mode: 0o755 });
    const nodeHosts = await readFile('/etc/hosts', 'utf8').catch(() => '');
    await writeFile(hosts, hostsFile(pod, facts.podIPs, CLUSTER_DOMAIN, nodeHosts));
    await chmod(hosts, 0o644);
    return { containerPath: '/etc/hosts', hostPath: hosts, readonly: false, propagation: 'private' };
  }

  async #messageMount(pod: Pod, container: Container, attempt: number): Promise<Mount | undefined> {
    const containerPath = container.terminationMessagePath ?? '/dev/termination-log';
    if (!containerPath) return undefined;
    const folder = join(podFolders(this.#options.dataDir, podUid(pod)).containers, container.name);
    await mkdir(folder, { recursive: true });
    const hostPath = join(folder, String(attempt));
    await writeFile(hostPath, '');
    // Any user of the container may write it.
    await chmod(hostPath, 0o666);
    return { containerPath, hostPath, readonly: false, propagation: 'private' };
  }
}

async function readStart(path: string, bytesMax: number): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax), 0, bytesMax, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
