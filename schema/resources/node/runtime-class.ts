/** RuntimeClass. Source: pkg/registry/node/runtimeclass, pkg/apis/node/validation. */
import type { IRuntimeClass } from 'kubernetes-models/node.k8s.io/v1/RuntimeClass';
import { duplicate, type FieldError, invalid, required } from '../../meta/field-error.ts';
import { validateLabels } from '../../meta/label-selector.ts';
import { isDNS1123Label, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { setResourceListDefaults } from '../core/pod-resource-list.ts';
import { STRICT_FOR_TEMPLATE } from '../core/pod-validation/options.ts';
import { validateContainerResources } from '../core/pod-validation/resources.ts';
import { validateTolerations } from '../core/pod-validation/tolerations.ts';
import { immutableStructErrors } from '../field-checks.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { labelDeprecation } from './deprecated-labels.ts';

export type RuntimeClass = Typed<IRuntimeClass>;
type Tolerations = NonNullable<NonNullable<RuntimeClass['scheduling']>['tolerations']>;

function tolerationErrors(tolerations: Tolerations): FieldError[] {
  const field = 'scheduling.tolerations';
  const errors: FieldError[] = [];
  validateTolerations(tolerations, field, STRICT_FOR_TEMPLATE, errors);
  const identities = tolerations.map(({ key, operator, value, effect }) =>
    JSON.stringify([key, operator, value, effect]),
  );
  tolerations.forEach(({ key = '', operator = '', value = '', effect = '', tolerationSeconds = null }, i) => {
    if (identities.indexOf(identities[i] as string) === i) return;
    const printed = {
      Key: key,
      Operator: operator,
      Value: value,
      Effect: effect,
      TolerationSeconds: tolerationSeconds,
    };
    errors.push(duplicate(`${field}[${i}]`, printed));
  });
  return errors;
}

function validate({ handler = '', overhead, scheduling }: Partial<RuntimeClass>): FieldError[] {
  const errors = handler
    ? isDNS1123Label(handler).map((text) => invalid('handler', handler, text))
    : [required('handler')];
  if (overhead)
    validateContainerResources({ limits: overhead.podFixed }, new Set(), 'overhead', STRICT_FOR_TEMPLATE, errors);
  return [
    ...errors,
    ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...tolerationErrors(scheduling?.tolerations ?? []),
  ];
}

const warnings = ({ scheduling }: RuntimeClass): string[] =>
  Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const deprecation = labelDeprecation(key);
    return deprecation ? [`scheduling.nodeSelector: ${deprecation}`] : [];
  });

export const runtimeClass = defineResource<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  singular: 'runtimeclass',
  scope: 'Cluster',
  schema: 'V1RuntimeClass',
  validateName: nameIsDNSSubdomain,
  defaults({ overhead }) {
    if (overhead?.podFixed) setResourceListDefaults(overhead.podFixed);
  },
  // Of a new handler, upstream counts the bytes.
  validate: (runtimeClass) =>
    validate(runtimeClass).map((error) => ({ ...error, body: error.body.replace('63 characters', '63 bytes') })),
  update: {
    validateUpdate: (next, previous) => [
      ...validate(next),
      ...immutableStructErrors(next.handler, previous.handler, 'handler', null),
    ],
    warnings,
  },
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  table: {
    columns: [nameColumn, column('Handler', 'string', ''), ageColumn],
    cells: (runtimeClass, now) => [
      runtimeClass.metadata.name ?? '',
      runtimeClass.handler ?? '',
      age(runtimeClass, now),
    ],
  },
});
