/** Tolerations without those that others of them cover. Source: pkg/util/tolerations. */
import { equalJson } from '../../schema/meta/json-value.ts';
import type { PodSpec } from '../../schema/resources/core/pod-types.ts';

type Toleration = NonNullable<PodSpec['tolerations']>[number];

/** Whether `wide` tolerates all that `narrow` does. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (equalJson(wide, narrow)) return true;
  if ((narrow.key ?? '') !== (wide.key ?? '') && (wide.key || wide.operator !== 'Exists')) return false;
  if (wide.effect && narrow.effect !== wide.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  const isEqual = wide.operator === 'Equal' || !wide.operator;
  return isEqual && narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? '');
}

/** Keeps the order; of equal ones the first stays. */
export function mergeTolerations(all: readonly Toleration[]): Toleration[] {
  const merged: Toleration[] = [];
  all.forEach((one, i) => {
    const isCovered =
      merged.some((kept) => covers(kept, one)) ||
      all.slice(i + 1).some((later) => !equalJson(one, later) && covers(later, one));
    if (!isCovered) merged.push(one);
  });
  return merged;
}
