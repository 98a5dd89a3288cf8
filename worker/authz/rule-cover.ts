/**
 * Whether someone's rules cover others, so that nobody grants what they do not have.
 * Source: component-helpers auth/rbac/validation/policy_comparator.go, pkg/registry/rbac/validation.
 */
import { coversPath, type PolicyRule } from './rule-match.ts';

/** Rules of one verb, resource and name (or one verb and path) that together mean the same as `rule`. */
function atomicRules(rule: PolicyRule): readonly PolicyRule[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const names = resourceNames.length > 0 ? resourceNames.map((name) => [name]) : [undefined];
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(name ? { resourceNames: name } : {}),
        })),
      ),
    ),
  );
  const ofPaths = nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] })));
  return [...ofResources, ...ofPaths];
}

const has = (set: readonly string[] | undefined, wanted: string): boolean =>
  set !== undefined && (set.includes('*') || set.includes(wanted));

function coversResource(resources: readonly string[] | undefined, wanted: string): boolean {
  if (has(resources, wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash >= 0 && (resources?.includes(`*${wanted.slice(slash)}`) ?? false);
}

function coversName(owned: readonly string[] = [], wanted: string | undefined): boolean {
  if (owned.length === 0) return true;
  return wanted !== undefined && owned.includes(wanted);
}

function covers(owned: PolicyRule, wanted: PolicyRule): boolean {
  if (!has(owned.verbs, wanted.verbs?.[0] ?? '')) return false;
  const [path] = wanted.nonResourceURLs ?? [];
  if (path !== undefined) return coversPath(owned.nonResourceURLs, path);
  return (
    has(owned.apiGroups, wanted.apiGroups?.[0] ?? '') &&
    coversResource(owned.resources, wanted.resources?.[0] ?? '') &&
    coversName(owned.resourceNames, wanted.resourceNames?.[0])
  );
}

/** What of `wanted` nothing in `owned` allows, in atomic rules. */
export const uncoveredRules = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] =>
  wanted.flatMap(atomicRules).filter((rule) => !owned.some((one) => covers(one, rule)));

const list = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;

function describe({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  }).flatMap(([name, values]) => (values?.length ? [`${name}:${list(values)}`] : []));
  return `{${parts.join(', ')}}`;
}

/** Atomic rules as upstream shows them: those that differ by verb only as one, sorted, one to a line. */
export function describeRules(rules: readonly PolicyRule[]): string {
  const compact = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs = [], ...about } = rule;
    const key = rule.nonResourceURLs ? JSON.stringify(rule) : JSON.stringify(about);
    const known = compact.get(key);
    compact.set(key, known ? { ...known, verbs: [...(known.verbs ?? []), ...verbs] } : rule);
  }
  return [...new Set([...compact.values()].map(describe))].sort().join('\n');
}
