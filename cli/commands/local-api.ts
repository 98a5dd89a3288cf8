import { existsSync, readFileSync } from 'node:fs';
import { planFile } from '../setup/prepare.ts';
import { dataDirAt, runningSupervisor, UserError } from '../setup/data-dir.ts';
import type { Plan } from '../setup/plan.ts';
import { ApiClient } from '../supervisor/api-client.ts';

/** The plan of the cluster that last ran from a data directory. */
export function readPlan(directory: string): Plan {
  const dataDir = dataDirAt(directory);
  if (!existsSync(planFile(dataDir))) {
    throw new UserError(
      `no cluster has been started from ${dataDir.path}; start one with: npx zeroplane up --data-dir ${dataDir.path}`,
    );
  }
  return JSON.parse(readFileSync(planFile(dataDir), 'utf8')) as Plan;
}

/** A client of the cluster running from a data directory, as its administrator. */
export function localApi(directory: string): { plan: Plan; api: ApiClient } {
  const plan = readPlan(directory);
  if (runningSupervisor(dataDirAt(directory)) === undefined) {
    throw new UserError(
      `nothing runs from ${dataDirAt(directory).path}; start it with: npx zeroplane up --data-dir ${dataDirAt(directory).path}`,
    );
  }
  return { plan, api: new ApiClient(plan.localUrl, readFileSync(plan.caFile, 'utf8'), plan.adminToken) };
}
