/**
 * Runs every check in order and says at the end how many tests passed. `--quick`: format, lint, types
 * and pure tests only. Two cores are the machine this is sized for: steps that keep both busy run one after
 * the other, and what needs only one runs beside what needs the other.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchKubectl } from './debian-kubectl.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const quick = process.argv.includes('--quick');
const scratch = mkdtempSync(join(tmpdir(), 'zeroplane-test-'));
const totals: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

function run(name: string, argv: readonly string[], options: { quiet?: boolean } = {}): boolean {
  const started = Date.now();
  const result = spawnSync(argv[0] as string, argv.slice(1), {
    stdio: options.quiet ? 'pipe' : 'inherit',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const good = result.status === 0;
  if (!good && options.quiet) process.stdout.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  console.log(`${good ? '✓' : '✗'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return good;
}

/** A check without tests of its own counts as one test. */
function check(name: string, argv: readonly string[]): void {
  const good = run(name, argv, { quiet: true });
  totals[good ? 'passed' : 'failed'] += 1;
  if (!good) failures.push(name);
}

/** A check that runs beside what follows, until it is waited for. */
function checkBeside(name: string, argv: readonly string[]): () => Promise<void> {
  const started = Date.now();
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: 'pipe' });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  return async () => {
    const good = await ended;
    if (!good) process.stdout.write(output);
    console.log(`${good ? '✓' : '✗'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    totals[good ? 'passed' : 'failed'] += 1;
    if (!good) failures.push(name);
  };
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  success: boolean;
}

function tests(project: string): void {
  const outputFile = join(scratch, `${project}.json`);
  const good = run(`tests: ${project}`, [
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${outputFile}`,
  ]);
  if (!good) failures.push(`tests: ${project}`);
  if (!existsSync(outputFile)) {
    totals.failed += 1;
    return;
  }
  const report = JSON.parse(readFileSync(outputFile, 'utf8')) as VitestReport;
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests + (good || report.numFailedTests > 0 ? 0 : 1);
  totals.skipped += report.numPendingTests + report.numTodoTests;
  if (report.numPassedTests + report.numFailedTests === 0) {
    totals.failed += 1;
    failures.push(`tests: ${project} ran none`);
  }
}

/** Programs some tests need; as root on Debian they are installed, elsewhere those tests say why they are skipped. */
function installTestPackages(): void {
  const needed: Readonly<Record<string, string>> = {
    '/usr/bin/containerd': 'containerd',
    '/usr/sbin/runc': 'runc',
    '/usr/lib/cni/ptp': 'containernetworking-plugins',
    '/usr/sbin/iptables': 'iptables',
    '/usr/bin/busybox': 'busybox-static',
  };
  const aliases: Readonly<Record<string, string>> = { '/usr/bin/busybox': '/bin/busybox' };
  const missing = Object.entries(needed).filter(([file]) => !existsSync(file) && !existsSync(aliases[file] ?? file));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`! not installed, and only root on Debian can install them here: ${packages.join(', ')}`);
    return;
  }
  process.env['DEBIAN_FRONTEND'] = 'noninteractive';
  run('Debian package lists', ['apt-get', 'update', '-q'], { quiet: true });
  run(`installed ${packages.join(', ')}`, ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages], {
    quiet: true,
  });
}

/** The clients' tests want a current kubectl; without it the system's own is used. */
function bringKubectl(): void {
  const why = fetchKubectl(join('dist', 'tools', 'kubectl'));
  if (why !== undefined) console.log(`! no current kubectl from Debian (${why}); tests use the installed one, if any`);
}

check('format', ['biome', 'format', '.']);
check('lint', ['oxlint', '--type-aware', '--deny-warnings', '.']);
const tsc = join('node_modules', 'typescript7', 'bin', 'tsc');
for (const project of ['schema', 'worker', 'agent-client', 'cli', 'tests', 'tests/tsconfig.workerd.json']) {
  check(`types: ${project}`, ['node', tsc, '-p', project]);
}
tests('unit');
if (!quick) {
  installTestPackages();
  bringKubectl();
  const simulated = checkBeside('simulation of the revision line', [
    'node',
    '--disable-warning=ExperimentalWarning',
    'tests/sim/run.ts',
    '--seeds',
    '200',
    '--steps',
    '5000',
  ]);
  check('wrangler accepts the Worker', ['wrangler', 'deploy', '--dry-run', '--outdir', join(scratch, 'bundle')]);
  tests('do');
  await simulated();
  tests('clients');
  tests('node');
}

rmSync(scratch, { recursive: true, force: true });
for (const name of failures) console.log(`failed: ${name}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || failures.length > 0 ? 1 : 0);
