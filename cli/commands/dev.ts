import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { authenticationBindings } from '../setup/authentication-bindings.ts';
import { ensureCertificates, sha256Hex } from '../setup/certificates.ts';
import { ensureToken, writeKubeconfig } from '../setup/credentials.ts';
import { openDataDir } from '../setup/data-dir.ts';
import { ensureEncryptionKeys, readEncryptionKeys } from '../setup/encryption-keys.ts';
import { WORKER_SETTINGS } from '../setup/worker-settings.ts';
import { projectRoot } from './project-root.ts';

/** The same Worker under `wrangler dev`, over TLS, rebuilt on every change; its state is this command's own. */
export const devCommand = ({ dataDir }: { dataDir: string }): Command =>
  new Command('dev')
    .description('run the control plane under wrangler dev, for work on its code')
    .option('--data-dir <dir>', 'where to keep credentials and state', `${dataDir}-dev`)
    .option('--port <n>', 'port of the API server (TLS)', '6444')
    .option('--authentication-config <file>', 'an AuthenticationConfiguration, without authorities of its issuers')
    .action(async (options: { dataDir: string; port: string; authenticationConfig?: string }) => {
      const directory = openDataDir(options.dataDir);
      const certificates = await ensureCertificates(directory.secrets, Date.now());
      const token = ensureToken(directory.secrets, 'admin-token');
      const server = `https://127.0.0.1:${options.port}`;
      writeKubeconfig({
        file: directory.kubeconfig,
        server,
        caPem: certificates.caPem,
        token,
        cluster: WORKER_SETTINGS.vars.CLUSTER,
      });
      console.log(`  ✓ kubeconfig ${directory.kubeconfig}`);
      const variables = {
        ADMIN_TOKEN_SHA256: sha256Hex(token),
        API_SERVER_URL: server,
        CLUSTER_CA: certificates.caPem,
        ...authenticationBindings(options.authenticationConfig).bindings,
      };
      // Not among the arguments, which everyone on the machine may read.
      const secretsFile = join(directory.run, 'dev.env');
      ensureEncryptionKeys(directory);
      const keys = readEncryptionKeys(directory).map(({ name, base64 }) => `${name}:${base64}`);
      writeFileSync(secretsFile, `SECRETS_ENCRYPTION_KEYS="${keys.join(',')}"\n`, { mode: 0o600 });
      const argv = [
        join(projectRoot(), 'node_modules', 'wrangler', 'bin', 'wrangler.js'),
        'dev',
        ...[
          '--local-protocol',
          'https',
          '--https-key-path',
          certificates.keyFile,
          '--https-cert-path',
          certificates.certificateFile,
        ],
        ...[
          '--ip',
          '127.0.0.1',
          '--port',
          options.port,
          '--persist-to',
          directory.state,
          '--show-interactive-dev-session=false',
        ],
        ...['--env-file', secretsFile],
        ...Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
      ];
      const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' };
      const child = spawn(process.execPath, argv, { stdio: 'inherit', cwd: projectRoot(), env });
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
      process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 0)));
    });
