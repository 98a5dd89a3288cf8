import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { dataDirAt, UserError } from '../setup/data-dir.ts';
import type { Plan } from '../setup/plan.ts';
import { ApiClient } from '../supervisor/api-client.ts';
import { createJoinToken } from '../supervisor/join-token.ts';
import { readPlan } from './local-api.ts';

const READY_TIMEOUT_MS = 60_000;
const NODES_READY_TIMEOUT_MS = 120_000;
const POLL_INTERVAL_MS = 40;
const JOIN_TOKEN_LIFE_MS = 3_600_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const secondsSince = (started: number): string => `${((Date.now() - started) / 1000).toFixed(1)} s`;
const clientOf = (plan: Plan): ApiClient =>
  new ApiClient(plan.localUrl, readFileSync(plan.caFile, 'utf8'), plan.adminToken);

/** A step of `up`: waits until the control plane answers, then makes the token with which local nodes join. */
export const awaitControlPlaneCommand = ({ dataDir }: { dataDir: string }): Command =>
  new Command('await-control-plane')
    .option('--data-dir <dir>', '', dataDir)
    .action(async (options: { dataDir: string }) => {
      const plan = readPlan(options.dataDir);
      const api = clientOf(plan);
      const started = Date.now();
      let last = '';
      for (;;) {
        try {
          // Secrets that cannot be opened are no reason not to serve the rest.
          const answer = await api.call('GET', '/readyz?exclude=secrets-encryption', undefined, 5_000);
          if (answer.code === 200) break;
          last = answer.body.slice(0, 200);
        } catch (error) {
          last = (error as Error).message;
        }
        if (Date.now() - started > READY_TIMEOUT_MS) {
          throw new UserError(
            `the control plane did not become ready (${last}); its log is in ${dataDirAt(options.dataDir).logs}`,
          );
        }
        await sleep(POLL_INTERVAL_MS);
      }
      if (plan.nodes.length > 0) {
        const description = 'Nodes of the machine that runs the control plane.';
        const token = await createJoinToken(api, { lifeMs: JOIN_TOKEN_LIFE_MS, description, now: Date.now() });
        writeFileSync(plan.joinTokenFile, token, { mode: 0o600 });
      }
      const secrets = await api.call('GET', '/readyz/secrets-encryption');
      api.close();
      if (secrets.code !== 200) console.log(`  ! ${secrets.body.trim().replace(/^internal server error: /, '')}`);
      console.log(`  ✓ control plane ready on ${plan.localUrl} (${secondsSince(started)})`);
    });

/** A step of `up`: waits until all local nodes are Ready; says which are not when that takes too long. */
export const awaitNodesCommand = ({ dataDir }: { dataDir: string }): Command =>
  new Command('await-nodes').option('--data-dir <dir>', '', dataDir).action(async (options: { dataDir: string }) => {
    const plan = readPlan(options.dataDir);
    const api = clientOf(plan);
    const started = Date.now();
    let waiting = plan.nodes.map((node) => node.name);
    while (waiting.length > 0 && Date.now() - started < NODES_READY_TIMEOUT_MS) {
      const answer = await api.call('GET', '/api/v1/nodes').catch(() => undefined);
      if (answer?.code === 200) waiting = notReady(waiting, answer.body);
      if (waiting.length > 0) await sleep(POLL_INTERVAL_MS);
    }
    api.close();
    const what = plan.nodes.length === 1 ? `node ${plan.nodes[0]?.name}` : `${plan.nodes.length} nodes`;
    if (waiting.length === 0) console.log(`  ✓ ${what} ready, ${plan.runtime} (${secondsSince(started)})`);
    else console.log(`  ! not ready yet: ${waiting.join(', ')}; logs are in ${dataDirAt(options.dataDir).logs}`);
  });

/** Which of `names` the node list does not show as Ready. */
export function notReady(names: readonly string[], nodeList: string): string[] {
  const { items } = JSON.parse(nodeList) as {
    items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
  };
  const ready = new Set(
    items
      .filter((node) => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
      .map((node) => node.metadata.name),
  );
  return names.filter((name) => !ready.has(name));
}
