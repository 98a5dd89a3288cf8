/**
 * Makes the images that tests and the first steps use, as OCI archives, from Debian's packages:
 * `node scripts/test-images.ts DIR [busybox] [hello] [nginx]`. The package busybox-static is
 * installed when it is missing and root asks; nginx is fetched with apt-get.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { buildImage, writeOciArchive } from '../agent-client/runtime/containerd/oci-image.ts';
import type { TarEntry } from '../agent-client/runtime/containerd/tar.ts';

const BUSYBOX = '/bin/busybox';
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

const file = (path: string, content: string | Uint8Array, mode = 0o644): TarEntry => ({
  path,
  mode,
  content: Buffer.from(content),
});
const folder = (path: string, mode = 0o755): TarEntry => ({ path, mode, directory: true });
const link = (path: string, target: string): TarEntry => ({ path, mode: 0o777, link: target });

const ACCOUNTS: readonly TarEntry[] = [
  file(
    'etc/passwd',
    'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  ),
  file('etc/group', 'root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n'),
];

function installBusybox(): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-q'], { env });
  execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'busybox-static'], { env });
}

function busyboxFiles(): TarEntry[] {
  if (!existsSync(BUSYBOX) && process.getuid?.() === 0) installBusybox();
  if (!existsSync(BUSYBOX)) throw new Error(`${BUSYBOX} is missing: apt-get install busybox-static`);
  const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return [
    ...['bin', 'etc', 'root', 'var', 'usr', 'usr/bin'].map((path) => folder(path)),
    folder('tmp', 0o1777),
    ...ACCOUNTS,
    file('bin/busybox', readFileSync(BUSYBOX), 0o755),
    ...applets.filter((name) => name && name !== 'busybox').map((name) => link(`bin/${name}`, 'busybox')),
  ];
}

const busybox = (): Buffer =>
  writeOciArchive([
    buildImage({
      name: 'docker.io/library/busybox:1.35',
      files: busyboxFiles(),
      command: ['sh'],
      architecture: ARCHITECTURE,
    }),
  ]);

/** Answers `/` with its host name and `/version` with its tag, on port 8080 (or $PORT). */
const serve = (version: string): string => `#!/bin/sh
mkdir -p /tmp/www
hostname > /tmp/www/index.html
echo ${version} > /tmp/www/version
httpd -f -p "\${PORT:-8080}" -h /tmp/www &
server=$!
trap 'kill $server; exit 0' TERM INT
echo "serving as $(hostname), version ${version}"
wait $server
`;

const hello = (): Buffer =>
  writeOciArchive(
    ['1', '2'].map((version) =>
      buildImage({
        name: `docker.io/library/hello:${version}`,
        files: [...busyboxFiles(), file('bin/serve', serve(version), 0o755)],
        entrypoint: ['/bin/serve'],
        exposedPorts: ['8080/tcp'],
        architecture: ARCHITECTURE,
      }),
    ),
  );

const NGINX_PACKAGES = ['nginx', 'nginx-common', 'libc6', 'libcrypt1', 'libpcre2-8-0', 'libssl3', 'zlib1g'];
/** What of the packages only fills the image. */
const LEFT_OUT =
  /^usr\/share\/(doc|man|lintian|locale|nginx\/modules-available)|^etc\/(init\.d|logrotate\.d|ufw)|^lib\/systemd|gconv/;

function nginx(): Buffer {
  const work = mkdtempSync(join(tmpdir(), 'zeroplane-nginx-'));
  try {
    execFileSync('apt-get', ['download', ...NGINX_PACKAGES], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
    const root = join(work, 'root');
    mkdirSync(root);
    for (const name of readdirSync(work).filter((n) => n.endsWith('.deb')))
      execFileSync('dpkg', ['-x', join(work, name), root]);
    const files = [
      ...filesBelow(root).filter((entry) => !LEFT_OUT.test(entry.path)),
      ...ACCOUNTS,
      folder('tmp', 0o1777),
      folder('run'),
      link('etc/nginx/sites-enabled/default', '/etc/nginx/sites-available/default'),
      link('var/log/nginx/access.log', '/dev/stdout'),
      link('var/log/nginx/error.log', '/dev/stderr'),
      file(
        'var/www/html/index.html',
        '<!DOCTYPE html>\n<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>\n',
      ),
    ];
    return writeOciArchive([
      buildImage({
        name: 'docker.io/library/nginx:1.22',
        files: distinct(files),
        entrypoint: ['/usr/sbin/nginx', '-g', 'daemon off;'],
        exposedPorts: ['80/tcp'],
        stopSignal: 'SIGQUIT',
        architecture: ARCHITECTURE,
      }),
    ]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function filesBelow(root: string, current = root): TarEntry[] {
  return readdirSync(current)
    .sort()
    .flatMap((name): TarEntry[] => {
      const path = join(current, name);
      const inside = relative(root, path);
      const found = lstatSync(path);
      if (found.isSymbolicLink()) return [link(inside, readlinkSync(path))];
      if (found.isDirectory()) return [folder(inside, found.mode & 0o7777), ...filesBelow(root, path)];
      return found.isFile() ? [file(inside, readFileSync(path), found.mode & 0o7777)] : [];
    });
}

/** The last entry of each path. */
const distinct = (entries: readonly TarEntry[]): TarEntry[] => [
  ...new Map(entries.map((entry) => [entry.path, entry])).values(),
];

const MAKERS: Readonly<Record<string, () => Buffer>> = { busybox, hello, nginx };

/** Writes `NAME.tar` for each wanted image; the answer are the files. */
export function makeTestImages(target: string, wanted: readonly string[] = Object.keys(MAKERS)): string[] {
  mkdirSync(target, { recursive: true });
  return wanted.map((name) => {
    const make = MAKERS[name];
    if (!make) throw new Error(`unknown image ${name}; there are ${Object.keys(MAKERS).join(', ')}`);
    const path = join(target, `${name}.tar`);
    writeFileSync(path, make());
    return path;
  });
}

if (process.argv[1] && resolve(process.argv[1]) === new URL(import.meta.url).pathname) {
  const [target, ...wanted] = process.argv.slice(2);
  if (!target) {
    process.stderr.write('usage: node scripts/test-images.ts DIR [busybox] [hello] [nginx]\n');
    process.exit(2);
  }
  for (const path of makeTestImages(target, wanted.length ? wanted : undefined)) process.stdout.write(`${path}\n`);
}
