/** Whether one rule of a Role allows a request. Source: pkg/apis/rbac/v1/evaluation_helpers.go. */
import { withoutTrailing } from '../../schema/meta/without-trailing.ts';
import type { AuthorizationAttributes } from './attributes.ts';

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export interface PolicyRule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

type Question = Pick<
  AuthorizationAttributes,
  'verb' | 'apiGroup' | 'resource' | 'subresource' | 'name' | 'path' | 'resourceRequest'
>;

const holds = (list: readonly string[] | undefined, wanted: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(wanted));

function resourceMatches(rule: PolicyRule, { resource, subresource }: Question): boolean {
  const { resources = [] } = rule;
  if (subresource === '') return holds(resources, resource);
  return holds(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

function nameMatches({ resourceNames = [] }: PolicyRule, name: string): boolean {
  return resourceNames.length === 0 || resourceNames.includes(name);
}

/** A trailing `*` matches every continuation; elsewhere a star is a character like any other. */
export function coversPath(urls: readonly string[] | undefined, path: string): boolean {
  return (urls ?? []).some((url) => url === path || (url.endsWith('*') && path.startsWith(withoutTrailing(url, '*'))));
}

export function ruleAllows(rule: PolicyRule, question: Question): boolean {
  if (!holds(rule.verbs, question.verb)) return false;
  if (!question.resourceRequest) return coversPath(rule.nonResourceURLs, question.path);
  return (
    holds(rule.apiGroups, question.apiGroup) && resourceMatches(rule, question) && nameMatches(rule, question.name)
  );
}
