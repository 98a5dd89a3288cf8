/** Where a private containerd lives and how it is set up. Pure. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export interface ContainerdPaths {
  readonly folder: string;
  readonly config: string;
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  readonly log: string;
  readonly pid: string;
  readonly cniConf: string;
  readonly cniState: string;
  readonly registryConf: string;
}

/** A unix socket's path has 107 bytes at most; containerd adds `.ttrpc` to it. */
const SOCKET_PATH_BYTES_MAX = 100;

export function containerdPaths(dataDir: string): ContainerdPaths {
  const folder = join(dataDir, 'containerd');
  const beside = join(folder, 'containerd.sock');
  const short = `/run/zeroplane/${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}.sock`;
  return {
    folder,
    config: join(folder, 'config.toml'),
    root: join(folder, 'root'),
    state: join(folder, 'state'),
    socket: Buffer.byteLength(beside) <= SOCKET_PATH_BYTES_MAX ? beside : short,
    log: join(folder, 'containerd.log'),
    pid: join(folder, 'containerd.pid'),
    cniConf: join(dataDir, 'cni', 'net.d'),
    cniState: join(dataDir, 'cni', 'ipam'),
    registryConf: join(dataDir, 'registries'),
  };
}

export const CNI_BIN_DIR = '/usr/lib/cni';

/** TOML's basic strings are JSON's, but for characters no path has. */
const quoted = (text: string): string => JSON.stringify(text);

export function containerdConfig(paths: ContainerdPaths, sandboxImage: string): string {
  return `version = 2
root = ${quoted(paths.root)}
state = ${quoted(paths.state)}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]

[grpc]
  address = ${quoted(paths.socket)}

[ttrpc]
  address = ${quoted(`${paths.socket}.ttrpc`)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quoted(sandboxImage)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  enable_unprivileged_ports = false
  max_container_log_line_size = 16384

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = ${quoted(join(paths.state, 'runc'))}

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${quoted(CNI_BIN_DIR)}
    conf_dir = ${quoted(paths.cniConf)}

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${quoted(paths.registryConf)}
`;
}
