import { Command } from 'commander';
import { UserError } from '../setup/data-dir.ts';
import { createJoinToken } from '../supervisor/join-token.ts';
import { localApi } from './local-api.ts';

const HOUR_MS = 3_600_000;
const SECRETS = '/api/v1/namespaces/kube-system/secrets';

interface TokenSecret {
  metadata: { name: string };
  data?: Record<string, string>;
}

const text = (secret: TokenSecret, key: string): string =>
  Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');

/** Join tokens: with one, a machine becomes a node of the cluster. */
export const tokenCommand = ({ dataDir }: { dataDir: string }): Command => {
  const command = new Command('token').description('make, list and revoke join tokens');
  command
    .command('create')
    .description('make a join token and print how to use it')
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .option('--ttl <hours>', 'hours until it ends; 0 for never', '24')
    .action(async (options: { dataDir: string; ttl: string }) => {
      const hours = Number(options.ttl);
      if (!Number.isFinite(hours) || hours < 0)
        throw new UserError(`--ttl takes a number of hours, not ${JSON.stringify(options.ttl)}`);
      const { plan, api } = localApi(options.dataDir);
      const token = await createJoinToken(api, {
        lifeMs: hours * HOUR_MS,
        description: 'Made by zeroplane token create.',
        now: Date.now(),
      });
      api.close();
      console.log(token);
      console.error(
        `\nOn the new node, with a copy of ${plan.caFile}:\n  npx zeroplane agent --server ${plan.advertisedUrl} --token ${token} --ca-file ca.crt`,
      );
    });
  command
    .command('list')
    .description('list join tokens, without their secrets')
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .action(async (options: { dataDir: string }) => {
      const { api } = localApi(options.dataDir);
      const answer = await api.call('GET', `${SECRETS}?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken`);
      api.close();
      for (const secret of (JSON.parse(answer.body) as { items: TokenSecret[] }).items) {
        console.log(
          `${text(secret, 'token-id')}\t${text(secret, 'expiration') || 'never ends'}\t${text(secret, 'description')}`,
        );
      }
    });
  command
    .command('revoke')
    .description('revoke a join token; nodes that joined with it stay')
    .argument('<id>', 'the token, or its part before the dot')
    .option('--data-dir <dir>', 'the data directory of `up`', dataDir)
    .action(async (id: string, options: { dataDir: string }) => {
      const { api } = localApi(options.dataDir);
      const answer = await api.call(
        'DELETE',
        `${SECRETS}/bootstrap-token-${encodeURIComponent(id.split('.')[0] ?? '')}`,
      );
      api.close();
      if (answer.code !== 200)
        throw new UserError((JSON.parse(answer.body) as { message?: string }).message ?? `answer ${answer.code}`);
      console.log('revoked');
    });
  return command;
};
