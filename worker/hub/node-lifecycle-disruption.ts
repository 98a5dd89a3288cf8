/**
 * How fast lost nodes' pods may be evicted: the more nodes of a zone are lost, the more likely the
 * fault lies elsewhere. Source: pkg/controller/nodelifecycle (handleDisruption, ComputeZoneState).
 */
import type { Node } from '../scheduler/node-info.ts';
import { readinessOf } from './node-lifecycle-conditions.ts';

/** One node in ten seconds; in large zones that are mostly lost one in a hundred; in small ones none. */
const EVICTION_INTERVAL_MS = 10_000;
const REDUCED_EVICTION_INTERVAL_MS = 100_000;
const LARGE_ZONE_NODES = 50;
const UNHEALTHY_SHARE = 0.55;
const UNHEALTHY_NODES_MIN = 3;

export interface Disruption {
  /** Every zone is lost: nothing is evicted. */
  readonly isEverythingLost: boolean;
  /** By zone, the least time between two nodes' evictions; absent: none at all. */
  readonly intervalMs: ReadonlyMap<string, number>;
}

export const zoneOf = (node: Node): string => {
  const labels = node.metadata.labels ?? {};
  return `${labels['topology.kubernetes.io/region'] ?? ''}/${labels['topology.kubernetes.io/zone'] ?? ''}`;
};

export function disruptionOf(nodes: Iterable<Node>): Disruption {
  const zones = new Map<string, { ready: number; lost: number }>();
  for (const node of nodes) {
    const name = zoneOf(node);
    const zone = zones.get(name) ?? { ready: 0, lost: 0 };
    zones.set(name, zone);
    if (readinessOf(node) === 'True') zone.ready += 1;
    else zone.lost += 1;
  }
  const isEverythingLost = zones.size > 0 && [...zones.values()].every(({ ready }) => ready === 0);
  const intervalMs = new Map<string, number>();
  for (const [name, zone] of zones) {
    const interval = intervalOf(zone);
    if (interval !== undefined) intervalMs.set(name, interval);
  }
  return { isEverythingLost, intervalMs };
}

function intervalOf({ ready, lost }: { ready: number; lost: number }): number | undefined {
  const isPartial = ready > 0 && lost >= UNHEALTHY_NODES_MIN && lost / (ready + lost) >= UNHEALTHY_SHARE;
  if (!isPartial) return EVICTION_INTERVAL_MS;
  return ready + lost > LARGE_ZONE_NODES ? REDUCED_EVICTION_INTERVAL_MS : undefined;
}
