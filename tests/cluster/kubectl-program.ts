/** The kubectl that tests run. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What `npm test` fetches; the system's own may be years old. */
const CURRENT = new URL('../../dist/tools/kubectl', import.meta.url).pathname;

export const KUBECTL = existsSync(CURRENT) ? CURRENT : '/usr/bin/kubectl';

export const hasKubectl = (): boolean => existsSync(KUBECTL);

/** Its minor version, 0 when there is none: older programs lack some verbs and flags. */
export function kubectlMinor(): number {
  if (!hasKubectl()) return 0;
  const { clientVersion } = JSON.parse(
    execFileSync(KUBECTL, ['version', '--client', '-o', 'json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { clientVersion: { minor: string } };
  return Number.parseInt(clientVersion.minor, 10);
}
