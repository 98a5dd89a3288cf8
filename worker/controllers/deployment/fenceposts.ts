/** How far a rolling update may go above and below the wanted size. Source: deployment_util.go ResolveFenceposts. */
import type { Deployment } from '../workload-types.ts';
import { replicasOf } from './replica-set-list.ts';

export interface Fenceposts {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

export const isRollingUpdate = (deployment: Deployment): boolean => deployment.spec?.strategy?.type !== 'Recreate';

export function fencepostsOf(deployment: Deployment): Fenceposts {
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const replicas = replicasOf(deployment);
  const { maxSurge: surge, maxUnavailable: unavailable } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const maxSurge = scaled(surge, replicas, Math.ceil);
  const maxUnavailable = scaled(unavailable, replicas, Math.floor);
  // Rounding may leave no room to move at all; then one pod may be missing.
  const room = maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable;
  return { maxSurge, maxUnavailable: Math.min(room, replicas) };
}

function scaled(value: number | string | undefined, total: number, round: (value: number) => number): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const percent = /^([0-9]+)%$/.exec(value)?.[1];
  return percent === undefined ? 0 : round((Number(percent) * total) / 100);
}
