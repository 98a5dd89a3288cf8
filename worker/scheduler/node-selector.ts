/** Node selector terms. Source: component-helpers scheduling/corev1/nodeaffinity. */
import type { PodSpec } from '../../schema/resources/core/pod-types.ts';

type NodeAffinity = NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>;
type NodeSelector = NonNullable<NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']>;
export type NodeSelectorTerm = NodeSelector['nodeSelectorTerms'][number];
type NodeSelectorRequirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];

interface SelectableNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Terms are alternatives; none, or only empty ones, match no node. */
export const matchesAnyTerm = (terms: readonly NodeSelectorTerm[], node: SelectableNode): boolean =>
  terms.some((term) => matchesTerm(term, node));

/** All of a term's requirements must hold; a term without any matches nothing. */
export function matchesTerm(term: NodeSelectorTerm, node: SelectableNode): boolean {
  const { matchExpressions, matchFields } = term;
  if (!matchExpressions?.length && !matchFields?.length) return false;
  return (
    (matchExpressions ?? []).every((requirement) => holds(requirement, node.labels[requirement.key])) &&
    (matchFields ?? []).every((requirement) =>
      holds(requirement, requirement.key === 'metadata.name' ? node.name : undefined),
    )
  );
}

function holds({ operator, values }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && (values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return compares(operator, value, values?.[0]);
    default:
      return false;
  }
}

const INTEGER = /^[-+]?[0-9]{1,19}$/;

function compares(operator: 'Gt' | 'Lt', value: string | undefined, bound: string | undefined): boolean {
  if (value === undefined || bound === undefined || !INTEGER.test(value) || !INTEGER.test(bound)) return false;
  return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

/**
 * The only nodes the terms allow by name, when every term names some (as DaemonSet pods do); undefined
 * when other nodes may match. Source: plugins/nodeaffinity PreFilter.
 */
export function namedNodes(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const term of terms) {
    const named = (term.matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (named.length === 0) return undefined;
    const [first, ...others] = named;
    for (const name of first?.values ?? []) {
      if (others.every(({ values }) => values?.includes(name))) names.add(name);
    }
  }
  return terms.length > 0 ? names : undefined;
}
