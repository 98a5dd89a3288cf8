/** ControllerRevision. Source: pkg/registry/apps/controllerrevision, pkg/apis/apps/validation. */
import type { IControllerRevision } from 'kubernetes-models/apps/v1/ControllerRevision';
import { type FieldError, required } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField, validateNonnegative } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { groupOf } from '../../meta/served-version.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type ControllerRevision = Typed<IControllerRevision>;

function dataErrors({ data }: ControllerRevision): FieldError[] {
  if (data === undefined || data === null) return [required('data', 'data is mandatory')];
  if (typeof data === 'object' && !Array.isArray(data)) return [];
  return [required('data', 'data must be a valid JSON object')];
}

const revisionErrors = ({ revision }: ControllerRevision): FieldError[] => validateNonnegative(revision, 'revision');

/** `deployment.apps/web`, or `<none>`. */
function formatController({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return '<none>';
  const group = groupOf(owner.apiVersion);
  return `${(group ? `${owner.kind}.${group}` : owner.kind).toLowerCase()}/${owner.name}`;
}

export const controllerRevision = defineResource<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  singular: 'controllerrevision',
  scope: 'Namespaced',
  schema: 'V1ControllerRevision',
  validateName: nameIsDNSSubdomain,
  defaults(object) {
    object.revision ??= 0;
  },
  validate: (object) => [...revisionErrors(object), ...dataErrors(object)],
  update: {
    validateUpdate: (next, previous) => [
      ...revisionErrors(next),
      ...validateImmutableField(next.data, previous.data, 'data'),
    ],
  },
  table: {
    columns: [
      nameColumn,
      column('Controller', 'string', 'Controller of the object'),
      column('Revision', 'string', 'Revision indicates the revision of the state represented by Data.'),
      ageColumn,
    ],
    cells: (object, now) => [
      object.metadata.name ?? '',
      formatController(object),
      object.revision ?? 0,
      age(object, now),
    ],
  },
});
