import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { UpOptions } from '../supervisor/options.ts';
import { authenticationBindings } from './authentication-bindings.ts';
import { auditBindings } from './audit-bindings.ts';
import { ensureCertificates, sha256Hex } from './certificates.ts';
import { ensureToken, writeKubeconfig } from './credentials.ts';
import { type DataDir, openDataDir, UserError } from './data-dir.ts';
import { encryptionKeyFile, ensureEncryptionKeys } from './encryption-keys.ts';
import { installPackages, missingPackages, type Runtime, whyNoContainers } from './host-packages.ts';
import { clearPlainRemains, notePlainRemains } from './plain-remains.ts';
import type { Plan } from './plan.ts';
import { WORKER_SETTINGS } from './worker-settings.ts';
import { workerdConfig } from './workerd-config.ts';
import { workerdProgram } from './workerd-program.ts';

export interface PrepareContext {
  /** The project's root, where `dist/` and `node_modules/` are. */
  readonly root: string;
  readonly now: number;
  /** Prints one finished step. */
  step(text: string): void;
  /** Prints what the user should know. */
  note(text: string): void;
}

/** Everything `up` needs on disk before a process starts. Idempotent: what exists is kept. */
export async function prepare(options: UpOptions, context: PrepareContext): Promise<Plan> {
  const authentication = authenticationBindings(options.authenticationConfig);
  const dataDir = openDataDir(options.dataDir);
  await assertPortFree(options.port);
  const certificates = await ensureCertificates(dataDir.secrets, context.now);
  const adminToken = ensureToken(dataDir.secrets, 'admin-token');
  if (!existsSync(encryptionKeyFile(dataDir))) notePlainRemains(dataDir);
  else if (await clearPlainRemains(dataDir))
    context.step('wrote the state anew, without what was stored in plain text before');
  const keyFile = ensureEncryptionKeys(dataDir);
  const audit = auditBindings(options.auditLog, dataDir);
  const localUrl = `https://127.0.0.1:${options.port}`;
  const advertisedUrl = `https://${primaryAddress() ?? '127.0.0.1'}:${options.port}`;
  writeKubeconfig({
    file: dataDir.kubeconfig,
    server: localUrl,
    caPem: certificates.caPem,
    token: adminToken,
    cluster: WORKER_SETTINGS.vars.CLUSTER,
  });
  context.step(`credentials and kubeconfig in ${dataDir.path}`);

  const controlSocket = join(dataDir.run, 'control.sock');
  const configFile = join(dataDir.run, 'workerd.capnp');
  rmSync(configFile, { force: true });
  writeFileSync(
    configFile,
    workerdConfig({
      port: options.port,
      folder: dataDir.run,
      controlSocket,
      workerFile: join(context.root, 'dist', 'worker.js'),
      stateFolder: dataDir.state,
      keyFile: certificates.keyFile,
      certificateFile: certificates.certificateFile,
      bindings: {
        ADMIN_TOKEN_SHA256: sha256Hex(adminToken),
        CLUSTER_CA: certificates.caPem,
        API_SERVER_URL: advertisedUrl,
        ...authentication.bindings,
        ...audit.bindings,
      },
      trusts: authentication.trusts,
      ...(audit.auditLog ? { auditSocket: audit.auditLog.socket } : {}),
      fileBindings: { SECRETS_ENCRYPTION_KEYS: keyFile },
    }),
    { mode: 0o600 },
  );

  const runtime = options.nodes === 0 ? 'simulated' : chooseRuntime(options, context);
  const plan: Plan = {
    port: options.port,
    localUrl,
    advertisedUrl,
    caFile: certificates.caFile,
    kubeconfig: dataDir.kubeconfig,
    adminToken,
    controlSocket,
    joinTokenFile: join(dataDir.secrets, 'join-token'),
    controlPlane: [workerdProgram(context.root), 'serve', configFile],
    ...(audit.auditLog ? { auditLog: audit.auditLog } : {}),
    runtime,
    nodes: nodeNames(options.nodes).map((name) => ({ name, folder: dataDir.node(name) })),
  };
  writePlan(dataDir, plan);
  return plan;
}

export const planFile = (dataDir: DataDir): string => join(dataDir.run, 'plan.json');

const writePlan = (dataDir: DataDir, plan: Plan): void =>
  writeFileSync(planFile(dataDir), JSON.stringify(plan), { mode: 0o600 });

function chooseRuntime({ runtime }: UpOptions, context: PrepareContext): Runtime {
  if (runtime === 'simulated') return 'simulated';
  const why = whyNoContainers() ?? installMissing(context);
  if (why === undefined) return 'containerd';
  if (runtime === 'containerd') throw new UserError(`--runtime containerd: ${why}; --runtime simulated needs neither`);
  context.note(`the node is simulated, no real containers run: ${why}`);
  return 'simulated';
}

function installMissing(context: PrepareContext): string | undefined {
  const packages = missingPackages();
  if (packages.length === 0) return undefined;
  const failure = installPackages(packages);
  if (failure === undefined) context.step(`installed ${packages.join(', ')}`);
  return failure;
}

/** The first node is named after the machine, as a kubelet would be; further ones are numbered. */
function nodeNames(count: number): string[] {
  const base =
    hostname()
      .toLowerCase()
      .replace(/[^a-z0-9.-]/g, '-')
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
      .slice(0, 50) || 'node';
  return Array.from({ length: count }, (_, index) => (index === 0 ? base : `${base}-${index + 1}`));
}

function primaryAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => !address.internal && address.family === 'IPv4')?.address;
}

async function assertPortFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UserError(
          error.code === 'EADDRINUSE'
            ? `port ${port} is already taken; choose another with --port N`
            : `cannot listen on port ${port}: ${error.message}; choose another with --port N`,
        ),
      ),
    );
    probe.listen({ port, host: '::', exclusive: true }, () => probe.close(() => resolve()));
  });
}
