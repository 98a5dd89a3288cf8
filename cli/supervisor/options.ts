import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AUDIT_FLAGS, auditFlagsOf, type AuditLogOptions, auditOptionsOf } from './audit-flags.ts';

export type RuntimeChoice = 'auto' | 'containerd' | 'simulated';

export interface UpOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly nodes: number;
  readonly runtime: RuntimeChoice;
  readonly detach: boolean;
  /** File of an AuthenticationConfiguration. */
  readonly authenticationConfig?: string;
  /** Absent: nothing is audited. */
  readonly auditLog?: AuditLogOptions;
}

export const PORT_DEFAULT = 6443;
const NODES_MAX = 1000;

/** The flags of `zeroplane up`, for this parser and for the help of the full command alike. */
export const UP_FLAGS = {
  'data-dir': { type: 'string' },
  port: { type: 'string' },
  nodes: { type: 'string' },
  runtime: { type: 'string' },
  detach: { type: 'boolean' },
  'authentication-config': { type: 'string' },
  ...AUDIT_FLAGS,
} as const;

/** The flags that give these options again, in the foreground. */
export const flagsOf = ({ dataDir, port, nodes, runtime, authenticationConfig, auditLog }: UpOptions): string[] => [
  ...['--data-dir', resolve(dataDir)],
  ...['--port', String(port), '--nodes', String(nodes), '--runtime', runtime],
  ...(authenticationConfig === undefined ? [] : ['--authentication-config', resolve(authenticationConfig)]),
  ...auditFlagsOf(auditLog),
];

function wholeNumber(
  flag: string,
  text: string | undefined,
  fallback: number,
  [min, max]: readonly [number, number],
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Error(`--${flag} takes a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** Parses `up`'s flags; throws an Error whose message is fit to print. */
export function parseUpOptions(args: readonly string[], defaultDataDir: string): UpOptions {
  const { values, positionals } = parseArgs({ args: [...args], options: UP_FLAGS, allowPositionals: true });
  if (positionals.length > 0)
    throw new Error(`up takes no argument ${JSON.stringify(positionals[0])}; see: npx zeroplane up --help`);
  const runtime = values.runtime ?? 'auto';
  if (runtime !== 'auto' && runtime !== 'containerd' && runtime !== 'simulated') {
    throw new Error(`--runtime takes auto, containerd or simulated, not ${JSON.stringify(runtime)}`);
  }
  const auditLog = auditOptionsOf(values, wholeNumber);
  return {
    dataDir: values['data-dir'] ?? defaultDataDir,
    port: wholeNumber('port', values.port, PORT_DEFAULT, [1, 65_535]),
    nodes: wholeNumber('nodes', values.nodes, 1, [0, NODES_MAX]),
    runtime,
    detach: values.detach ?? false,
    ...(values['authentication-config'] === undefined ? {} : { authenticationConfig: values['authentication-config'] }),
    ...(auditLog ? { auditLog } : {}),
  };
}
