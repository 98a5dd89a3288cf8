/** Rules for the counts in workloads' statuses. Source: kubernetes pkg/apis/apps/validation (1.37). */
import { type FieldError, invalid } from '../../meta/field-error.ts';

type Counts<T> = { readonly [K in keyof T]?: unknown };

const countOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** No count is negative. */
export function validateCounts<T extends object>(
  status: T,
  fields: readonly (keyof T & string)[],
  errors: FieldError[],
): void {
  for (const name of fields) {
    const value = countOf((status as Counts<T>)[name]);
    if (value < 0) errors.push(invalid(`status.${name}`, value, 'must be greater than or equal to 0'));
  }
}

/** No count exceeds that of all replicas. */
export function validateWithinReplicas<T extends { replicas?: number }>(
  status: T,
  fields: readonly (keyof T & string)[],
  errors: FieldError[],
): void {
  for (const name of fields) {
    const value = countOf((status as Counts<T>)[name]);
    if (value > (status.replicas ?? 0)) {
      errors.push(invalid(`status.${name}`, value, 'cannot be greater than status.replicas'));
    }
  }
}

export function validateAvailable(
  status: { availableReplicas?: number; readyReplicas?: number },
  readyInText: string,
  errors: FieldError[],
): void {
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0)) {
    errors.push(invalid('status.availableReplicas', available, `cannot be greater than ${readyInText}`));
  }
}

/** Collisions of generated names are only ever added to. */
export function validateCollisionCount(
  next: { collisionCount?: number } | undefined,
  previous: { collisionCount?: number } | undefined,
  errors: FieldError[],
): void {
  const before = previous?.collisionCount;
  const after = next?.collisionCount;
  if (before !== undefined && (after === undefined || after < before)) {
    errors.push(invalid('status.collisionCount', after ?? 0, 'cannot be decremented'));
  }
}
