/** What may change in a pod that exists. Source: kubernetes pkg/apis/core/validation ValidatePodUpdate (1.37). */
import { semanticEqual } from '../../../meta/deep-equal.ts';
import { type FieldError, forbiddenField, invalid, required } from '../../../meta/field-error.ts';
import { cloneJson } from '../../../meta/json-value.ts';
import { inclusiveRangeError } from '../../../meta/name-rules.ts';
import { type Container, MIRROR_POD_ANNOTATION, type Pod, type PodSpec } from '../pod-types.ts';
import { validatePodAnnotationUpdate } from './annotations.ts';
import { goMap, goNamed, goStruct } from './go-struct.ts';
import type { PodValidationOptions } from './options.ts';
import { validatePodObject } from './pod-spec.ts';
import { unifiedJsonDiff } from './unified-diff.ts';

const INT32_MAX = 2147483647;

const UPDATABLE_FIELDS = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

type NodeAffinity = NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>;

/** All errors of an update of the pod itself, those of the new pod included. */
export function validatePodUpdate(next: Pod, previous: Pod, options: PodValidationOptions): FieldError[] {
  const errors: FieldError[] = [];
  validatePodObject(next, options, errors);
  validatePodAnnotationUpdate(next.metadata.annotations, previous.metadata.annotations, 'metadata.annotations', errors);
  const spec = (next.spec ?? {}) as PodSpec;
  const oldSpec = (previous.spec ?? {}) as PodSpec;
  if (!validateImages(spec.containers, oldSpec.containers, 'spec.containers', errors)) return errors;
  if (!validateImages(spec.initContainers, oldSpec.initContainers, 'spec.initContainers', errors)) return errors;
  if (!validateDeadline(spec.activeDeadlineSeconds, oldSpec.activeDeadlineSeconds, errors)) return errors;
  validateAddedTolerations(spec.tolerations ?? [], oldSpec.tolerations ?? [], errors);
  validateRemovedGates(spec.schedulingGates ?? [], oldSpec.schedulingGates ?? [], errors);
  if (semanticEqual(spec, oldSpec)) return errors;
  const allowed = withAllowedChangesUndone(spec, oldSpec, errors);
  if (!semanticEqual(allowed, oldSpec)) {
    const diff = unifiedJsonDiff(goNamed(oldSpec), goNamed(allowed));
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${UPDATABLE_FIELDS}\n${diff}`));
  }
  return errors;
}

/** False: the rest cannot be compared. */
function validateImages(
  next: readonly Container[] = [],
  previous: readonly Container[] = [],
  path: string,
  errors: FieldError[],
): boolean {
  if (next.length !== previous.length) {
    errors.push(forbiddenField(path, 'pod updates may not add or remove containers'));
    return false;
  }
  next.forEach(({ image = '' }, i) => {
    if (!image) errors.push(required(`${path}[${i}].image`));
    if (image.trim() !== image) {
      errors.push(invalid(`${path}[${i}].image`, image, 'must not have leading or trailing whitespace'));
    }
  });
  return true;
}

function validateDeadline(next: number | undefined, previous: number | undefined, errors: FieldError[]): boolean {
  const path = 'spec.activeDeadlineSeconds';
  if (next === undefined) {
    if (previous !== undefined)
      errors.push(invalid(path, null, 'must not update from a positive integer to nil value'));
    return true;
  }
  if (next < 0 || next > INT32_MAX) {
    errors.push(invalid(path, next, inclusiveRangeError(0, INT32_MAX)));
    return false;
  }
  if (previous !== undefined && previous < next) {
    errors.push(invalid(path, next, 'must be less than or equal to previous value'));
    return false;
  }
  return true;
}

type Tolerations = NonNullable<PodSpec['tolerations']>;

/** All of a toleration but its seconds. */
const tolerationText = ({ key, operator, value, effect }: Tolerations[number]): string =>
  JSON.stringify([key, operator, value, effect].map((part) => part ?? ''));

function validateAddedTolerations(next: Tolerations, previous: Tolerations, errors: FieldError[]): void {
  const kept = new Set(next.map(tolerationText));
  const isKept = (old: Tolerations[number]): boolean => kept.has(tolerationText(old));
  if (!previous.every(isKept)) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds';
    errors.push(forbiddenField('spec.tolerations', detail));
  }
}

type Gates = NonNullable<PodSpec['schedulingGates']>;

function validateRemovedGates(next: Gates, previous: Gates, errors: FieldError[]): void {
  next.forEach(({ name = '' }, i) => {
    if (previous.some((gate) => (gate.name ?? '') === name)) return;
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(forbiddenField(`spec.schedulingGates[${i}].name`, detail));
  });
}

/** The new spec with everything put back that an update may change: what still differs is forbidden. */
function withAllowedChangesUndone(spec: PodSpec, oldSpec: PodSpec, errors: FieldError[]): PodSpec {
  const result = cloneJson(spec);
  const putBack = <K extends keyof PodSpec>(name: K): void => {
    if (oldSpec[name] === undefined) delete result[name];
    else result[name] = oldSpec[name];
  };
  restoreImages(result.containers, oldSpec.containers);
  restoreImages(result.initContainers, oldSpec.initContainers);
  putBack('activeDeadlineSeconds');
  putBack('schedulingGates');
  putBack('tolerations');
  if ((oldSpec.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    putBack('terminationGracePeriodSeconds');
  }
  if (!oldSpec.schedulingGates?.length) return result;
  if (!semanticEqual(spec.nodeSelector, oldSpec.nodeSelector)) {
    validateNodeSelectorAdditions(spec.nodeSelector, oldSpec.nodeSelector, errors);
    putBack('nodeSelector');
  }
  const nodeAffinity = spec.affinity?.nodeAffinity;
  const oldNodeAffinity = oldSpec.affinity?.nodeAffinity;
  if (!semanticEqual(nodeAffinity, oldNodeAffinity)) {
    validateNodeAffinityAdditions(nodeAffinity, oldNodeAffinity, errors);
    const { nodeAffinity: _, ...rest } = result.affinity ?? {};
    result.affinity = oldNodeAffinity ? { ...rest, nodeAffinity: oldNodeAffinity } : rest;
    if (!oldSpec.affinity && Object.keys(rest).length === 0) delete result.affinity;
  }
  return result;
}

function restoreImages(containers: Container[] | undefined, previous: readonly Container[] | undefined): void {
  containers?.forEach((container, i) => {
    const image = previous?.[i]?.image;
    if (image === undefined) delete container.image;
    else container.image = image;
  });
}

function validateNodeSelectorAdditions(
  next: PodSpec['nodeSelector'],
  previous: PodSpec['nodeSelector'],
  errors: FieldError[],
): void {
  const isKept = Object.entries(previous ?? {}).every(([key, value]) => next?.[key] === value);
  if (isKept) return;
  const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  errors.push(invalid('spec.nodeSelector', goMap(next), detail));
}

function validateNodeAffinityAdditions(
  next: NodeAffinity | undefined,
  previous: NodeAffinity | undefined,
  errors: FieldError[],
): void {
  const oldTerms = previous?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!oldTerms?.length) return;
  const terms = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const path = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  if (terms.length !== oldTerms.length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    errors.push(invalid(path, terms.map(shownTerm), detail));
    return;
  }
  terms.forEach((term, i) => {
    const old = oldTerms[i] as (typeof oldTerms)[number];
    if (hasOnlyAdditions(term, old)) return;
    errors.push(invalid(`${path}[${i}]`, shownTerm(term), 'only additions are allowed (no mutations or deletions)'));
  });
}

type Term = NonNullable<NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']>['nodeSelectorTerms'][number];

function shownTerm({ matchExpressions, matchFields }: Term): object {
  type Requirement = NonNullable<Term['matchExpressions']>[number];
  const shown = (list: readonly Requirement[] | undefined): object[] | null =>
    list ? list.map((requirement) => goStruct(requirement, ['key', 'operator', 'values'])) : null;
  return { MatchExpressions: shown(matchExpressions), MatchFields: shown(matchFields) };
}

/** A term without requirements matches nothing and must stay so. */
function hasOnlyAdditions(next: Term, previous: Term): boolean {
  const isEmpty = (term: Term): boolean => !term.matchExpressions?.length && !term.matchFields?.length;
  if (isEmpty(previous)) return isEmpty(next);
  const startsWith = (list: readonly unknown[] = [], start: readonly unknown[] = []): boolean =>
    semanticEqual(list.slice(0, start.length), start);
  return (
    startsWith(next.matchExpressions, previous.matchExpressions) && startsWith(next.matchFields, previous.matchFields)
  );
}

/** The `ephemeralcontainers` subresource: only additions. */
export function validateEphemeralContainersUpdate(
  next: Pod,
  previous: Pod,
  options: PodValidationOptions,
): FieldError[] {
  if (previous.metadata.annotations?.[MIRROR_POD_ANNOTATION] !== undefined) {
    return [forbiddenField('[]', 'static pods do not support ephemeral containers')];
  }
  const errors: FieldError[] = [];
  validatePodObject(next, options, errors);
  validatePodAnnotationUpdate(next.metadata.annotations, previous.metadata.annotations, 'metadata.annotations', errors);
  const path = 'spec.ephemeralContainers';
  for (const old of previous.spec?.ephemeralContainers ?? []) {
    const container = next.spec?.ephemeralContainers?.findLast((candidate) => candidate.name === old.name);
    const which = `existing ephemeral containers ${JSON.stringify(old.name ?? '')}`;
    if (!container) errors.push(forbiddenField(path, `${which} may not be removed\n`));
    else if (!semanticEqual(old, container)) {
      errors.push(
        forbiddenField(path, `${which} may not be changed\n${unifiedJsonDiff(goNamed(old), goNamed(container))}`),
      );
    }
  }
  return errors;
}
