import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readAuditPolicy } from '../../schema/configuration/audit-policy.ts';
import type { AuditLogOptions } from '../supervisor/audit-flags.ts';
import { type DataDir, UserError } from './data-dir.ts';
import type { AuditLogPlan } from './plan.ts';

export interface AuditBindings {
  /** Text bindings of the Worker. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Who writes the log; absent: no one (it is off, or goes to the control plane's own log). */
  readonly auditLog?: AuditLogPlan;
}

/** What the audit flags of `up` mean. Throws a `UserError` that says all that is wrong with the policy. */
export function auditBindings(options: AuditLogOptions | undefined, dataDir: DataDir): AuditBindings {
  if (!options) return { bindings: {} };
  const text = options.policyFile === undefined ? 'default' : policyText(options.policyFile);
  const bindings = { AUDIT_POLICY: text };
  if (options.path === '-') return { bindings };
  const path = resolve(options.path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new UserError(`--audit-log-path ${path}: ${(error as Error).message}`);
  }
  const { megabytesMax, backupsMax, daysMax } = options;
  return { bindings, auditLog: { socket: join(dataDir.run, 'audit.sock'), path, megabytesMax, backupsMax, daysMax } };
}

function policyText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`--audit-policy-file ${file}: ${(error as Error).message}`);
  }
  const policy = readAuditPolicy(text);
  if (!policy.ok) throw new UserError(`--audit-policy-file ${file}: ${policy.error}`);
  return text;
}
