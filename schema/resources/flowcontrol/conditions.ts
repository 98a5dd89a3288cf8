/** Conditions of flow control's statuses. Source: pkg/apis/flowcontrol/validation. */
import { firstIndexOf } from '../../meta/first-index.ts';
import { duplicate, type FieldError, required } from '../../meta/field-error.ts';

interface WithStatus {
  status?: { conditions?: readonly { type?: string }[] };
}

/** Each condition has a type, and no two the same. */
export function flowConditionErrors({ status }: WithStatus): FieldError[] {
  const types = (status?.conditions ?? []).map(({ type }) => type ?? '');
  return types.flatMap((type, i) => {
    const field = `status.conditions[${i}].type`;
    return [
      ...(firstIndexOf(types, type) < i ? [duplicate(field, type)] : []),
      ...(type === '' ? [required(field, 'must not be empty')] : []),
    ];
  });
}
