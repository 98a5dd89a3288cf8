/** ResourceClaimTemplate. Source: pkg/registry/resource/resourceclaimtemplate, pkg/apis/resource/validation. */
import { type FieldError, invalid } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { FIELD_IMMUTABLE } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { validateTemplateMetadata } from '../core/pod-validation/claim-template.ts';
import { age, ageColumn, nameColumn } from '../printing.ts';
import { adminAccessErrors } from './admin-access.ts';
import { defaultClaimSpec, dropDisabledSpecFields } from './claim-fields.ts';
import { claimSpecErrors } from './claim-spec-validation.ts';
import { declaredClaimSpec } from './declared-devices.ts';
import { sameValue } from './declared-rules.ts';
import type { ClaimSpec, ClaimTemplateSpec, ResourceClaimTemplate } from './device-types.ts';
import { printInternal } from './printed-structs.ts';

const specOf = ({ spec }: ResourceClaimTemplate): ClaimTemplateSpec => spec ?? {};
const claimSpecOf = (template: ResourceClaimTemplate): ClaimSpec => specOf(template).spec ?? {};

function metadataErrors({ metadata = {} }: ClaimTemplateSpec): FieldError[] {
  const errors: FieldError[] = [];
  validateTemplateMetadata(metadata, 'spec.metadata', errors);
  return errors;
}

/** As upstream's internal type prints, into which the metadata is embedded. */
const printSpec = ({ metadata = {}, spec }: ClaimTemplateSpec): unknown => ({
  ...metadata,
  Spec: { Devices: printInternal('DeviceClaim', spec?.devices ?? {}) },
});

export const resourceClaimTemplate = defineResource<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  singular: 'resourceclaimtemplate',
  scope: 'Namespaced',
  schema: 'V1ResourceClaimTemplate',
  validateName: nameIsDNSSubdomain,
  defaults(template) {
    const spec = (template.spec ??= {});
    spec.metadata ??= {};
    defaultClaimSpec((spec.spec ??= {}));
  },
  prepareForCreate(template) {
    dropDisabledSpecFields(template.spec?.spec);
  },
  validate: (template, context) => [
    ...adminAccessErrors(claimSpecOf(template), context),
    ...metadataErrors(specOf(template)),
    ...claimSpecErrors(claimSpecOf(template), 'spec.spec'),
    ...declaredClaimSpec(claimSpecOf(template), undefined, 'spec.spec'),
  ],
  update: {
    prepareForUpdate(next) {
      dropDisabledSpecFields(next.spec?.spec);
    },
    validateUpdate(next, previous) {
      if (sameValue(specOf(next), specOf(previous))) return [];
      return [
        invalid('spec', printSpec(specOf(next)), FIELD_IMMUTABLE),
        ...declaredClaimSpec(claimSpecOf(next), claimSpecOf(previous), 'spec.spec'),
      ];
    },
  },
  returnsDeletedObject: true,
  table: {
    columns: [nameColumn, ageColumn],
    cells: (template, now) => [template.metadata.name ?? '', age(template, now)],
  },
});
