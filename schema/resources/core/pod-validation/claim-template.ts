/** Rules for claims made from templates. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import type { IPersistentVolumeClaimSpec } from 'kubernetes-models/v1/PersistentVolumeClaimSpec';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../meta/field-error.ts';
import { validateLabelSelector, validateLabels } from '../../../meta/label-selector.ts';
import { isDNS1123Label, isDNS1123Subdomain } from '../../../meta/name-rules.ts';
import type { ObjectMeta } from '../../../meta/object-meta.ts';
import { formatQuantity } from '../../../meta/quantity.ts';
import { quantity } from '../pod-resource-list.ts';
import { validateAnnotations } from '../../../meta/object-meta-validation.ts';
import { pushInvalid } from './names.ts';

export type ClaimSpec = IPersistentVolumeClaimSpec;

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const TEMPLATE_METADATA_FIELDS = new Set(['annotations', 'labels', 'creationTimestamp']);

/** The template of an ephemeral volume: labels, annotations and a spec. */
export function validateClaimTemplate(
  template: { metadata?: object; spec?: ClaimSpec },
  path: string,
  errors: FieldError[],
): void {
  validateTemplateMetadata((template.metadata ?? {}) as ObjectMeta, `${path}.metadata`, errors);
  validateClaimSpec(template.spec ?? {}, `${path}.spec`, errors);
}

/** Metadata that objects made from a template get: labels and annotations, and nothing else. */
export function validateTemplateMetadata(metadata: ObjectMeta, path: string, errors: FieldError[]): void {
  pushAll(errors, validateAnnotations(metadata.annotations, `${path}.annotations`));
  pushAll(errors, validateLabels(metadata.labels, `${path}.labels`));
  for (const [name, value] of Object.entries(metadata)) {
    const isSet = value !== undefined && value !== null && value !== '' && value !== 0;
    if (isSet && !TEMPLATE_METADATA_FIELDS.has(name)) errors.push(forbiddenField(`${path}.${name}`, 'cannot be set'));
  }
}

export function validateClaimSpec(spec: ClaimSpec, path: string, errors: FieldError[]): void {
  if (!spec.accessModes?.length) errors.push(required(`${path}.accessModes`, 'at least 1 access mode is required'));
  pushAll(errors, validateLabelSelector(spec.selector, `${path}.selector`));
  validateAccessModes(spec.accessModes ?? [], `${path}.accessModes`, errors);
  validateStorageRequest(spec.resources?.requests?.storage, `${path}.resources[storage]`, errors);
  validateClassName(spec.storageClassName, `${path}.storageClassName`, errors);
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode)) {
    errors.push(notSupported(`${path}.volumeMode`, spec.volumeMode, VOLUME_MODES));
  }
  validateDataSources(spec, path, errors);
  validateClassName(spec.volumeAttributesClassName, `${path}.volumeAttributesClassName`, errors);
}

function validateAccessModes(modes: readonly string[], path: string, errors: FieldError[]): void {
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(path, mode, ACCESS_MODES));
  const known = modes.filter((mode) => ACCESS_MODES.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
  }
}

function validateStorageRequest(request: unknown, path: string, errors: FieldError[]): void {
  if (request === undefined) return void errors.push(required(path));
  const value = quantity(request);
  if (value.unscaled <= 0n) errors.push(invalid(path, formatQuantity(value), 'must be greater than zero'));
}

function validateClassName(name: string | undefined, path: string, errors: FieldError[]): void {
  if (name) pushInvalid(isDNS1123Subdomain(name), name, path, errors);
}

type DataSource = NonNullable<ClaimSpec['dataSourceRef']>;

function validateDataSources(spec: ClaimSpec, path: string, errors: FieldError[]): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource) validateDataSource(dataSource, `${path}.dataSource`, errors);
  if (dataSourceRef) validateDataSource(dataSourceRef, `${path}.dataSourceRef`, errors);
  if (!dataSource || !dataSourceRef) return;
  if (dataSourceRef.namespace) {
    errors.push(invalid(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (!isSameSource(dataSource, dataSourceRef)) {
    errors.push(invalid(path, `${path}.dataSource`, 'must match dataSourceRef'));
  }
}

const isSameSource = (a: DataSource, b: DataSource): boolean =>
  a.apiGroup === b.apiGroup && a.kind === b.kind && a.name === b.name;

function validateDataSource(
  { name, kind = '', apiGroup, namespace }: DataSource,
  path: string,
  errors: FieldError[],
): void {
  if (!name) errors.push(required(`${path}.name`));
  if (!kind) errors.push(required(`${path}.kind`));
  if (apiGroup) pushInvalid(isDNS1123Subdomain(apiGroup), apiGroup, `${path}.apiGroup`, errors);
  else if (kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (namespace) pushInvalid(isDNS1123Label(namespace), namespace, `${path}.namespace`, errors);
}
