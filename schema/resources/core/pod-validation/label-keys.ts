/** `matchLabelKeys` of affinity terms and spread constraints. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import { type FieldError, forbiddenField, invalid } from '../../../meta/field-error.ts';
import { type LabelSelectorObject, validateLabelName } from '../../../meta/label-selector.ts';

/** `path` is that of the term or constraint. */
export function validateLabelKeys(
  matchKeys: readonly string[] | undefined,
  mismatchKeys: readonly string[] | undefined,
  selector: LabelSelectorObject | undefined,
  path: string,
): FieldError[] {
  if (!matchKeys?.length && !mismatchKeys?.length) return [];
  const errors = [
    ...keyErrors(matchKeys, selector, `${path}.matchLabelKeys`),
    ...keyErrors(mismatchKeys, selector, `${path}.mismatchLabelKeys`),
  ];
  const selected = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = matchKeys?.lastIndexOf(key) ?? -1;
    if (index >= 0 && selected.has(key)) {
      errors.push(invalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'));
    }
    selected.add(key);
  }
  matchKeys?.forEach((key, i) => {
    if (!mismatchKeys?.includes(key)) return;
    errors.push(invalid(`${path}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  });
  return errors;
}

function keyErrors(keys: readonly string[] | undefined, selector: object | undefined, path: string): FieldError[] {
  if (!keys?.length) return [];
  if (!selector) return [forbiddenField(path, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((key, i) => validateLabelName(key, `${path}[${i}]`));
}

/** The rule spread constraints had before the keys were merged into the selector. `path` is that of the keys. */
export function validateLegacyLabelKeys(
  keys: readonly string[] | undefined,
  selector: LabelSelectorObject | undefined,
  path: string,
): FieldError[] {
  if (!keys?.length) return [];
  const errors = selector ? [] : [forbiddenField(path, 'must not be specified when labelSelector is not set')];
  const selected = new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map((expression) => expression.key),
  ]);
  keys.forEach((key, i) => {
    pushAll(errors, validateLabelName(key, `${path}[${i}]`));
    if (selected.has(key))
      errors.push(invalid(`${path}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'));
  });
  return errors;
}
