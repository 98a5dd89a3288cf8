import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { agentNodeFlags } from '../setup/agent-flags.ts';
import type { DataDir } from '../setup/data-dir.ts';
import type { Plan } from '../setup/plan.ts';
import type { ChildSpec } from './children.ts';

export interface Programs {
  /** The project's root. */
  readonly root: string;
  /** The Node.js that runs built programs. */
  readonly node: string;
}

/** It ends late or never while streams are open; killed, it loses nothing. */
const CONTROL_PLANE_STOP_MS = 2_000;
const AGENT_STOP_MS = 45_000;
const AUDIT_LOG_STOP_MS = 2_000;
const CONTROL_PLANE = 'control-plane';
const AUDIT_LOG = 'audit-log';

const logFile = (dataDir: DataDir, name: string): string => join(dataDir.logs, `${name}.log`);

export const controlPlaneProcess = (plan: Plan, dataDir: DataDir): ChildSpec => ({
  name: CONTROL_PLANE,
  argv: plan.controlPlane,
  logFile: logFile(dataDir, CONTROL_PLANE),
  staleFile: plan.controlSocket,
  stopTimeoutMs: CONTROL_PLANE_STOP_MS,
});

/** None where no file is written. It outlives the control plane, whose last events it takes. */
export function auditLogProcesses(plan: Plan, dataDir: DataDir, { node, root }: Programs): readonly ChildSpec[] {
  const { auditLog } = plan;
  if (!auditLog) return [];
  const { socket, path, megabytesMax, backupsMax, daysMax } = auditLog;
  return [
    {
      name: AUDIT_LOG,
      argv: [
        ...[node, '--max-semi-space-size=1', join(root, 'dist', 'audit-log.mjs')],
        ...[socket, path, ...[megabytesMax, backupsMax, daysMax].map(String)],
      ],
      logFile: logFile(dataDir, AUDIT_LOG),
      stopTimeoutMs: AUDIT_LOG_STOP_MS,
      stopsLast: true,
    },
  ];
}

/** One process stands for all simulated nodes; real ones have a process each. */
export function agentProcesses(plan: Plan, dataDir: DataDir, programs: Programs): readonly ChildSpec[] {
  if (plan.nodes.length === 0) return [];
  const groups = plan.runtime === 'simulated' ? [plan.nodes] : plan.nodes.map((node) => [node]);
  return groups.map((group) => agentProcess(group, plan, dataDir, programs));
}

function agentProcess(group: Plan['nodes'], plan: Plan, dataDir: DataDir, { node, root }: Programs): ChildSpec {
  const first = group[0] as Plan['nodes'][number];
  mkdirSync(first.folder, { recursive: true, mode: 0o700 });
  const name = `node-${first.name}`;
  const argv = [
    node,
    ...agentNodeFlags(plan.runtime),
    join(root, 'dist', 'agent.mjs'),
    ...['--server', plan.runtime === 'containerd' ? plan.advertisedUrl : plan.localUrl],
    ...['--ca-file', plan.caFile, '--token-file', plan.joinTokenFile],
    ...['--node-name', first.name, '--data-dir', first.folder, '--runtime', plan.runtime],
    ...(group.length > 1 ? ['--simulated-nodes', String(group.length)] : []),
    // Ctrl-C stops everything: the pods too; they come back with the node.
    '--stop-pods-on-exit',
  ];
  return { name, argv, logFile: logFile(dataDir, name), stopTimeoutMs: AGENT_STOP_MS };
}
