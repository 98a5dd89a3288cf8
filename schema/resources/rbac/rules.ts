/** Rules on policy rules, role references and subjects. Source: pkg/apis/rbac/validation, pkg/apis/rbac/v1 defaults. */
import { pushAll } from '../../meta/push-all.ts';
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { isDNS1123Subdomain, isPathSegmentName } from '../../meta/name-rules.ts';
import { immutableStructErrors } from '../field-checks.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface RoleRef {
  apiGroup?: string;
  kind: string;
  name: string;
}

export interface Subject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}

export interface Binding {
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** Names of RBAC objects need only fit into a URL path; the same for a prefix. */
export const validateRbacName = (name: string): string[] => isPathSegmentName(name);

const isEmpty = (list: readonly string[] | undefined): boolean => (list?.length ?? 0) === 0;

/** Upstream writes a role without rules with `rules: null`. */
export function defaultRules(role: { rules?: unknown }): void {
  role.rules ??= null;
}

/** Errors of one policy rule, at `field`. */
export function policyRuleErrors(rule: PolicyRule, isNamespaced: boolean, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const urls = rule.nonResourceURLs;
  if (isEmpty(rule.verbs)) errors.push(required(`${field}.verbs`));
  if (!isEmpty(urls)) {
    const urlsField = `${field}.nonResourceURLs`;
    if (isNamespaced) errors.push(invalid(urlsField, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (!isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames)) {
      errors.push(invalid(urlsField, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return errors;
  }
  if (isEmpty(rule.apiGroups))
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  if (isEmpty(rule.resources))
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  return errors;
}

function subjectErrors(subject: Partial<Subject>, isNamespaced: boolean, field: string): FieldError[] {
  const { kind, apiGroup = '', name = '', namespace = '' } = subject;
  const errors = name ? [] : [required(`${field}.name`)];
  switch (kind) {
    case 'ServiceAccount':
      if (name)
        pushAll(
          errors,
          isDNS1123Subdomain(name).map((text) => invalid(`${field}.name`, name, text)),
        );
      if (apiGroup) errors.push(notSupported(`${field}.apiGroup`, apiGroup, ['']));
      if (!isNamespaced && !namespace) errors.push(required(`${field}.namespace`));
      return errors;
    case 'User':
    case 'Group':
      if (apiGroup !== RBAC_GROUP) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [RBAC_GROUP]));
      return errors;
    case undefined:
    default:
      return [...errors, notSupported(`${field}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group'])];
  }
}

function referenceErrors(role: Partial<Binding['roleRef']>, roleKinds: readonly string[]): FieldError[] {
  const { apiGroup = '', kind = '', name = '' } = role;
  const errors: FieldError[] = [];
  if (apiGroup !== RBAC_GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [RBAC_GROUP]));
  if (!roleKinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, roleKinds));
  if (!name) errors.push(required('roleRef.name'));
  return [...errors, ...isPathSegmentName(name).map((text) => invalid('roleRef.name', name, text))];
}

/** Errors of a binding's role and subjects; `roleKinds` are those it may refer to. */
export function bindingErrors(binding: Binding, isNamespaced: boolean, roleKinds: readonly string[]): FieldError[] {
  const { roleRef, subjects = [] } = binding;
  return [
    ...referenceErrors(roleRef, roleKinds),
    ...subjects.flatMap((subject, i) => subjectErrors(subject, isNamespaced, `subjects[${i}]`)),
  ];
}

/** A binding keeps its role for life. */
export function roleRefErrors({ roleRef }: Binding, previous: Binding): FieldError[] {
  const printed = { APIGroup: roleRef.apiGroup ?? '', Kind: roleRef.kind, Name: roleRef.name };
  return immutableStructErrors(roleRef, previous.roleRef, 'roleRef', printed);
}

/** Groups that go without saying. */
export function defaultBinding(binding: Binding): void {
  binding.roleRef = { ...binding.roleRef, kind: binding.roleRef?.kind ?? '', name: binding.roleRef?.name ?? '' };
  binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = RBAC_GROUP;
  }
}

/** The cells `Role`, then (wide) `Users`, `Groups`, `ServiceAccounts`. */
export function bindingCells({ roleRef, subjects = [] }: Binding): { role: string; wide: [string, string, string] } {
  const names = (kind: string): string =>
    subjects
      .filter((subject) => subject.kind === kind)
      .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
      .join(', ');
  return { role: `${roleRef.kind}/${roleRef.name}`, wide: [names('User'), names('Group'), names('ServiceAccount')] };
}
