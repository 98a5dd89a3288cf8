/** DeviceTaintRule. Source: pkg/registry/resource/devicetaintrule, pkg/apis/resource/validation. */
import { type FieldError, tooMany } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { defineResource } from '../../meta/resource.ts';
import { formatTime } from '../../meta/time.ts';
import { validateConditions } from '../conditions.ts';
import { dns1123LabelErrors } from '../field-checks.ts';
import { age, ageColumn, nameColumn } from '../printing.ts';
import { declaredTaintRuleSpec } from './declared-devices.ts';
import { driverNameErrors, poolNameErrors, taintErrors } from './device-checks.ts';
import type { DeviceTaintRule, TaintRuleSpec } from './device-types.ts';

const CONDITIONS_MAX = 8;

const specOf = ({ spec }: DeviceTaintRule): TaintRuleSpec => spec ?? {};

function selectorErrors({ driver, pool, device }: NonNullable<TaintRuleSpec['deviceSelector']>): FieldError[] {
  const at = 'spec.deviceSelector';
  return [
    ...(driver === undefined ? [] : driverNameErrors(driver, `${at}.driver`)),
    ...(pool === undefined ? [] : poolNameErrors(pool, `${at}.pool`)),
    ...(device === undefined ? [] : dns1123LabelErrors(device, `${at}.device`)),
  ];
}

function validate(rule: DeviceTaintRule, previous: DeviceTaintRule | undefined): FieldError[] {
  const { deviceSelector, taint = {} } = specOf(rule);
  return [
    ...(deviceSelector ? selectorErrors(deviceSelector) : []),
    ...taintErrors(taint, 'spec.taint'),
    ...declaredTaintRuleSpec(specOf(rule), previous && specOf(previous), 'spec'),
  ];
}

/** The time of a taint is that of its effect: without word from the client it begins anew with a new one. */
function dateTaint({ taint }: TaintRuleSpec, previous: TaintRuleSpec | undefined, now: number): void {
  if (!taint) return;
  taint.timeAdded ??= formatTime(now);
  const before = previous?.taint;
  if (before && before.effect !== taint.effect && before.timeAdded === taint.timeAdded) {
    taint.timeAdded = formatTime(now);
  }
}

export const deviceTaintRule = defineResource<DeviceTaintRule>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceTaintRule',
  plural: 'devicetaintrules',
  singular: 'devicetaintrule',
  scope: 'Cluster',
  schema: 'V1DeviceTaintRule',
  validateName: nameIsDNSSubdomain,
  defaults(rule) {
    (rule.spec ??= {}).taint ??= {};
    rule.status ??= {};
  },
  prepareForCreate(rule, { now }) {
    rule.status = {};
    dateTaint(specOf(rule), undefined, now);
  },
  validate: (rule) => validate(rule, undefined),
  update: {
    prepareForUpdate(next, previous, { now }) {
      next.status = previous.status;
      dateTaint(specOf(next), specOf(previous), now);
    },
    validateUpdate: validate,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate({ status }) {
      const conditions = status?.conditions ?? [];
      const errors = validateConditions(conditions, 'status.conditions');
      if (conditions.length <= CONDITIONS_MAX) return errors;
      return [...errors, tooMany('status.conditions', conditions.length, CONDITIONS_MAX)];
    },
  },
  allowUnconditionalUpdate: false,
  hasGeneration: true,
  table: {
    columns: [nameColumn, ageColumn],
    cells: (rule, now) => [rule.metadata.name ?? '', age(rule, now)],
  },
});
