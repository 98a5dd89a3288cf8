/** StatefulSet. Source: pkg/registry/apps/statefulset, pkg/apis/apps/validation, pkg/apis/apps/v1 defaults. */
import { pushAll } from '../../meta/push-all.ts';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { labelSelectorOf } from '../../meta/label-selector.ts';
import { nameIsDNSLabel } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField, validateNonnegative } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { persistentVolumeClaim, type PersistentVolumeClaim } from '../core/persistent-volume-claim.ts';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledTemplateFields } from '../core/pod-dropped-fields.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import { validateClaimSpec } from '../core/pod-validation/claim-template.ts';
import { validateLeniently } from '../core/pod-validation/old-spec-excuses.ts';
import { type PodValidationOptions, STRICT_FOR_TEMPLATE } from '../core/pod-validation/options.ts';
import { validatePodTemplate } from '../core/pod-validation/pod-spec.ts';
import { warningsForPodTemplate } from '../core/pod-warnings.ts';
import { dns1123LabelErrors } from '../field-checks.ts';
import { age, ageColumn, column, containerCells, containersColumn, imagesColumn, nameColumn } from '../printing.ts';
import { intOrPercentValue, validateAtMost100Percent, validateIntOrPercent } from './int-or-percent.ts';
import { replicasScale } from './scale.ts';
import {
  validateAvailable,
  validateCollisionCount,
  validateCounts,
  validateWithinReplicas,
} from './workload-status.ts';
import {
  validateEndlessPods,
  validateSelectorKept,
  validateSelectorMatches,
  validateWorkloadSelector,
} from './workload-template.ts';

export type StatefulSet = Typed<IStatefulSet>;
type Spec = NonNullable<StatefulSet['spec']>;
type RollingUpdate = NonNullable<NonNullable<Spec['updateStrategy']>['rollingUpdate']>;

const RETENTION_POLICIES = ['Retain', 'Delete'];
const HISTORY_LIMIT = 10;

const specOf = ({ spec }: StatefulSet): Spec => spec ?? ({} as Spec);
const templateOf = (set: StatefulSet): PodTemplateSpec => (specOf(set).template ?? {}) as PodTemplateSpec;
const claimsOf = (set: StatefulSet): PersistentVolumeClaim[] =>
  (specOf(set).volumeClaimTemplates ?? []) as PersistentVolumeClaim[];

function defaultUpdateStrategy(spec: Spec): void {
  const strategy = (spec.updateStrategy ??= {});
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type !== 'RollingUpdate' || !strategy.rollingUpdate) return;
  strategy.rollingUpdate.partition ??= 0;
  strategy.rollingUpdate.maxUnavailable ??= 1;
}

function defaults(set: StatefulSet): void {
  const spec = (set.spec ??= {} as Spec);
  spec.podManagementPolicy ||= 'OrderedReady';
  defaultUpdateStrategy(spec);
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= HISTORY_LIMIT;
  setPodTemplateDefaults((spec.template ??= {}) as PodTemplateSpec);
  for (const claim of claimsOf(set)) {
    claim.apiVersion = 'v1';
    claim.kind = 'PersistentVolumeClaim';
    claim.metadata ??= {};
    persistentVolumeClaim.defaults?.(claim);
  }
  set.status ??= { replicas: 0 };
}

function rollingUpdateErrors({ partition, maxUnavailable }: RollingUpdate): FieldError[] {
  const path = 'spec.updateStrategy.rollingUpdate';
  const errors = validateNonnegative(partition, `${path}.partition`);
  if (maxUnavailable === undefined) return errors;
  const at = `${path}.maxUnavailable`;
  validateIntOrPercent(maxUnavailable, at, errors);
  if (intOrPercentValue(maxUnavailable) === 0) errors.push(invalid(at, maxUnavailable, 'cannot be 0'));
  validateAtMost100Percent(maxUnavailable, at, errors);
  return errors;
}

const printRollingUpdate = ({ partition, maxUnavailable }: RollingUpdate): unknown => ({
  Partition: partition ?? 0,
  MaxUnavailable: maxUnavailable ?? null,
});

