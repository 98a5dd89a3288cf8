/** Files of one volume that overwrite each other. Source: kubernetes pkg/api/pod/warnings.go (1.37). */
import { goQuote } from '../../meta/go-format.ts';
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
    if (configMap?.items) warnings.push(...warn(`ConfigMap ${goQuote(configMap.name ?? '')}`, of(configMap.items, '')));
    if (secret?.items) warnings.push(...warn(`Secret ${goQuote(secret.secretName ?? '')}`, of(secret.items, '')));
    if (downwardAPI?.items) warnings.push(...warn('DownwardAPI', of(downwardAPI.items, '')));
    if (projected) {
      for (const source of projected.sources ?? []) {
        if (Object.values(source).some(Boolean)) continue;
        warnings.push(`volume ${goQuote(name)} (Projected) has no sources provided`);
      }
      warnings.push(...warn('Projected', (projected.sources ?? []).flatMap(targetsOf)));
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

/** Each path against those before it: equal, or one inside the other. */
function overlaps(targets: readonly Target[]): string[] {
  const before: Target[] = [];
  const found: string[] = [];
  for (const { path, source } of targets) {
    const target = { path: path.replace(/\/+$/, ''), source };
    for (const other of before) {
      if (isInside(target.path, other.path) || isInside(other.path, target.path)) {
        found.push(`${shown(target)} with ${shown(other)}`);
      }
    }
    before.push(target);
  }
  return found;
}

const isInside = (outer: string, inner: string): boolean =>
  outer !== '' && inner !== '' && `${inner}/`.startsWith(`${outer}/`);
