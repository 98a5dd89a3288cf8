/**
 * What of a namespace's pods does not keep to a level that they are to be held to from now on.
 * Source: k8s.io/pod-security-admission EvaluatePodsInNamespace.
 */
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import { violatedReasons } from './evaluate.ts';
import { type LevelVersion, printLevel } from './level.ts';

const PODS_MAX = 3_000;
/** How long pods are looked at before the rest is left out. */
export const CHECK_MS_MAX = 1_000;

const controllerOf = ({ metadata }: Pod): string | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller)?.uid;

/** One pod of each controller first: the others mostly say the same. */
function byImportance(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>();
  const repeated: Pod[] = [];
  const first = pods.filter((pod) => {
    const controller = controllerOf(pod);
    if (controller === undefined) return true;
    if (seen.has(controller)) {
      repeated.push(pod);
      return false;
    }
    seen.add(controller);
    return true;
  });
  return [...first, ...repeated];
}

const others = (count: number): string => (count === 0 ? '' : ` (and ${count} other ${count === 1 ? 'pod' : 'pods'})`);

export interface ExistingPods {
  readonly namespace: string;
  /** In name order. */
  readonly pods: readonly Pod[];
  /** How many there are; more than `pods` when not all could be read in time. */
  readonly total: number;
  readonly enforce: LevelVersion;
  /** Says that there is no more time. */
  isLate(): boolean;
}

/** Texts for the `Warning` headers; empty when all keep to the level. */
export function existingPodWarnings({ namespace, pods, total, enforce, isLate }: ExistingPods): readonly string[] {
  const found = new Map<string, string[]>();
  let checked = 0;
  for (const pod of byImportance(pods).slice(0, PODS_MAX)) {
    checked += 1;
    const reasons = violatedReasons(enforce, pod.metadata, pod.spec ?? { containers: [] });
    if (reasons !== undefined) found.set(reasons, [...(found.get(reasons) ?? []), pod.metadata.name ?? '']);
    if (isLate()) break;
  }
  const texts = [...found].map(([reasons, names]) => {
    const [first = ''] = [...names].sort();
    return `${first}${others(names.length - 1)}: ${reasons}`;
  });
  return [
    ...(checked < total
      ? [`new PodSecurity enforce level only checked against the first ${checked} of ${total} existing pods`]
      : []),
    ...(texts.length > 0
      ? [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${printLevel(enforce)}"`]
      : []),
    ...texts.sort(),
  ];
}
