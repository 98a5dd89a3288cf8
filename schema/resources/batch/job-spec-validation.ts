/** Validation of what a job is to do. Source: pkg/apis/batch/validation validateJobSpec. */
import { firstIndexOf } from '../../meta/first-index.ts';
import { pushAll } from '../../meta/push-all.ts';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  OMIT_VALUE,
  required,
  tooLong,
  tooMany,
} from '../../meta/field-error.ts';
import { byteLength, goQuote } from '../../meta/go-format.ts';
import { isDNS1123Subdomain, isHTTPPath, isQualifiedName } from '../../meta/name-rules.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import type { PodValidationOptions } from '../core/pod-validation/options.ts';
import { validatePodTemplate } from '../core/pod-validation/pod-spec.ts';
import { countIndexes } from './job-indexes.ts';

export type JobSpec = NonNullable<IJob['spec']>;
type FailurePolicy = NonNullable<JobSpec['podFailurePolicy']>;
type FailureRule = FailurePolicy['rules'][number];
type OnExitCodes = NonNullable<FailureRule['onExitCodes']>;
type SuccessRule = NonNullable<JobSpec['successPolicy']>['rules'][number];

const INDEXED_PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
const COMPLETIONS_SOFT_MAX = 100_000;
const HIGH_COMPLETIONS_PARALLELISM_MAX = 10_000;
const HIGH_COMPLETIONS_FAILED_INDEXES_MAX = 10_000;
const FAILURE_RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const POD_CONDITIONS_MAX = 20;
const MANAGED_BY_BYTES_MAX = 63;
const SUCCEEDED_INDEXES_BYTES_MAX = 64 * 1024;
const SUCCESS_RULES_MAX = 20;

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const EXIT_CODE_OPERATORS = ['In', 'NotIn'];
const CONDITION_STATUSES = ['False', 'True', 'Unknown'];
const REPLACEMENT_POLICIES = ['Failed', 'TerminatingOrFailed'];
const COMPLETION_MODES = ['NonIndexed', 'Indexed'];

const NUMBERS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

const quotedList = (values: readonly string[]): string => `[${values.map(goQuote).join(' ')}]`;

/** Errors of an enumerated value; when empty, upstream lists those it knows. */
function choiceErrors(value: string, field: string, known: readonly string[]): FieldError[] {
  if (value === '') return [required(field, `valid values: ${quotedList(known)}`)];
  return known.includes(value) ? [] : [notSupported(field, value, known)];
}

/** A path that begins with a domain: `acme.io/foo`. */
export function domainPrefixedPathErrors(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  const slash = value.indexOf('/');
  const [host, path] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (host === '' || path === '')
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [
    ...isDNS1123Subdomain(host).map((text) => invalid(field, host, text)),
    ...isHTTPPath(path).map((text) => invalid(field, path, text)),
  ];
}

function managedByErrors({ managedBy }: JobSpec, field: string): FieldError[] {
  if (managedBy === undefined) return [];
  const errors = domainPrefixedPathErrors(managedBy, field);
  return byteLength(managedBy) > MANAGED_BY_BYTES_MAX ? [...errors, tooLong(field, MANAGED_BY_BYTES_MAX)] : errors;
}

/** What an Indexed job with very many completions may not combine. */
function highCompletionErrors(spec: JobSpec, at: string): FieldError[] {
  const { parallelism = 0, maxFailedIndexes } = spec;
  const when = `when completions are above ${COMPLETIONS_SOFT_MAX} and used with backoff limit per index`;
  const errors: FieldError[] = [];
  if (maxFailedIndexes === undefined) {
    errors.push(
      required(`${at}.maxFailedIndexes`, `must be specified when completions is above ${COMPLETIONS_SOFT_MAX}`),
    );
  }
  if (parallelism > HIGH_COMPLETIONS_PARALLELISM_MAX) {
    const text = `must be less than or equal to ${HIGH_COMPLETIONS_PARALLELISM_MAX} ${when}`;
    errors.push(invalid(`${at}.parallelism`, parallelism, text));
  }
  if ((maxFailedIndexes ?? 0) > HIGH_COMPLETIONS_FAILED_INDEXES_MAX) {
    const text = `must be less than or equal to ${HIGH_COMPLETIONS_FAILED_INDEXES_MAX} ${when}`;
    errors.push(invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, text));
  }
  return errors;
}

