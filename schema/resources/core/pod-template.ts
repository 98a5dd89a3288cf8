/** PodTemplate. Source: pkg/registry/core/podtemplate, pkg/apis/core/validation ValidatePodTemplate. */
import type { IPodTemplate } from 'kubernetes-models/v1/PodTemplate';
import { semanticEqual } from '../../meta/deep-equal.ts';
import type { FieldError } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { column, containerCells, formatLabels, nameColumn } from '../printing.ts';
import { setPodTemplateDefaults } from './pod-defaults.ts';
import { dropDisabledTemplateFields } from './pod-dropped-fields.ts';
import type { PodTemplateSpec } from './pod-types.ts';
import { validateLeniently } from './pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from './pod-validation/options.ts';
import { validatePodTemplate } from './pod-validation/pod-spec.ts';
import { warningsForPodTemplate } from './pod-warnings.ts';

export type PodTemplate = Typed<IPodTemplate>;

const templateOf = ({ template }: PodTemplate): PodTemplateSpec => (template ?? {}) as PodTemplateSpec;

function validate(object: PodTemplate, options: PodValidationOptions): FieldError[] {
  const errors: FieldError[] = [];
  validatePodTemplate(templateOf(object), 'template', options, errors);
  return errors;
}

export const podTemplate = defineResource<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  singular: 'podtemplate',
  scope: 'Namespaced',
  schema: 'V1PodTemplate',
  validateName: nameIsDNSSubdomain,
  defaults(object) {
    setPodTemplateDefaults((object.template ??= {}) as PodTemplateSpec);
  },
  prepareForCreate(object) {
    object.metadata.generation = 1;
    dropDisabledTemplateFields(templateOf(object), undefined);
  },
  validate: (object) => validate(object, STRICT_FOR_TEMPLATE),
  update: {
    prepareForUpdate(next, previous) {
      dropDisabledTemplateFields(templateOf(next), templateOf(previous));
    },
    validateUpdate(next, previous) {
      const { spec, metadata } = templateOf(previous);
      return validateLeniently(STRICT_FOR_TEMPLATE, spec, metadata, (options) => validate(next, options));
    },
    warnings: (next, previous) =>
      previous && semanticEqual(next.template, previous.template)
        ? []
        : warningsForPodTemplate(templateOf(next), 'template'),
  },
  hasGeneration: true,
  returnsDeletedObject: true,
  table: {
    columns: [
      nameColumn,
      column('Containers', 'string', 'Names of each container in the template.'),
      column('Images', 'string', 'Images referenced by each container in the template.'),
      column('Pod Labels', 'string', 'The labels for the pod template.'),
    ],
    cells: (object) => [
      object.metadata.name ?? '',
      ...containerCells(templateOf(object).spec?.containers),
      formatLabels(templateOf(object).metadata?.labels),
    ],
  },
});
