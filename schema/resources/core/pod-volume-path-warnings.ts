/** Files of one volume that overwrite each other. Source: kubernetes pkg/api/pod/warnings.go (1.37). */
import { pushAll } from '../../meta/push-all.ts';
import { goQuote } from '../../meta/go-format.ts';
import { withoutTrailing } from '../../meta/without-trailing.ts';
import type { Volume } from './pod-types.ts';

interface Target {
  readonly path: string;
  /** Where it comes from; empty in volumes of one source. */
  readonly source: string;
}

type ProjectedSource = NonNullable<NonNullable<Volume['projected']>['sources']>[number];
type Items = readonly { path: string }[];

export function volumePathWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const { name = '', configMap, secret, downwardAPI, projected } = volume;
    const warn = (what: string, targets: readonly Target[]): string[] =>
      overlaps(targets).map((text) => `volume ${goQuote(name)} (${what}): overlapping paths: ${text}`);
    const warnings: string[] = [];
    if (configMap?.items)
      pushAll(warnings, warn(`ConfigMap ${goQuote(configMap.name ?? '')}`, of(configMap.items, '')));
    if (secret?.items) pushAll(warnings, warn(`Secret ${goQuote(secret.secretName ?? '')}`, of(secret.items, '')));
    if (downwardAPI?.items) pushAll(warnings, warn('DownwardAPI', of(downwardAPI.items, '')));
    if (projected) {
      for (const source of projected.sources ?? []) {
        if (Object.values(source).some(Boolean)) continue;
        warnings.push(`volume ${goQuote(name)} (Projected) has no sources provided`);
      }
      pushAll(warnings, warn('Projected', (projected.sources ?? []).flatMap(targetsOf)));
    }
    return warnings;
  });
}

const of = (items: Items, source: string): Target[] => items.map(({ path = '' }) => ({ path, source }));

function targetsOf(source: ProjectedSource): Target[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  if (configMap?.items) return of(configMap.items, `ConfigMap ${goQuote(configMap.name ?? '')}`);
  if (secret?.items) return of(secret.items, `Secret ${goQuote(secret.name ?? '')}`);
  if (downwardAPI?.items) return of(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken) return of([serviceAccountToken], 'ServiceAccountToken');
  if (clusterTrustBundle) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '';
    return of([clusterTrustBundle], `ClusterTrustBundle ${goQuote(name)}`);
  }
  const { certificateChainPath = '', keyPath = '', credentialBundlePath = '' } = podCertificate ?? {};
  return [
    { path: certificateChainPath, source: 'PodCertificate chain' },
    { path: keyPath, source: 'PodCertificate key' },
    { path: credentialBundlePath, source: 'PodCertificate credential bundle' },
  ].filter((target) => target.path !== '');
}

const shown = ({ path, source }: Target): string => (source ? `${goQuote(path)} (${source})` : goQuote(path));

/** What is told at most; the headers would hold no more. */
const OVERLAPS_MAX = 64;

interface Placed extends Target {
  readonly at: number;
  /** With a slash at its end: one path is inside another when it begins with it. */
  readonly folder: string;
}

/**
 * Paths that are equal to another or inside it, each with the one before it. Sorted, everything inside a
 * path follows it at once: comparing each with each would take a day for a volume of many items.
 */
function overlaps(targets: readonly Target[]): string[] {
  const placed = targets
    .map(({ path, source }, at): Placed => {
      const trimmed = withoutTrailing(path, '/');
      return { path: trimmed, source, at, folder: `${trimmed}/` };
    })
    .filter(({ path }) => path !== '')
    .sort((a, b) => (a.folder < b.folder ? -1 : a.folder > b.folder ? 1 : a.at - b.at));
  const pairs: [Placed, Placed][] = [];
  const around: Placed[] = [];
  for (const target of placed) {
    while (around.length > 0 && !target.folder.startsWith((around.at(-1) as Placed).folder)) around.pop();
    for (const outer of around.slice(0, OVERLAPS_MAX - pairs.length)) {
      pairs.push(target.at > outer.at ? [target, outer] : [outer, target]);
    }
    if (pairs.length >= OVERLAPS_MAX) break;
    around.push(target);
  }
  return pairs
    .sort(([a, b], [c, d]) => a.at - c.at || b.at - d.at)
    .map(([later, earlier]) => `${shown(later)} with ${shown(earlier)}`);
}
