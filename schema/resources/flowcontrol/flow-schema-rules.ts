/** Whom and what a FlowSchema means. Source: pkg/apis/flowcontrol/validation. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { isDNS1123Label, isDNS1123Subdomain } from '../../meta/name-rules.ts';
import type { FlowSchemaSpec } from './bootstrap-objects.ts';

type Rule = NonNullable<FlowSchemaSpec['rules']>[number];
type Subject = Partial<Rule['subjects'][number]>;
type ResourceRule = Partial<NonNullable<Rule['resourceRules']>[number]>;
type NonResourceRule = Partial<NonNullable<Rule['nonResourceRules']>[number]>;

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const SUBJECT_KINDS = ['Group', 'ServiceAccount', 'User'];
const MEMBER_OF_KIND = { User: 'user', Group: 'group', ServiceAccount: 'serviceAccount' } as const;
/** Order in which upstream names members that do not belong to the kind. */
const OTHER_MEMBERS = {
  User: ['serviceAccount', 'group'],
  Group: ['serviceAccount', 'user'],
  ServiceAccount: ['user', 'group'],
} as const;
const KIND_OF_MEMBER = { user: 'User', group: 'Group', serviceAccount: 'ServiceAccount' } as const;
const NAMESPACE_INTRO = "each member of this list must be '*' or a DNS-1123 label; ";

const nameErrors = (name: string | undefined, field: string): FieldError[] => (name ? [] : [required(`${field}.name`)]);

function serviceAccountErrors({ name, namespace }: { name?: string; namespace?: string }, field: string): FieldError[] {
  return [
    ...nameErrors(name, field),
    ...(name && name !== '*' ? isDNS1123Subdomain(name).map((text) => invalid(`${field}.name`, name, text)) : []),
    ...(namespace
      ? isDNS1123Label(namespace).map((text) => invalid(`${field}.namespace`, namespace, text))
      : [required(`${field}.namespace`, 'must specify namespace for service account')]),
  ];
}

function subjectErrors(subject: Subject, field: string): FieldError[] {
  const { kind = '' } = subject;
  if (!SUBJECT_KINDS.includes(kind)) return [notSupported(`${field}.kind`, kind, SUBJECT_KINDS)];
  const known = kind as keyof typeof MEMBER_OF_KIND;
  const member = MEMBER_OF_KIND[known];
  const own = subject[member];
  const at = `${field}.${member}`;
  return [
    ...(own === undefined ? [required(at, `${member} is required when subject kind is '${kind}'`)] : []),
    ...(own === undefined ? [] : known === 'ServiceAccount' ? serviceAccountErrors(own, at) : nameErrors(own.name, at)),
    ...OTHER_MEMBERS[known].flatMap((other) =>
      subject[other] === undefined
        ? []
        : [
            forbiddenField(
              `${field}.${other}`,
              `${other} is forbidden when subject kind is not '${KIND_OF_MEMBER[other]}'`,
            ),
          ],
    ),
  ];
}

function verbErrors(verbs: readonly string[] = [], field: string): FieldError[] {
  if (verbs.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (verbs.includes('*')) {
    return verbs.length > 1 ? [invalid(field, verbs, "if '*' is present, must not specify other verbs")] : [];
  }
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)];
}

/** A list that has at least one member, and only `*` if it has that. */
function listErrors(list: readonly string[] = [], field: string, missing: string, others: string): FieldError[] {
  if (list.length === 0) return [required(field, missing)];
  if (list.length === 1 || !list.includes('*')) return [];
  return [invalid(field, list, `if '*' is present, must not specify other ${others}`)];
}

/** Why a path may not stand for paths outside the API's resources. */
export function nonResourcePathFault(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const wildcards = path.split('*').length - 1;
  const isMisplaced = wildcards > 1 || (wildcards === 1 && !path.endsWith('/*'));
  return isMisplaced ? 'wildcard can only do suffix matching' : undefined;
}

function nonResourceErrors({ verbs, nonResourceURLs = [] }: NonResourceRule, field: string): FieldError[] {
  const at = `${field}.nonResourceURLs`;
  const missing = 'nonResourceURLs must contain at least one value';
  const errors = [
    ...verbErrors(verbs, `${field}.verbs`),
    ...listErrors(nonResourceURLs, at, missing, 'non-resource URLs'),
  ];
  if (nonResourceURLs.includes('*')) return errors;
  for (const [i, path] of nonResourceURLs.entries()) {
    const fault = nonResourcePathFault(path);
    if (fault !== undefined) errors.push(invalid(`${at}[${i}]`, path, fault));
  }
  return errors;
}

function namespaceErrors({ namespaces = [], clusterScope = false }: ResourceRule, field: string): FieldError[] {
  if (namespaces.length === 0 && !clusterScope) {
    return [required(field, 'resource rules that are not cluster scoped must supply at least one namespace')];
  }
  if (namespaces.includes('*')) return listErrors(namespaces, field, '', 'namespaces');
  return namespaces.flatMap((namespace, i) =>
    isDNS1123Label(namespace).map((text) => invalid(`${field}[${i}]`, namespace, `${NAMESPACE_INTRO}${text}`)),
  );
}

function resourceErrors(rule: ResourceRule, field: string): FieldError[] {
  const missing = (what: string): string => `resource rules must supply at least one ${what}`;
  return [
    ...verbErrors(rule.verbs, `${field}.verbs`),
    ...listErrors(rule.apiGroups, `${field}.apiGroups`, missing('api group'), 'api groups'),
    ...listErrors(rule.resources, `${field}.resources`, missing('resource'), 'resources'),
    ...namespaceErrors(rule, `${field}.namespaces`),
  ];
}

/** All errors of one rule, at `field`. */
export function ruleErrors(rule: Partial<Rule>, field: string): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  const isAboutNothing = resourceRules.length === 0 && nonResourceRules.length === 0;
  return [
    ...(subjects.length === 0 ? [required(`${field}.subjects`, 'subjects must contain at least one value')] : []),
    ...subjects.flatMap((subject, i) => subjectErrors(subject, `${field}.subjects[${i}]`)),
    ...(isAboutNothing
      ? [required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty')]
      : []),
    ...resourceRules.flatMap((each, i) => resourceErrors(each, `${field}.resourceRules[${i}]`)),
    ...nonResourceRules.flatMap((each, i) => nonResourceErrors(each, `${field}.nonResourceRules[${i}]`)),
  ];
}
