/** The flags of `zeroplane up` about the audit log. Source: kube-apiserver's flags of these names. */
import { resolve } from 'node:path';

export interface AuditLogOptions {
  /** A file, or `-` for the control plane's own log. */
  readonly path: string;
  /** Absent: the policy that notes metadata of everything. */
  readonly policyFile?: string;
  readonly megabytesMax: number;
  /** 0: all are kept. */
  readonly backupsMax: number;
  /** 0: they are kept for ever. */
  readonly daysMax: number;
}

export const AUDIT_FLAGS = {
  'audit-log-path': { type: 'string' },
  'audit-policy-file': { type: 'string' },
  'audit-log-maxsize': { type: 'string' },
  'audit-log-maxbackup': { type: 'string' },
  'audit-log-maxage': { type: 'string' },
} as const;

export const AUDIT_MEGABYTES_DEFAULT = 100;
export const AUDIT_BACKUPS_DEFAULT = 10;

type Values = { readonly [Flag in keyof typeof AUDIT_FLAGS]?: string | undefined };

/** Reads a whole number, or gives the fallback. */
export type WholeNumber = (
  flag: string,
  text: string | undefined,
  fallback: number,
  range: readonly [number, number],
) => number;

/** Undefined without a path: the log is off. Throws an Error whose message is fit to print. */
export function auditOptionsOf(values: Values, wholeNumber: WholeNumber): AuditLogOptions | undefined {
  const path = values['audit-log-path'];
  const given = Object.keys(AUDIT_FLAGS).find((flag) => values[flag as keyof Values] !== undefined);
  if (path === undefined) {
    if (given) throw new Error(`--${given} needs --audit-log-path`);
    return undefined;
  }
  const policyFile = values['audit-policy-file'];
  return {
    path,
    ...(policyFile === undefined ? {} : { policyFile }),
    megabytesMax: wholeNumber(
      'audit-log-maxsize',
      values['audit-log-maxsize'],
      AUDIT_MEGABYTES_DEFAULT,
      [1, 1_000_000],
    ),
    backupsMax: wholeNumber('audit-log-maxbackup', values['audit-log-maxbackup'], AUDIT_BACKUPS_DEFAULT, [0, 10_000]),
    daysMax: wholeNumber('audit-log-maxage', values['audit-log-maxage'], 0, [0, 36_500]),
  };
}

/** The flags that give these options again. */
export const auditFlagsOf = (options: AuditLogOptions | undefined): string[] =>
  options === undefined
    ? []
    : [
        ...['--audit-log-path', options.path === '-' ? '-' : resolve(options.path)],
        ...(options.policyFile === undefined ? [] : ['--audit-policy-file', resolve(options.policyFile)]),
        ...['--audit-log-maxsize', String(options.megabytesMax), '--audit-log-maxbackup', String(options.backupsMax)],
        ...['--audit-log-maxage', String(options.daysMax)],
      ];
