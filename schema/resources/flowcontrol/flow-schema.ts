/** FlowSchema. Source: pkg/registry/flowcontrol/flowschema, pkg/apis/flowcontrol/{v1,validation}. */
import type { IFlowSchema } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/FlowSchema';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { EXEMPT, type FlowSchemaSpec, MANDATORY_FLOW_SCHEMAS } from './bootstrap-objects.ts';
import { flowConditionErrors } from './conditions.ts';
import { ruleErrors } from './flow-schema-rules.ts';

export type FlowSchema = Typed<IFlowSchema>;
type Rule = NonNullable<FlowSchemaSpec['rules']>[number];

const PRECEDENCE_DEFAULT = 1000;
const PRECEDENCE_MAX = 10_000;
const DISTINGUISHERS = ['ByNamespace', 'ByUser'];

/** What a FlowSchema has beyond its metadata is in its spec, which decoding may leave out. */
const specOf = ({ spec }: FlowSchema): Partial<FlowSchemaSpec> => spec ?? {};

function precedenceErrors(value: number, name: string): FieldError[] {
  const field = 'spec.matchingPrecedence';
  const errors: FieldError[] = [];
  if (value <= 0) errors.push(invalid(field, value, 'must be a positive value'));
  if (value > PRECEDENCE_MAX) errors.push(invalid(field, value, `must not be greater than ${PRECEDENCE_MAX}`));
  if (value === 1 && name !== EXEMPT) {
    errors.push(invalid(field, value, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  return errors;
}

function levelErrors(name: string): FieldError[] {
  const field = 'spec.priorityLevelConfiguration.name';
  if (name === '') return [required(field, 'must reference a priority level')];
  return nameIsDNSSubdomain(name, false).map((text) => invalid(field, name, text));
}

const printedSubject = ({ kind = '', user, group, serviceAccount }: Partial<Rule['subjects'][number]>): object => ({
  Kind: kind,
  User: user ? { Name: user.name } : null,
  Group: group ? { Name: group.name } : null,
  ServiceAccount: serviceAccount ? { Namespace: serviceAccount.namespace, Name: serviceAccount.name } : null,
});

const printedRule = ({ subjects, resourceRules, nonResourceRules }: Partial<Rule>): object => ({
  Subjects: subjects?.map(printedSubject) ?? null,
  ResourceRules:
    resourceRules?.map(({ verbs, apiGroups, resources, clusterScope = false, namespaces }) => ({
      Verbs: verbs ?? null,
      APIGroups: apiGroups ?? null,
      Resources: resources ?? null,
      ClusterScope: clusterScope,
      Namespaces: namespaces ?? null,
    })) ?? null,
  NonResourceRules:
    nonResourceRules?.map(({ verbs, nonResourceURLs }) => ({
      Verbs: verbs ?? null,
      NonResourceURLs: nonResourceURLs ?? null,
    })) ?? null,
});

/** As upstream's internal type prints. */
const printedSpec = (spec: Partial<FlowSchemaSpec>): object => ({
  PriorityLevelConfiguration: { Name: spec.priorityLevelConfiguration?.name ?? '' },
  MatchingPrecedence: spec.matchingPrecedence ?? 0,
  DistinguisherMethod: spec.distinguisherMethod ? { Type: spec.distinguisherMethod.type } : null,
  Rules: spec.rules?.map(printedRule) ?? null,
});

function fixedErrors(name: string, spec: Partial<FlowSchemaSpec>): FieldError[] {
  const fixed = MANDATORY_FLOW_SCHEMAS.find((mandatory) => mandatory.name === name);
  if (!fixed || semanticEqual(spec, fixed.spec)) return [];
  return [invalid('spec', printedSpec(spec), `spec of '${name}' must equal the fixed value`)];
}

function validate(schema: FlowSchema): FieldError[] {
  const spec = specOf(schema);
  const name = schema.metadata.name ?? '';
  const method = spec.distinguisherMethod;
  return [
    ...precedenceErrors(spec.matchingPrecedence ?? 0, name),
    ...(method && !DISTINGUISHERS.includes(method.type ?? '')
      ? [notSupported('spec.distinguisherMethod.type', { Type: method.type ?? '' }, DISTINGUISHERS)]
      : []),
    ...levelErrors(spec.priorityLevelConfiguration?.name ?? ''),
    ...(spec.rules ?? []).flatMap((rule, i) => ruleErrors(rule, `spec.rules[${i}]`)),
    ...fixedErrors(name, spec),
    ...flowConditionErrors(schema),
  ];
}

const danglingStatus = ({ status }: FlowSchema): string =>
  status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?';

/** The order in which schemas are tried on a request. Source: apiserver util/apihelpers FlowSchemaSequence. */
export function compareFlowSchemas(a: FlowSchema, b: FlowSchema): number {
  const byPrecedence = (specOf(a).matchingPrecedence ?? 0) - (specOf(b).matchingPrecedence ?? 0);
  return byPrecedence || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
}

export const flowSchema = defineResource<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  singular: 'flowschema',
  scope: 'Cluster',
  schema: 'V1FlowSchema',
  validateName: nameIsDNSSubdomain,
  defaults(schema) {
    const spec = (schema.spec ??= { priorityLevelConfiguration: { name: '' } });
    spec.matchingPrecedence ||= PRECEDENCE_DEFAULT;
    schema.status ??= {};
  },
  prepareForCreate(schema) {
    schema.status = {};
  },
  validate,
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: validate,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.metadata = { ...previous.metadata, managedFields: next.metadata.managedFields };
      next.spec = previous.spec;
    },
    validateUpdate: flowConditionErrors,
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column(
        'PriorityLevel',
        'string',
        '`name` is the name of the priority level configuration being referenced Required.',
      ),
      column(
        'MatchingPrecedence',
        'string',
        '`matchingPrecedence` is used to choose among the FlowSchemas that match a given request. The chosen FlowSchema is among those with the numerically lowest (which we take to be logically highest) MatchingPrecedence.  Each MatchingPrecedence value must be ranged in [1,10000]. Note that if the precedence is not specified, it will be set to 1000 as default.',
      ),
      column(
        'DistinguisherMethod',
        'string',
        '`distinguisherMethod` defines how to compute the flow distinguisher for requests that match this schema. `nil` specifies that the distinguisher is disabled and thus will always be the empty string.',
      ),
      ageColumn,
      column('MissingPL', 'string', 'references a broken or non-existent PriorityLevelConfiguration'),
    ],
    cells: (schema, now) => [
      schema.metadata.name ?? '',
      specOf(schema).priorityLevelConfiguration?.name ?? '',
      specOf(schema).matchingPrecedence ?? 0,
      specOf(schema).distinguisherMethod?.type ?? '<none>',
      age(schema, now),
      danglingStatus(schema),
    ],
    order: compareFlowSchemas,
  },
});
