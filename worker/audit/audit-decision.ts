/** What is noted of a request: the policy's first rule that fits it. Source: apiserver pkg/audit/policy/checker.go. */
import type {
  AuditGroupResources,
  AuditLevel,
  AuditPolicy,
  AuditRule,
  AuditStage,
} from '../../schema/configuration/audit-policy.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { AuthorizationAttributes } from '../authz/attributes.ts';

/** A request as the policy sees it; without a user where nobody could be authenticated. */
export type AuditedRequest = Omit<AuthorizationAttributes, 'user'> & { readonly user: UserInfo | undefined };

export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

/** Under the policy; `None` where no rule fits. */
export function auditDecision(policy: AuditPolicy, request: AuditedRequest): AuditDecision {
  const rule = policy.rules.find((candidate) => fits(candidate, request));
  return {
    level: rule?.level ?? 'None',
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])]),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

/** An empty list asks for nothing. */
const has = (list: readonly string[] | undefined, ...values: readonly string[]): boolean =>
  !list?.length || values.some((value) => list.includes(value));

function fits(rule: AuditRule, request: AuditedRequest): boolean {
  const { user } = request;
  if (!has(rule.users, ...(user ? [user.username] : []))) return false;
  if (!has(rule.userGroups, ...(user?.groups ?? []))) return false;
  if (!has(rule.verbs, request.verb)) return false;
  if (rule.namespaces?.length || rule.resources?.length) return fitsResource(rule, request);
  if (!rule.nonResourceURLs?.length) return true;
  return !request.resourceRequest && rule.nonResourceURLs.some((spec) => fitsPath(request.path, spec));
}

const fitsPath = (path: string, spec: string): boolean =>
  spec === '*' || spec === path || (spec.endsWith('*') && path.startsWith(spec.replace(/\*+$/, '')));

function fitsResource({ namespaces, resources }: AuditRule, request: AuditedRequest): boolean {
  if (!request.resourceRequest || !has(namespaces, request.namespace)) return false;
  return !resources?.length || resources.some((entry) => fitsEntry(entry, request));
}

function fitsEntry({ group = '', resources, resourceNames }: AuditGroupResources, request: AuditedRequest): boolean {
  if (group !== '*' && group !== request.apiGroup) return false;
  if (!resources?.length) return true;
  const { resource, subresource } = request;
  const full = subresource ? `${resource}/${subresource}` : resource;
  return (
    has(resourceNames, request.name) &&
    resources.some(
      (wanted) =>
        wanted === '*' ||
        wanted === full ||
        wanted === `${resource}/*` ||
        (subresource !== '' && wanted === `*/${subresource}`),
    )
  );
}
