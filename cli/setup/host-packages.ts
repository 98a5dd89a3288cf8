import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';

export type Runtime = 'containerd' | 'simulated';

/** What a node with real containers needs of the machine: a program or plugin, and Debian's package with it. */
const NEEDED = [
  { programs: ['containerd'], package: 'containerd' },
  { programs: ['runc'], package: 'runc' },
  {
    programs: ['/usr/lib/cni/ptp', '/usr/lib/cni/host-local', '/usr/lib/cni/loopback'],
    package: 'containernetworking-plugins',
  },
  { programs: ['ip'], package: 'iproute2' },
  { programs: ['iptables'], package: 'iptables' },
] as const;

const SEARCH_PATH =
  `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin${delimiter}/usr/local/sbin`.split(delimiter);

const isThere = (program: string): boolean =>
  program.startsWith('/') ? existsSync(program) : SEARCH_PATH.some((folder) => existsSync(`${folder}/${program}`));

/** Debian packages that are missing for real containers. */
export const missingPackages = (): string[] =>
  NEEDED.filter(({ programs }) => !programs.every(isThere)).map((need) => need.package);

/** Why this machine cannot run real containers, or nothing if it can (perhaps after an install). */
export function whyNoContainers(): string | undefined {
  if (process.platform !== 'linux') return `real containers need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'real containers need root';
  const missing = missingPackages();
  if (missing.length > 0 && !existsSync('/usr/bin/apt-get')) {
    return `${missing.join(', ')} missing, and only Debian's packages can be installed automatically`;
  }
  return undefined;
}

/** Installs what is missing with apt-get, as root. Returns the reason when that fails. */
export function installPackages(packages: readonly string[]): string | undefined {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env: environment, encoding: 'utf8' } as const;
  // Services of these packages must not start: the agent runs a containerd of its own.
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  let result = spawnSync('apt-get', install, options);
  if (result.status !== 0) {
    spawnSync('apt-get', ['update', '-q'], options);
    result = spawnSync('apt-get', install, options);
  }
  if (result.status === 0) return undefined;
  const why = (result.stderr ?? '').trim().split('\n').at(-1) ?? '';
  return `apt-get install ${packages.join(' ')} failed: ${why || result.error?.message || `exit ${result.status}`}`;
}