function indexedErrors(spec: JobSpec, at: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  if (completions === undefined) errors.push(required(`${at}.completions`, 'when completion mode is Indexed'));
  if (parallelism > INDEXED_PARALLELISM_MAX) {
    const text = `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`;
    errors.push(invalid(`${at}.parallelism`, parallelism, text));
  }
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions'));
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > FAILED_INDEXES_MAX) {
    errors.push(
      invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, `must be less than or equal to ${FAILED_INDEXES_MAX}`),
    );
  }
  if ((completions ?? 0) <= COMPLETIONS_SOFT_MAX || backoffLimitPerIndex === undefined) return errors;
  return [...errors, ...highCompletionErrors(spec, at)];
}

function completionModeErrors(spec: JobSpec, at: string): FieldError[] {
  const { completionMode: mode, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  if (mode !== undefined && !COMPLETION_MODES.includes(mode)) {
    errors.push(notSupported(`${at}.completionMode`, mode, COMPLETION_MODES));
  }
  if (mode === 'Indexed') return [...errors, ...indexedErrors(spec, at)];
  if (mode !== undefined && mode !== 'NonIndexed') return errors;
  const text = 'requires indexed completion mode';
  if (backoffLimitPerIndex !== undefined)
    errors.push(invalid(`${at}.backoffLimitPerIndex`, backoffLimitPerIndex, text));
  if (maxFailedIndexes !== undefined) errors.push(invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, text));
  return errors;
}

