import { execFileSync } from 'node:child_process';
import { hasKubectl, KUBECTL } from './running-cluster.ts';

/** kubectl's minor version, 0 when there is none: older programs lack some verbs and flags. */
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
