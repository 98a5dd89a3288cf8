/** Validation of claims. Source: pkg/apis/core/validation ValidatePersistentVolumeClaim…. */
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { cloneJson } from '../../meta/json-value.ts';
import { isQualifiedName } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import { compareQuantities, quantityValue, ZERO_QUANTITY } from '../../meta/quantity.ts';
import { quantityAt, resourceQuantityErrors } from '../field-checks.ts';
import { isNativeResource } from './pod-resource-list.ts';
import { validateClaimSpec } from './pod-validation/claim-template.ts';
import { unifiedJsonDiff } from './pod-validation/unified-diff.ts';
import { CLASS_ANNOTATION } from './storage-printing.ts';
import { printClaimSpec } from './storage-structs.ts';

type Claim = Typed<IPersistentVolumeClaim>;
type Spec = NonNullable<Claim['spec']>;

const RESIZE_STATES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();

/** All errors of a claim but those of an update. */
export function validateClaim({ spec = {} }: Claim, previous: Claim | undefined): FieldError[] {
  const errors: FieldError[] = [];
  validateClaimSpec(spec, 'spec', errors);
  const hadGroup =
    previous?.spec?.dataSource?.apiGroup !== undefined || previous?.spec?.dataSourceRef?.apiGroup !== undefined;
  // A group stored under older, laxer rules may stay.
  return hadGroup ? errors.filter(({ field }) => !field.endsWith('.apiGroup')) : errors;
}

/** The class may move from the old annotation to its field. */
function movesClassFromAnnotation(next: Claim, previous: Claim): boolean {
  const before = previous.metadata.annotations?.[CLASS_ANNOTATION];
  const after = next.metadata.annotations?.[CLASS_ANNOTATION];
  return (
    before !== undefined &&
    previous.spec?.storageClassName === undefined &&
    next.spec?.storageClassName === before &&
    (after === undefined || after === before)
  );
}

/** A class may be given to a claim that has none. */
function setsFirstClass(next: Claim, previous: Claim): boolean {
  const annotation = previous.metadata.annotations?.[CLASS_ANNOTATION];
  const name = next.spec?.storageClassName;
  return (
    name !== undefined &&
    previous.spec?.storageClassName === undefined &&
    (annotation === undefined || annotation === name)
  );
}

function classAnnotationErrors(next: Claim, previous: Claim): FieldError[] {
  const before = previous.metadata.annotations?.[CLASS_ANNOTATION] ?? '';
  const after = next.metadata.annotations?.[CLASS_ANNOTATION] ?? '';
  if (before === after || movesClassFromAnnotation(next, previous)) return [];
  return [invalid(`metadata.annotations.${CLASS_ANNOTATION}`, after, 'field is immutable')];
}

/** The new spec with everything put back that an update may change. */
function withoutAllowedChanges(next: Claim, previous: Claim): Spec {
  const spec = cloneJson(next.spec ?? {});
  const before = previous.spec ?? {};
  if (!before.volumeName) spec.volumeName = before.volumeName;
  if (movesClassFromAnnotation(next, previous)) delete spec.storageClassName;
  else if (setsFirstClass(next, previous)) spec.storageClassName = before.storageClassName;
  if (next.status?.phase !== 'Bound') return spec;
  if (spec.resources?.requests) {
    spec.resources.requests = { ...spec.resources.requests, storage: before.resources?.requests?.storage ?? '0' };
  }
  spec.volumeAttributesClassName = before.volumeAttributesClassName;
  return spec;
}

function sizeErrors(next: Claim, previous: Claim): FieldError[] {
  const size = quantityAt(next.spec?.resources?.requests?.storage) ?? ZERO_QUANTITY;
  const before = quantityAt(previous.spec?.resources?.requests?.storage) ?? ZERO_QUANTITY;
  const capacity = quantityAt(previous.status?.capacity?.storage) ?? ZERO_QUANTITY;
  if (compareQuantities(size, before) >= 0 || compareQuantities(size, capacity) > 0) return [];
  return [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')];
}

function attributesClassErrors(next: Claim, previous: Claim): FieldError[] {
  const before = previous.spec?.volumeAttributesClassName;
  const after = next.spec?.volumeAttributesClassName;
  if (before === after || previous.status?.currentVolumeAttributesClassName === undefined || after) return [];
  const to = after === undefined ? 'nil' : 'empty string';
  return [
    forbiddenField(
      'spec.volumeAttributesClassName',
      `update to ${to} is forbidden when status.currentVolumeAttributesClassName is not nil`,
    ),
  ];
}

/** All errors of an update of the claim. */
export function validateClaimUpdate(next: Claim, previous: Claim): FieldError[] {
  const errors = [...validateClaim(next, previous), ...classAnnotationErrors(next, previous)];
  const rest = withoutAllowedChanges(next, previous);
  if (!semanticEqual(rest, previous.spec)) {
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(
      forbiddenField('spec', `${text}\n${unifiedJsonDiff(printClaimSpec(previous.spec ?? {}), printClaimSpec(rest))}`),
    );
  }
  return [
    ...errors,
    ...sizeErrors(next, previous),
    ...validateImmutableField(next.spec?.volumeMode, previous.spec?.volumeMode, 'volumeMode'),
    ...attributesClassErrors(next, previous),
  ];
}

/** Errors of an amount that is negative. */
export function basicAmountErrors(value: unknown, field: string): FieldError[] {
  const amount = quantityValue(quantityAt(value) ?? ZERO_QUANTITY);
  return amount < 0 ? [invalid(field, amount, 'must be a valid resource quantity')] : [];
}

function resourceKeyErrors(name: string, field: string): FieldError[] {
  const faults = isQualifiedName(name);
  if (faults.length > 0) return faults.map((text) => invalid(field, name, text));
  return isNativeResource(name) && name !== 'storage' ? [notSupported(field, name, ['storage'])] : [];
}

function allocatedErrors(name: string, value: unknown): FieldError[] {
  const keyErrors = resourceKeyErrors(name, 'status.allocatedResources');
  if (keyErrors.length > 0) return keyErrors;
  const field = `status.allocatedResources[${name}]`;
  const errors = basicAmountErrors(value, field);
  return errors.length > 0 ? errors : resourceQuantityErrors('storage', value, field);
}

/** All errors of an update of the claim's status. */
export function validateClaimStatus({ spec, status }: Claim): FieldError[] {
  const states = 'status.allocatedResourceStatuses';
  return [
    ...(spec?.accessModes?.length ? [] : [required('Spec.accessModes')]),
    ...Object.entries(status?.capacity ?? {}).flatMap(([name, value]) =>
      basicAmountErrors(value, `status.capacity[${name}]`),
    ),
    ...Object.entries(status?.allocatedResourceStatuses ?? {}).flatMap(([name, state]) => [
      ...resourceKeyErrors(name, states),
      ...(RESIZE_STATES.includes(state) ? [] : [notSupported(states, name, RESIZE_STATES)]),
    ]),
    ...Object.entries(status?.allocatedResources ?? {}).flatMap(([name, value]) => allocatedErrors(name, value)),
  ];
}