function exitCodeErrors(rule: OnExitCodes, field: string, containers: ReadonlySet<string>): FieldError[] {
  const { operator = '', containerName, values = [] } = rule as Partial<OnExitCodes>;
  const errors = choiceErrors(operator, `${field}.operator`, EXIT_CODE_OPERATORS);
  const at = `${field}.values`;
  if (containerName !== undefined && !containers.has(containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${field}.containerName`, containerName, text));
  }
  if (values.length === 0) errors.push(invalid(at, values, 'at least one value is required'));
  if (values.length > EXIT_CODES_MAX) errors.push(tooMany(at, values.length, EXIT_CODES_MAX));
  values.forEach((value, i) => {
    if (operator === 'In' && value === 0)
      errors.push(invalid(`${at}[${i}]`, value, 'must not be 0 for the In operator'));
    if (firstIndexOf(values, value) < i) errors.push(duplicate(`${at}[${i}]`, value));
  });
  const isOrdered = values.every((value, i) => i === 0 || (values[i - 1] as number) <= value);
  return isOrdered ? errors : [...errors, invalid(at, values, 'must be ordered')];
}

function podConditionErrors(patterns: NonNullable<FailureRule['onPodConditions']>, field: string): FieldError[] {
  const tooManyErrors =
    patterns.length > POD_CONDITIONS_MAX ? [tooMany(field, patterns.length, POD_CONDITIONS_MAX)] : [];
  return [
    ...tooManyErrors,
    ...patterns.flatMap(({ type = '', status = '' }: Partial<(typeof patterns)[number]>, i) => [
      ...isQualifiedName(type).map((text) => invalid(`${field}[${i}].type`, type, text)),
      ...choiceErrors(status, `${field}[${i}].status`, CONDITION_STATUSES),
    ]),
  ];
}

function failureRuleErrors(
  spec: JobSpec,
  rule: FailureRule,
  field: string,
  containers: ReadonlySet<string>,
): FieldError[] {
  const { action = '', onExitCodes, onPodConditions = [] } = rule as Partial<FailureRule>;
  const errors: FieldError[] = [];
  if (action !== 'FailIndex') pushAll(errors, choiceErrors(action, `${field}.action`, ACTIONS));
  else if (spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${field}.action`, action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (onExitCodes) pushAll(errors, exitCodeErrors(onExitCodes, `${field}.onExitCodes`, containers));
  pushAll(errors, podConditionErrors(onPodConditions, `${field}.onPodConditions`));
  if (onExitCodes && onPodConditions.length > 0) {
    errors.push(invalid(field, OMIT_VALUE, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (!onExitCodes && onPodConditions.length === 0) {
    errors.push(invalid(field, OMIT_VALUE, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

function failurePolicyErrors(spec: JobSpec, at: string): FieldError[] {
  if (!spec.podFailurePolicy) return [];
  const rules = spec.podFailurePolicy.rules ?? [];
  const field = `${at}.podFailurePolicy.rules`;
  const pod = spec.template?.spec;
  const containers = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  return [
    ...(rules.length > FAILURE_RULES_MAX ? [tooMany(field, rules.length, FAILURE_RULES_MAX)] : []),
    ...rules.flatMap((rule, i) => failureRuleErrors(spec, rule, `${field}[${i}]`, containers)),
  ];
}

function succeededCountErrors(rule: SuccessRule, completions: number, indexes: number, field: string): FieldError[] {
  const { succeededCount: count, succeededIndexes } = rule;
  if (count === undefined) return [];
  const errors = validateNonnegative(count, field);
  if (count > completions) {
    errors.push(
      invalid(field, count, `must be less than or equal to ${completions} (the number of specified completions)`),
    );
  }
  if (succeededIndexes !== undefined && count > indexes) {
    const text = `must be less than or equal to ${indexes} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalid(field, count, text));
  }
  return errors;
}

function successRuleErrors(rule: SuccessRule, completions: number, field: string): FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined) {
    errors.push(required(field, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  const at = `${field}.succeededIndexes`;
  const indexes = countIndexes(succeededIndexes ?? '', completions);
  if (byteLength(succeededIndexes ?? '') > SUCCEEDED_INDEXES_BYTES_MAX)
    errors.push(tooLong(at, SUCCEEDED_INDEXES_BYTES_MAX));
  if (!indexes.ok) errors.push(invalid(at, succeededIndexes, `error parsing succeededIndexes: ${indexes.error}`));
  const count = indexes.ok ? indexes.value : 0;
  return [...errors, ...succeededCountErrors(rule, completions, count, `${field}.succeededCount`)];
}

function successPolicyErrors(spec: JobSpec, at: string): FieldError[] {
  if (!spec.successPolicy) return [];
  const field = `${at}.successPolicy`;
  const rules = spec.successPolicy.rules ?? [];
  if (spec.completionMode !== 'Indexed') {
    const printed = {
      Rules:
        spec.successPolicy.rules?.map(({ succeededIndexes = null, succeededCount = null }) => ({
          SucceededIndexes: succeededIndexes,
          SucceededCount: succeededCount,
        })) ?? null,
    };
    return [invalid(field, printed, 'requires indexed completion mode')];
  }
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    errors.push(required(`${field}.rules`, 'at least one rules must be specified when the successPolicy is specified'));
  }
  if (rules.length > SUCCESS_RULES_MAX) errors.push(tooMany(`${field}.rules`, rules.length, SUCCESS_RULES_MAX));
  return [
    ...errors,
    ...rules.flatMap((rule, i) => successRuleErrors(rule, spec.completions ?? 0, `${field}.rules[${i}]`)),
  ];
}

function replacementPolicyErrors(
  { podReplacementPolicy: policy, podFailurePolicy }: JobSpec,
  field: string,
): FieldError[] {
  const allowed = podFailurePolicy ? ['Failed'] : REPLACEMENT_POLICIES;
  return policy === undefined || allowed.includes(policy) ? [] : [notSupported(field, policy, allowed)];
}

function restartPolicyErrors(spec: JobSpec, field: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(field, policy, ['OnFailure', 'Never'])];
  if (!spec.podFailurePolicy || policy === 'Never') return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/** All errors of a job's spec but those of its selector, at `at`; also that of a CronJob's template. */
export function jobSpecErrors(spec: JobSpec, at: string, options: PodValidationOptions): FieldError[] {
  const isLimitMissing = spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined;
  const errors = [
    ...NUMBERS.flatMap((name) => validateNonnegative(spec[name], `${at}.${name}`)),
    ...(isLimitMissing ? [required(`${at}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified')] : []),
    ...managedByErrors(spec, `${at}.managedBy`),
    ...completionModeErrors(spec, at),
    ...failurePolicyErrors(spec, at),
    ...successPolicyErrors(spec, at),
    ...replacementPolicyErrors(spec, `${at}.podReplacementPolicy`),
  ];
  validatePodTemplate((spec.template ?? {}) as PodTemplateSpec, `${at}.template`, options, errors);
  return [...errors, ...restartPolicyErrors(spec, `${at}.template.spec.restartPolicy`)];
}