function strategyErrors({ podManagementPolicy, updateStrategy = {} }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (!podManagementPolicy) errors.push(required('spec.podManagementPolicy'));
  else if (podManagementPolicy !== 'OrderedReady' && podManagementPolicy !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"));
  }
  const { type, rollingUpdate } = updateStrategy;
  if (!type) return [...errors, required('spec.updateStrategy')];
  if (type === 'RollingUpdate') return [...errors, ...(rollingUpdate ? rollingUpdateErrors(rollingUpdate) : [])];
  const printed = rollingUpdate ? printRollingUpdate(rollingUpdate) : null;
  if (type !== 'OnDelete') {
    const strategy = { Type: type, RollingUpdate: printed };
    return [...errors, invalid('spec.updateStrategy', strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (!rollingUpdate) return errors;
  return [
    ...errors,
    invalid('spec.updateStrategy.rollingUpdate', printed, "only allowed for updateStrategy 'RollingUpdate'"),
  ];
}

function retentionErrors({ persistentVolumeClaimRetentionPolicy: retention }: Spec): FieldError[] {
  if (!retention) return [];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((name) => {
    const policy = retention[name] ?? '';
    if (RETENTION_POLICIES.includes(policy)) return [];
    return [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${name}`, policy, RETENTION_POLICIES)];
  });
}

/** The template as its pods will be: with the claims' volumes, and named by the controller. */
function podTemplateOf(set: StatefulSet): PodTemplateSpec {
  const template = templateOf(set);
  const names = [...new Set(claimsOf(set).map(({ metadata }) => metadata.name ?? ''))];
  const own = template.spec?.volumes?.filter(({ name }) => !names.includes(name)) ?? [];
  const volumes = [...names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })), ...own];
  return {
    ...template,
    spec: {
      ...template.spec,
      subdomain: '',
      hostname: '',
      ...(names.length > 0 ? { volumes } : {}),
    } as PodTemplateSpec['spec'],
  };
}

function templateErrors(set: StatefulSet, options: PodValidationOptions | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const { selector } = specOf(set);
  if (!labelSelectorOf(selector).ok) errors.push(invalid('spec.selector', selector, ''));
  else {
    validateSelectorMatches(selector, templateOf(set), 'spec.template', errors);
    if (options) validatePodTemplate(podTemplateOf(set), 'spec.template', options, errors);
  }
  validateEndlessPods(templateOf(set), 'StatefulSet', 'spec.template', errors);
  return errors;
}

/** Without options the template is not looked into. */
function validateSpec(set: StatefulSet, isNew: boolean, options: PodValidationOptions | undefined): FieldError[] {
  const spec = specOf(set);
  const errors = [...strategyErrors(spec), ...retentionErrors(spec)];
  if (isNew) {
    claimsOf(set).forEach((claim, i) =>
      validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`, errors),
    );
  }
  errors.push(
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(spec.ordinals?.start, 'spec.ordinals.start'),
  );
  if (isNew && spec.serviceName) pushAll(errors, dns1123LabelErrors(spec.serviceName, 'spec.serviceName'));
  validateWorkloadSelector(spec.selector, 'statefulset', errors);
  return [...errors, ...templateErrors(set, options)];
}

function validateUpdate(next: StatefulSet, previous: StatefulSet): FieldError[] {
  const template = templateOf(previous);
  const isBrokenAlready = validateSpec(previous, false, STRICT_FOR_TEMPLATE).length > 0;
  const errors = isBrokenAlready
    ? validateSpec(next, false, undefined)
    : validateLeniently(STRICT_FOR_TEMPLATE, template.spec, template.metadata, (options) =>
        validateSpec(next, false, options),
      );
  const [after, before] = [specOf(next), specOf(previous)];
  return [
    ...errors,
    ...validateSelectorKept(after.selector, before.selector),
    ...validateImmutableField(after.volumeClaimTemplates, before.volumeClaimTemplates, 'spec.volumeClaimTemplates'),
    ...validateImmutableField(after.serviceName ?? '', before.serviceName ?? '', 'spec.serviceName'),
    ...validateImmutableField(after.podManagementPolicy, before.podManagementPolicy, 'spec.podManagementPolicy'),
  ];
}

function warnings(next: StatefulSet, previous: StatefulSet | undefined): string[] {
  const isTemplateKnown = previous && semanticEqual(next.spec, previous.spec);
  const texts = isTemplateKnown ? [] : warningsForPodTemplate(templateOf(next), 'spec.template');
  if ((specOf(next).revisionHistoryLimit ?? 0) < 0) {
    texts.push(
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    );
  }
  return texts;
}

const COUNTS = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const;

export const statefulSet = defineResource<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1StatefulSet',
  validateName: nameIsDNSLabel,
  defaults,
  prepareForCreate(set) {
    set.status = { replicas: 0 };
    dropDisabledTemplateFields(templateOf(set), undefined);
  },
  validate: (set) => validateSpec(set, true, STRICT_FOR_TEMPLATE),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropDisabledTemplateFields(templateOf(next), templateOf(previous));
    },
    validateUpdate,
    warnings,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate({ status }, previous) {
      const errors: FieldError[] = [];
      if (!status) return errors;
      validateCounts(status, COUNTS, errors);
      validateWithinReplicas(
        status,
        ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
        errors,
      );
      validateAvailable(status, 'status.readyReplicas', errors);
      validateCollisionCount(status, previous.status, errors);
      return errors;
    },
  },
  scale: replicasScale(),
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column('Ready', 'string', 'Number of the pod with ready state'),
      ageColumn,
      containersColumn,
      imagesColumn,
    ],
    cells: (set, now) => [
      set.metadata.name ?? '',
      `${set.status?.readyReplicas ?? 0}/${specOf(set).replicas ?? 0}`,
      age(set, now),
      ...containerCells(templateOf(set).spec?.containers),
    ],
  },
});
