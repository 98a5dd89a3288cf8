/**
 * Brings a current kubectl for the tests: Debian's stable releases carry old ones, its testing suite
 * does not. The package is fetched from the mirror this system uses anyway, checked by apt against
 * Debian's keys, and unpacked; nothing is installed, and no root is needed.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const SUITE = 'testing';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const TIMEOUT_MS = 120_000;

/** The Debian archive among the system's package sources (not its security or update archives). */
function debianMirror(): string | undefined {
  const lines = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' }).split('\n');
  return lines.find((uri) => /\/debian\/?$/.test(uri));
}

/** Why there is none, or nothing once `target` is a kubectl. */
export function fetchKubectl(target: string): string | undefined {
  if (existsSync(target)) return undefined;
  if (!existsSync('/usr/bin/apt-get') || !existsSync(KEYRING)) return 'this is no Debian system';
  const mirror = debianMirror();
  if (!mirror) return 'no Debian archive is among the package sources';
  const scratch = mkdtempSync(join(tmpdir(), 'zeroplane-kubectl-'));
  try {
    unpack(download(scratch, `deb [signed-by=${KEYRING}] ${mirror} ${SUITE} main\n`), target, scratch);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs apt with sources, folders and knowledge of its own; gives the package's path. */
function download(scratch: string, sources: string): string {
  for (const folder of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(scratch, folder), { recursive: true });
  writeFileSync(join(scratch, 'sources.list'), sources);
  writeFileSync(join(scratch, 'state/status'), '');
  const settings = {
    'Dir::State': join(scratch, 'state'),
    // Nothing is installed as far as this apt knows: an installed kubectl would else decide the version.
    'Dir::State::status': join(scratch, 'state/status'),
    'Dir::Cache': join(scratch, 'cache'),
    'Dir::Etc::sourcelist': join(scratch, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    // apt would give the files to a user of its own, who cannot enter this folder.
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-q', ...options, ...args], { cwd: scratch, stdio: 'pipe', timeout: TIMEOUT_MS });
  apt('update');
  apt('download', 'kubectl');
  const file = readdirSync(scratch).find((name) => name.endsWith('.deb'));
  if (!file) throw new Error('apt-get fetched nothing');
  return join(scratch, file);
}

function unpack(file: string, target: string, scratch: string): void {
  const root = join(scratch, 'root');
  execFileSync('dpkg-deb', ['-x', file, root], { timeout: TIMEOUT_MS });
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(root, 'usr/bin/kubectl'), `${target}.part`);
  renameSync(`${target}.part`, target);
}
