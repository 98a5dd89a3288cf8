/** IngressClass. Source: pkg/registry/networking/ingressclass, pkg/apis/networking/validation, v1 defaults. */
import type { IIngressClass } from 'kubernetes-models/networking.k8s.io/v1/IngressClass';
import { type FieldError, forbiddenField, notSupported, required, tooLong } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { domainPrefixedPathErrors } from '../batch/job-spec-validation.ts';
import { dns1123LabelErrors } from '../field-checks.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { typedReferenceErrors } from './typed-reference.ts';

export type IngressClass = Typed<IIngressClass>;
type Parameters = NonNullable<NonNullable<IngressClass['spec']>['parameters']>;

const CONTROLLER_BYTES_MAX = 250;
const SCOPES = ['Cluster', 'Namespace'];
const DEFAULT_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';

function parameterErrors(parameters: Parameters | undefined): FieldError[] {
  const field = 'spec.parameters';
  if (!parameters) return [];
  const { scope, namespace } = parameters;
  const errors = typedReferenceErrors(parameters, field);
  if (scope === undefined) return [...errors, required(`${field}.scope`)];
  if (!SCOPES.includes(scope)) return [...errors, notSupported(`${field}.scope`, scope, SCOPES)];
  const at = `${field}.namespace`;
  if (scope === 'Cluster') {
    return namespace === undefined ? errors : [...errors, forbiddenField(at, "`parameters.scope` is set to 'Cluster'")];
  }
  if (namespace === undefined) return [...errors, required(at, "`parameters.scope` is set to 'Namespace'")];
  return [...errors, ...dns1123LabelErrors(namespace, at)];
}

function validate({ spec }: IngressClass): FieldError[] {
  const controller = spec?.controller ?? '';
  const field = 'spec.controller';
  return [
    ...(byteLength(controller) > CONTROLLER_BYTES_MAX ? [tooLong(field, CONTROLLER_BYTES_MAX)] : []),
    ...domainPrefixedPathErrors(controller, field),
    ...parameterErrors(spec?.parameters),
  ];
}

function formatParameters({ spec }: IngressClass): string {
  const parameters = spec?.parameters;
  if (!parameters) return '<none>';
  const { kind, apiGroup, name } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

const isDefault = ({ metadata }: IngressClass): boolean => metadata.annotations?.[DEFAULT_ANNOTATION] === 'true';

export const ingressClass = defineResource<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  singular: 'ingressclass',
  scope: 'Cluster',
  schema: 'V1IngressClass',
  validateName: nameIsDNSSubdomain,
  defaults({ spec }) {
    if (!spec?.parameters) return;
    spec.parameters.kind ??= '';
    spec.parameters.name ??= '';
    spec.parameters.scope ??= 'Cluster';
  },
  validate,
  update: {
    validateUpdate: (next, previous) => [
      ...validateImmutableField(next.spec?.controller ?? '', previous.spec?.controller ?? '', 'spec.controller'),
      ...validate(next),
    ],
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column('Controller', 'string', 'Controller that is responsible for handling this class'),
      column('Parameters', 'string', 'A reference to a resource with additional parameters'),
      ageColumn,
    ],
    cells: (ingressClass, now) => [
      `${ingressClass.metadata.name ?? ''}${isDefault(ingressClass) ? ' (default)' : ''}`,
      ingressClass.spec?.controller ?? '',
      formatParameters(ingressClass),
      age(ingressClass, now),
    ],
  },
});
