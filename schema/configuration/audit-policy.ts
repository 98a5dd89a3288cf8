/** Reads an audit policy. Source: apiserver pkg/apis/audit/v1 Policy, pkg/apis/audit/validation, pkg/audit/policy. */
import { parseYaml } from '../decode/decode-yaml.ts';
import { type FieldError, fieldErrorsText, invalid, notSupported, required } from '../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../meta/name-rules.ts';
import { type FieldShape, shapeErrors } from './strict-reader.ts';

export const AUDIT_LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

export const AUDIT_STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof AUDIT_STAGES)[number];

export interface AuditGroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly AuditGroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** The first rule that fits a request says what is noted of it; without one nothing is. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/**
 * Who did what and what came of it, without bodies: so no Secret's or token's content is ever noted.
 * Probes and the nodes' polls are left out, and that a request has come.
 */
export const DEFAULT_AUDIT_POLICY: AuditPolicy = {
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/internal/*'] },
    { level: 'None', verbs: ['get'], nonResourceURLs: ['/agent/v1/*'] },
    { level: 'Metadata' },
  ],
};

export type ReadPolicy =
  | { readonly ok: true; readonly value: AuditPolicy }
  /** One line that says everything that is wrong. */
  | { readonly ok: false; readonly error: string };

const POLICY_CHARS_MAX = 1024 * 1024;

const STRINGS: FieldShape = { listOf: 'string' };

const SHAPE: FieldShape = {
  fields: {
    apiVersion: 'string',
    kind: 'string',
    omitStages: STRINGS,
    omitManagedFields: 'boolean',
    rules: {
      listOf: {
        fields: {
          level: 'string',
          users: STRINGS,
          userGroups: STRINGS,
          verbs: STRINGS,
          resources: { listOf: { fields: { group: 'string', resources: STRINGS, resourceNames: STRINGS } } },
          namespaces: STRINGS,
          nonResourceURLs: STRINGS,
          omitStages: STRINGS,
          omitManagedFields: 'boolean',
        },
      },
    },
  },
};

const failed = (error: string): ReadPolicy => ({ ok: false, error });

/** Reads YAML or JSON, or the word `default`. */
export function readAuditPolicy(text: string): ReadPolicy {
  if (text.trim() === 'default') return { ok: true, value: DEFAULT_AUDIT_POLICY };
  if (text.length > POLICY_CHARS_MAX) return failed(`longer than ${POLICY_CHARS_MAX} characters`);
  const parsed = parseYaml(text);
  if (!parsed.ok) return failed(parsed.error);
  const value = parsed.value as Record<string, unknown> | null;
  if (typeof value !== 'object' || value?.['kind'] !== 'Policy' || value['apiVersion'] !== 'audit.k8s.io/v1') {
    return failed('expected apiVersion audit.k8s.io/v1 and kind Policy');
  }
  // Its name and the like say nothing about what is noted.
  const { metadata: _metadata, ...own } = value;
  const strict = [...parsed.duplicates, ...shapeErrors(own, SHAPE)];
  if (strict.length > 0) return failed(`strict decoding error: ${strict.join(', ')}`);
  const policy = own as unknown as AuditPolicy;
  if ((policy.rules ?? []).length === 0) return failed('loaded illegal policy with 0 rules');
  const errors = policyErrors(policy);
  return errors.length === 0 ? { ok: true, value: policy } : failed(fieldErrorsText(errors));
}

const policyErrors = ({ omitStages, rules }: AuditPolicy): readonly FieldError[] => [
  ...stageErrors(omitStages, 'omitStages'),
  ...rules.flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`)),
];

function ruleErrors(rule: AuditRule, path: string): readonly FieldError[] {
  const { level, nonResourceURLs = [], resources = [], namespaces = [], omitStages } = rule;
  return [
    ...levelErrors(level, `${path}.level`),
    ...nonResourceURLs.flatMap((url, index) => urlErrors(url, `${path}.nonResourceURLs[${index}]`)),
    ...resources.flatMap((entry) => resourceErrors(entry, `${path}.resources`)),
    ...stageErrors(omitStages, `${path}.omitStages`),
    ...(nonResourceURLs.length > 0 && resources.length + namespaces.length > 0
      ? [
          invalid(
            `${path}.nonResourceURLs`,
            nonResourceURLs,
            'rules cannot apply to both regular resources and non-resource URLs',
          ),
        ]
      : []),
  ];
}

function levelErrors(level: string | undefined, path: string): readonly FieldError[] {
  if (!level) return [required(path)];
  return (AUDIT_LEVELS as readonly string[]).includes(level) ? [] : [notSupported(path, level, AUDIT_LEVELS)];
}

function urlErrors(url: string, path: string): readonly FieldError[] {
  if (url === '*') return [];
  return [
    ...(url.startsWith('/') ? [] : [invalid(path, url, "non-resource URL rules must begin with a '/' character")]),
    ...(url.slice(0, -1).includes('*')
      ? [invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule")]
      : []),
  ];
}

function resourceErrors(
  { group = '', resources = [], resourceNames = [] }: AuditGroupResources,
  path: string,
): readonly FieldError[] {
  const wrong = group === '' || group === '*' ? [] : nameIsDNSSubdomain(group, false);
  return [
    ...(wrong.length > 0 ? [invalid(`${path}.group`, group, wrong.join(','))] : []),
    ...(resourceNames.length > 0 && resources.length === 0
      ? [invalid(`${path}.resourceNames`, resourceNames, 'using resourceNames requires at least one resource')]
      : []),
  ];
}

const stageErrors = (stages: readonly string[] | undefined, path: string): readonly FieldError[] =>
  (stages ?? []).flatMap((stage, index) =>
    (AUDIT_STAGES as readonly string[]).includes(stage)
      ? []
      : [invalid(`${path}[${index}]`, stage, `allowed stages are ${AUDIT_STAGES.join(',')}`)],
  );
