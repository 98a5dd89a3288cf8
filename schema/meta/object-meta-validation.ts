/**
 * Validation of metadata, common to all kinds.
 * Source: apimachinery api/validation (objectmeta.go), meta/v1/validation, core ValidateObjectMeta.
 */
import { pushAll } from './push-all.ts';
import { semanticEqual } from './deep-equal.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required, tooLong } from './field-error.ts';
import { byteLength, goStringSlice } from './go-format.ts';
import { validateLabels } from './label-selector.ts';
import { isQualifiedName, nameIsDNSLabel } from './name-rules.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from './object-meta.ts';

const ANNOTATIONS_BYTES_MAX = 256 * 1024;
const FIELD_MANAGER_BYTES_MAX = 128;
const SUBRESOURCE_NAME_BYTES_MAX = 256;

export const FIELD_IMMUTABLE = 'field is immutable';
export const NEGATIVE_VALUE = 'must be greater than or equal to 0';

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export interface ObjectMetaRules {
  readonly isNamespaced: boolean;
  /** Upstream's name rule; see `ResourceDefinition.validateName`. */
  validateName(name: string, prefix: boolean): string[];
  /** Where the metadata lies; `metadata` if left out. */
  readonly field?: string;
  /**
   * True for kinds upstream checks with core's ValidateObjectMeta (built-in ones): their finalizers
   * must be qualified or standard. False for custom resources.
   */
  readonly isBuiltIn?: boolean;
}

export const validateNonnegative = (value: number | undefined, field: string): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, NEGATIVE_VALUE)] : [];

/** Errors of a field that differs from what was stored. */
export const validateImmutableField = (next: unknown, previous: unknown, field: string): FieldError[] =>
  semanticEqual(previous, next) ? [] : [invalid(field, next, FIELD_IMMUTABLE)];

function nameErrors(meta: ObjectMeta, rules: ObjectMetaRules, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName) {
    for (const message of rules.validateName(meta.generateName, true)) {
      errors.push(invalid(`${field}.generateName`, meta.generateName, message));
    }
  }
  if (!meta.name) return [...errors, required(`${field}.name`, 'name or generateName is required')];
  const messages = rules.validateName(meta.name, false);
  return [...errors, ...messages.map((message) => invalid(`${field}.name`, meta.name, message))];
}

function namespaceErrors(namespace: string | undefined, isNamespaced: boolean, field: string): FieldError[] {
  if (!isNamespaced) return namespace ? [forbiddenField(field, 'not allowed on this type')] : [];
  if (!namespace) return [required(field)];
  return nameIsDNSLabel(namespace, false).map((message) => invalid(field, namespace, message));
}

/** Keys are checked in lower case, as old clients used upper case; the sizes of keys and values are summed. */
export function validateAnnotations(annotations: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    pushAll(
      errors,
      isQualifiedName(key.toLowerCase()).map((message) => invalid(field, key, message)),
    );
    bytes += byteLength(key) + byteLength(value);
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) errors.push(tooLong(field, ANNOTATIONS_BYTES_MAX));
  return errors;
}

