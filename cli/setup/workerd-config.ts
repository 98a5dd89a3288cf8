import { relative } from 'node:path';
import { WORKER_SETTINGS } from './worker-settings.ts';

export interface WorkerdConfigOptions {
  readonly port: number;
  /** Path of the supervisor's own socket, without TLS. */
  readonly controlSocket: string;
  /** Where the configuration will lie: `embed` takes paths relative to it only. */
  readonly folder: string;
  /** Absolute paths, as the following are. */
  readonly workerFile: string;
  readonly stateFolder: string;
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Text bindings beyond those of `WORKER_SETTINGS`, secrets among them. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Networks for outside issuers that have an authority of their own: binding's name to its PEM. */
  readonly trusts?: Readonly<Record<string, string>>;
  /** Text bindings that are read from a file (absolute path) when the process starts: keys are in one place only. */
  readonly fileBindings?: Readonly<Record<string, string>>;
  /** The Unix socket of who writes the audit log. */
  readonly auditSocket?: string;
}

/** A Cap'n Proto text literal. */
const quote = (text: string): string =>
  `"${[...text]
    .map((c) => (c === '"' || c === '\\' ? `\\${c}` : c === '\n' ? '\\n' : c === '\r' ? '\\r' : c === '\t' ? '\\t' : c))
    .join('')}"`;

/**
 * The self-hosted process's configuration: one TLS socket, the Worker, its Durable Objects on local disk.
 * `uniqueKey` is what `wrangler dev` derives too, so that both open the same files.
 * The hub is never evicted: it holds the merged stream in memory.
 */
export function workerdConfig(options: WorkerdConfigOptions): string {
  const { name, compatibilityDate, compatibilityFlags, durableObjects, vars } = WORKER_SETTINGS;
  const embed = (file: string) => `embed ${quote(relative(options.folder, file))}`;
  const trusts = Object.entries(options.trusts ?? {});
  const { auditSocket } = options;
  const files = Object.entries(options.fileBindings ?? {});
  const texts = Object.entries({ ...vars, ...options.bindings });
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "zeroplane", worker = .zeroplane),
${auditSocket === undefined ? '' : `    (name = "audit-log", external = (address = ${quote(`unix:${auditSocket}`)}, http = ())),\n`}    (name = "state", disk = (path = ${quote(options.stateFolder)}, writable = true)),
    (name = "outside", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
${trusts
  .map(
    ([binding, pem]) =>
      `    (name = ${quote(binding)}, network = (allow = ["public", "private"], tlsOptions = (trustedCertificates = [${quote(pem)}]))),\n`,
  )
  .join('')}  ],
  sockets = [
    (name = "https", address = "*:${options.port}", service = "zeroplane", https = (
      options = (),
      tlsOptions = (keypair = (
        privateKey = ${embed(options.keyFile)},
        certificateChain = ${embed(options.certificateFile)},
      )),
    )),
    (name = "control", address = ${quote(`unix:${options.controlSocket}`)}, service = "zeroplane", http = ()),
  ],
);

const zeroplane :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = ${embed(options.workerFile)})],
  compatibilityDate = ${quote(compatibilityDate)},
  compatibilityFlags = [${compatibilityFlags.map(quote).join(', ')}],
  durableObjectNamespaces = [
${durableObjects
  .map(
    ({ className }) =>
      `    (className = ${quote(className)}, uniqueKey = ${quote(`${name}-${className}`)}, enableSql = true${className === 'Hub' ? ', preventEviction = true' : ''}),`,
  )
  .join('\n')}
  ],
  durableObjectStorage = (localDisk = "state"),
  globalOutbound = "outside",
  bindings = [
${durableObjects.map(({ binding, className }) => `    (name = ${quote(binding)}, durableObjectNamespace = ${quote(className)}),`).join('\n')}
${trusts.map(([binding]) => `    (name = ${quote(binding)}, service = ${quote(binding)}),\n`).join('')}${texts.map(([key, value]) => `    (name = ${quote(key)}, text = ${quote(value)}),`).join('\n')}
${auditSocket === undefined ? '' : '    (name = "AUDIT_LOG", service = "audit-log"),\n'}${files.map(([key, file]) => `    (name = ${quote(key)}, text = ${embed(file)}),`).join('\n')}
  ],
);
`;
}
