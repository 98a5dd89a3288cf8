/** Taints of nodes. Source: pkg/apis/core/validation validateNodeTaints. */
import { pushAll } from '../../meta/push-all.ts';
import { duplicate, type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { validateLabelName } from '../../meta/label-selector.ts';
import { isValidLabelValue } from '../../meta/name-rules.ts';

export interface Taint {
  key: string;
  value?: string;
  effect: string;
  timeAdded?: string;
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function effectErrors(effect: string | undefined, field: string): FieldError[] {
  if (!effect) return [required(field)];
  return EFFECTS.includes(effect) ? [] : [notSupported(field, effect, EFFECTS)];
}

function duplicateTaint({ key = '', value = '', effect = '', timeAdded }: Partial<Taint>, field: string): FieldError {
  const printed = duplicate(field, { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null });
  return { ...printed, body: `${printed.body}: taints must be unique by key and effect pair` };
}

/** All errors of a node's taints, at `field`. */
export function taintErrors(taints: readonly Taint[], field: string): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint: Partial<Taint>, i) => {
    const at = `${field}[${i}]`;
    const { key = '', value = '', effect = '' } = taint;
    const errors = validateLabelName(key, `${at}.key`);
    const valueFaults = isValidLabelValue(value);
    if (valueFaults.length > 0) errors.push(invalid(`${at}.value`, value, valueFaults.join(';')));
    pushAll(errors, effectErrors(effect, `${at}.effect`));
    const identity = `${effect}:${key}`;
    if (seen.has(identity)) errors.push(duplicateTaint(taint, at));
    seen.add(identity);
    return errors;
  });
}