function ownerReferenceErrors(reference: OwnerReference, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const { apiVersion } = reference;
  const parts = (apiVersion ?? '').split('/');
  if (!apiVersion) errors.push(required(`${field}.apiVersion`, 'must not be empty'));
  else if (parts.length > 2 || parts[parts.length - 1] === '') {
    errors.push(invalid(`${field}.apiVersion`, apiVersion, 'must be <group>/<version> or <version>'));
  }
  for (const key of ['kind', 'name', 'uid'] as const) {
    if (!reference[key]) errors.push(required(`${field}.${key}`, 'must not be empty'));
  }
  if (apiVersion === 'v1' && reference.kind === 'Event') {
    errors.push(invalid(field, reference, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

export function validateOwnerReferences(references: OwnerReference[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  (references ?? []).forEach((reference, i) => {
    pushAll(errors, ownerReferenceErrors(reference, `${field}[${i}]`));
    if (!reference.controller) return;
    const current = `${reference.kind ?? ''}/${reference.name ?? ''}`;
    if (!controller) {
      controller = current;
      return;
    }
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`;
    errors.push(invalid(field, references, why));
  });
  return errors;
}

export function validateFinalizers(finalizers: string[] | undefined, field: string): FieldError[] {
  const names = finalizers ?? [];
  const errors = names.flatMap((name) => isQualifiedName(name).map((message) => invalid(field, name, message)));
  if (names.includes('orphan') && names.includes('foregroundDeletion')) {
    errors.push(invalid(field, names, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

const bareFinalizerErrors = (finalizers: string[] | undefined, field: string): FieldError[] =>
  (finalizers ?? []).flatMap((name, i) =>
    name.includes('/') || STANDARD_FINALIZERS.has(name)
      ? []
      : [invalid(`${field}[${i}]`, name, 'name is neither a standard finalizer name nor is it fully qualified')],
  );

/** Errors of `?fieldManager=` and of the managers in managedFields. */
export function validateFieldManager(manager: string | undefined, field: string): FieldError[] {
  if (!manager) return [];
  const errors = byteLength(manager) > FIELD_MANAGER_BYTES_MAX ? [tooLong(field, FIELD_MANAGER_BYTES_MAX)] : [];
  let position = 0;
  for (const character of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalid(field, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += byteLength(character);
  }
  return errors;
}

export function validateManagedFields(entries: ManagedFieldsEntry[] | undefined, field: string): FieldError[] {
  return (entries ?? []).flatMap((entry, i) => {
    const at = `${field}[${i}]`;
    const errors: FieldError[] = [];
    if (!entry.operation) errors.push(required(`${at}.operation`, 'must not be empty'));
    else if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(notSupported(`${at}.operation`, entry.operation, ['Apply', 'Update']));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    pushAll(errors, validateFieldManager(entry.manager, `${at}.manager`));
    if (byteLength(entry.subresource ?? '') > SUBRESOURCE_NAME_BYTES_MAX) {
      errors.push(tooLong(`${at}.subresource`, SUBRESOURCE_NAME_BYTES_MAX));
    }
    return errors;
  });
}

/** All errors of the metadata of an object to be stored, its name already generated. */
export function validateObjectMeta(meta: ObjectMeta, rules: ObjectMetaRules): FieldError[] {
  const field = rules.field ?? 'metadata';
  return [
    ...nameErrors(meta, rules, field),
    ...namespaceErrors(meta.namespace, rules.isNamespaced, `${field}.namespace`),
    ...validateNonnegative(meta.generation, `${field}.generation`),
    ...validateLabels(meta.labels, `${field}.labels`),
    ...validateAnnotations(meta.annotations, `${field}.annotations`),
    ...validateOwnerReferences(meta.ownerReferences, `${field}.ownerReferences`),
    ...validateFinalizers(meta.finalizers, `${field}.finalizers`),
    ...validateManagedFields(meta.managedFields, `${field}.managedFields`),
    ...(rules.isBuiltIn === false ? [] : bareFinalizerErrors(meta.finalizers, `${field}.finalizers`)),
  ];
}

function newFinalizerErrors(next: ObjectMeta, previous: ObjectMeta, field: string): FieldError[] {
  if (!previous.deletionTimestamp) return [];
  const kept = new Set(previous.finalizers ?? []);
  const added = [...new Set((next.finalizers ?? []).filter((name) => !kept.has(name)))].sort();
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${goStringSlice(added)}`;
  return added.length ? [forbiddenField(field, why)] : [];
}

const IMMUTABLE_STRINGS = ['name', 'namespace', 'uid'] as const;
const IMMUTABLE_TIMES = ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

function immutableErrors(next: ObjectMeta, previous: ObjectMeta, field: string): FieldError[] {
  const strings = IMMUTABLE_STRINGS.flatMap((key) =>
    validateImmutableField(next[key] ?? '', previous[key] ?? '', `${field}.${key}`),
  );
  const times = IMMUTABLE_TIMES.flatMap((key) =>
    next[key] === previous[key] || (next[key] == null && previous[key] == null)
      ? []
      : [invalid(`${field}.${key}`, next[key] ?? null, FIELD_IMMUTABLE)],
  );
  return [...strings, ...times];
}

/** All errors of changing `previous` into `next`. */
export function validateObjectMetaUpdate(
  next: ObjectMeta,
  previous: ObjectMeta,
  rules: Pick<ObjectMetaRules, 'field' | 'isBuiltIn'> = {},
): FieldError[] {
  const field = rules.field ?? 'metadata';
  const errors = newFinalizerErrors(next, previous, `${field}.finalizers`);
  if (!next.resourceVersion) {
    errors.push(invalid(`${field}.resourceVersion`, next.resourceVersion ?? '', 'must be specified for an update'));
  }
  pushAll(errors, validateNonnegative(next.generation, `${field}.generation`));
  if ((next.generation ?? 0) < (previous.generation ?? 0)) {
    errors.push(invalid(`${field}.generation`, next.generation ?? 0, 'must not be decremented'));
  }
  return [
    ...errors,
    ...immutableErrors(next, previous, field),
    ...validateLabels(next.labels, `${field}.labels`),
    ...validateAnnotations(next.annotations, `${field}.annotations`),
    ...validateOwnerReferences(next.ownerReferences, `${field}.ownerReferences`),
    ...validateManagedFields(next.managedFields, `${field}.managedFields`),
    ...(rules.isBuiltIn === false ? [] : bareFinalizerErrors(next.finalizers, `${field}.finalizers`)),
  ];
}
