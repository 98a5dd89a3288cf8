/** Terms by which pods seek or shun the neighbourhood of others. Source: framework types.go AffinityTerm. */
import { type LabelSelector, labelSelectorOf, labelsMatch } from '../../schema/meta/label-selector.ts';
import type { PodSpec } from '../../schema/resources/core/pod-types.ts';

export interface AffinityTerm {
  readonly selector: LabelSelector;
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: LabelSelector;
  readonly topologyKey: string;
  /** Of preferred terms. */
  readonly weight: number;
}

export interface AffinityTerms {
  readonly required: readonly AffinityTerm[];
  readonly preferred: readonly AffinityTerm[];
}

type Affinity = PodSpec['affinity'];
type Side = NonNullable<NonNullable<Affinity>['podAffinity']>;
type PodAffinityTerm = NonNullable<Side['requiredDuringSchedulingIgnoredDuringExecution']>[number];

/** `namespace`: of the pod that has the terms. */
export const affinityTerms = (affinity: Affinity, namespace: string): AffinityTerms | undefined =>
  termsOf(affinity?.podAffinity, namespace);

export const antiAffinityTerms = (affinity: Affinity, namespace: string): AffinityTerms | undefined =>
  termsOf(affinity?.podAntiAffinity, namespace);

function termsOf(side: Side | undefined, namespace: string): AffinityTerms | undefined {
  const required = side?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = side?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  if (required.length + preferred.length === 0) return undefined;
  return {
    required: required.map((term) => compiled(term, namespace, 0)),
    preferred: preferred.map(({ podAffinityTerm, weight }) => compiled(podAffinityTerm, namespace, weight)),
  };
}

function compiled(term: PodAffinityTerm, namespace: string, weight: number): AffinityTerm {
  const isLocal = !term.namespaces?.length && !term.namespaceSelector;
  return {
    selector: selectorOf(term.labelSelector),
    namespaces: new Set(isLocal ? [namespace] : term.namespaces),
    namespaceSelector: selectorOf(term.namespaceSelector),
    topologyKey: term.topologyKey,
    weight,
  };
}

export function selectorOf(object: Parameters<typeof labelSelectorOf>[0]): LabelSelector {
  const parsed = labelSelectorOf(object);
  return parsed.ok ? parsed.value : 'nothing';
}

interface Neighbour {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whether a term is about that pod. */
export function concerns(
  term: AffinityTerm,
  pod: Neighbour,
  namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>,
): boolean {
  const isInNamespace =
    term.namespaces.has(pod.namespace) ||
    (term.namespaceSelector !== 'nothing' &&
      labelsMatch(term.namespaceSelector, namespaceLabels.get(pod.namespace) ?? {}));
  return isInNamespace && labelsMatch(term.selector, pod.labels);
}

/** Counts per topology domain: the value of a label that nodes of the domain share. */
export class DomainCounts {
  readonly #counts = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Nodes without the label are in no domain. */
  add(labels: Readonly<Record<string, string>>, key: string, amount: number): void {
    const value = labels[key];
    if (value !== undefined) this.#counts.set(`${key}=${value}`, this.of(key, value) + amount);
  }

  of(key: string, value: string): number {
    return this.#counts.get(`${key}=${value}`) ?? 0;
  }

  /** Of the domain a node is in; 0 when it is in none. */
  at(labels: Readonly<Record<string, string>>, key: string): number {
    const value = labels[key];
    return value === undefined ? 0 : this.of(key, value);
  }
}
