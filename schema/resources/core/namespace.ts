/** Namespace. Source: pkg/registry/core/namespace, pkg/apis/core/validation. */
import type { INamespace } from 'kubernetes-models/v1/Namespace';
import { type FieldError, invalid } from '../../meta/field-error.ts';
import { isQualifiedName, nameIsDNSLabel } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { ALL_VERBS, defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type Namespace = Typed<INamespace>;

const KUBERNETES_FINALIZER = 'kubernetes';
const STANDARD_FINALIZERS: readonly string[] = [KUBERNETES_FINALIZER, 'orphan', 'foregroundDeletion'];
const NAME_LABEL = 'kubernetes.io/metadata.name';

function labelWithName({ metadata }: Namespace): void {
  if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
}

function finalizerNameErrors(name: string, field: string): FieldError[] {
  const errors = isQualifiedName(name).map((message) => invalid(field, name, message));
  if (!name.includes('/') && !STANDARD_FINALIZERS.includes(name)) {
    errors.push(invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified'));
  }
  return errors;
}

const validateNamespace = (namespace: Namespace): FieldError[] =>
  (namespace.spec?.finalizers ?? []).flatMap((name) => finalizerNameErrors(name, 'spec.finalizers'));

function validateStatus({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? '';
  if (!metadata.deletionTimestamp) {
    if (phase === 'Active') return [];
    return [invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  if (phase === 'Terminating') return [];
  return [invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
}

export const namespace = defineResource<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  scope: 'Cluster',
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  schema: 'V1Namespace',
  validateName: nameIsDNSLabel,
  defaults(namespace) {
    labelWithName(namespace);
    namespace.spec ??= {};
    namespace.status = { ...namespace.status, phase: namespace.status?.phase || 'Active' };
  },
  prepareForCreate(namespace) {
    // The label again: with generateName the name was not known to defaulting.
    labelWithName(namespace);
    namespace.status = { phase: 'Active' };
    const finalizers = namespace.spec?.finalizers ?? [];
    if (finalizers.includes(KUBERNETES_FINALIZER)) return;
    namespace.spec = { ...namespace.spec, finalizers: [...finalizers, KUBERNETES_FINALIZER] };
  },
  validate: validateNamespace,
  update: {
    prepareForUpdate(next, previous) {
      next.spec = { ...next.spec, finalizers: previous.spec?.finalizers };
      next.status = previous.status;
    },
    validateUpdate: validateNamespace,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: validateStatus,
  },
  updateSubresources: {
    finalize: {
      prepareForUpdate(next, previous) {
        next.status = previous.status;
      },
      validateUpdate: (next) =>
        (next.spec?.finalizers ?? []).flatMap((name, i) => finalizerNameErrors(name, `spec.finalizers[${i}]`)),
    },
  },
  heldDeletion: {
    isHeld: (namespace) => (namespace.spec?.finalizers?.length ?? 0) > 0,
    markDeleting(namespace) {
      namespace.status = { ...namespace.status, phase: 'Terminating' };
    },
  },
  returnsDeletedObject: true,
  selectableFieldNames: ['name', 'status.phase'],
  selectableFields: ({ metadata, status }) => ({ name: metadata.name ?? '', 'status.phase': status?.phase ?? '' }),
  table: {
    columns: [nameColumn, column('Status', 'string', 'The status of the namespace'), ageColumn],
    cells: (namespace, now) => [namespace.metadata.name ?? '', namespace.status?.phase ?? '', age(namespace, now)],
  },
});
