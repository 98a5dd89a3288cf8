import { Command } from 'commander';
import { type DataDir, dataDirAt, UserError } from '../setup/data-dir.ts';
import { newKey, readEncryptionKeys, type StoredKey, writeEncryptionKeys } from '../setup/encryption-keys.ts';
import type { ApiClient } from '../supervisor/api-client.ts';
import { readChildren, stopChild } from '../supervisor/children.ts';
import { sleep } from '../supervisor/sleep.ts';
import type { SealSummary } from '../../schema/protocol/seal-report.ts';
import { localApi } from './local-api.ts';

const POLL_INTERVAL_MS = 250;
const RESTART_TIMEOUT_MS = 60_000;
/** Without any progress for this long, what is left cannot be sealed anew. */
const STALL_MS = 30_000;

const keyNameOf = (seal: string | null): string => (seal === null ? 'plain text' : (seal.split('/')[0] ?? ''));

async function summaryOf(api: ApiClient): Promise<SealSummary> {
  const answer = await api.call('GET', '/internal/secrets-encryption', undefined, 60_000);
  if (answer.code !== 200)
    throw new UserError(`the control plane answered ${answer.code}: ${answer.body.slice(0, 200)}`);
  return JSON.parse(answer.body) as SealSummary;
}

const rowsUnder = (summary: SealSummary, isCurrent: boolean): number =>
  summary.rows.filter(({ seal }) => (seal === summary.current) === isCurrent).reduce((sum, { rows }) => sum + rows, 0);

/** Lines for people. */
export function describe(summary: SealSummary): readonly string[] {
  return [
    ...(summary.problem ? [`! ${summary.problem}`] : []),
    `new Secrets are stored under ${keyNameOf(summary.current)}`,
    ...summary.rows.map(({ seal, rows }) => `${rows} rows under ${keyNameOf(seal)}`),
    ...(summary.pendingShards > 0 ? [`${summary.pendingShards} of ${summary.shards} shards are not finished`] : []),
    ...(summary.unreadable > 0 ? [`! ${summary.unreadable} rows cannot be opened`] : []),
  ];
}

/** Ends the control plane's process; the supervisor starts it again, with the key file as it is now. */
async function restartControlPlane(dataDir: DataDir, api: ApiClient, first: StoredKey): Promise<void> {
  const [controlPlane] = readChildren(dataDir);
  if (!controlPlane) throw new UserError(`nothing runs from ${dataDir.path}`);
  // Open watches and polls would keep it; killed, it loses nothing.
  await stopChild(controlPlane);
  const deadline = Date.now() + RESTART_TIMEOUT_MS;
  for (;;) {
    await sleep(POLL_INTERVAL_MS);
    const [now] = readChildren(dataDir);
    const summary = now?.pid === controlPlane.pid ? undefined : await summaryOf(api).catch(() => undefined);
    if (summary && keyNameOf(summary.current) === first.name) return;
    if (Date.now() > deadline)
      throw new UserError('the control plane did not come back; `zeroplane secrets rotate` goes on from here');
  }
}

/** Waits until every row lies under the first key. */
async function awaitSealed(api: ApiClient): Promise<void> {
  let left = Number.POSITIVE_INFINITY;
  for (let progressAt = Date.now(); ; await sleep(POLL_INTERVAL_MS)) {
    const summary = await summaryOf(api);
    const waiting = rowsUnder(summary, false);
    if (waiting === 0 && summary.pendingShards === 0) return;
    if (waiting < left) {
      console.log(`  … ${rowsUnder(summary, true)} rows sealed under ${keyNameOf(summary.current)}, ${waiting} to go`);
      progressAt = Date.now();
      left = waiting;
    }
    if (Date.now() - progressAt > STALL_MS) {
      throw new UserError(
        `${waiting} rows stay under other keys (${summary.unreadable} cannot be opened); all keys are kept, see: npx zeroplane secrets status`,
      );
    }
  }
}

/**
 * A new key in front, everything sealed under it, the keys before it dropped. Each step leaves a key file
 * that opens whatever is stored, so that it may be killed anywhere and run again.
 */
async function rotate(directory: string): Promise<void> {
  const dataDir = dataDirAt(directory);
  const { api } = localApi(directory);
  try {
    let keys = readEncryptionKeys(dataDir);
    if (keys.length > 1) console.log(`  … going on with the rotation to ${keys[0]?.name}`);
    else {
      keys = [newKey(keys), ...keys];
      writeEncryptionKeys(dataDir, keys);
    }
    const [first] = keys as readonly [StoredKey];
    if (keyNameOf((await summaryOf(api)).current) !== first.name) await restartControlPlane(dataDir, api, first);
    console.log(`  ✓ new Secrets are stored under ${first.name}`);
    await awaitSealed(api);
    console.log(`  ✓ all Secrets are stored under ${first.name}`);
    writeEncryptionKeys(dataDir, [first]);
    await restartControlPlane(dataDir, api, first);
    const dropped = keys.slice(1).map(({ name }) => name);
    console.log(`  ✓ dropped ${dropped.join(', ')}; backups made before need the key file of their time`);
  } finally {
    api.close();
  }
}

/** The keys under which Secrets lie on disk. */
export const secretsCommand = ({ dataDir }: { dataDir: string }): Command => {
  const command = new Command('secrets').description('the keys under which Secrets are stored');
  command
    .command('status')
    .description('say under which keys Secrets are stored')
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .action(async (options: { dataDir: string }) => {
      const { api } = localApi(options.dataDir);
      try {
        for (const line of describe(await summaryOf(api))) console.log(line);
      } finally {
        api.close();
      }
    });
  command
    .command('rotate')
    .description('make a new key, store every Secret under it and drop the old one (restarts the control plane twice)')
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .action((options: { dataDir: string }) => rotate(options.dataDir));
  return command;
};
