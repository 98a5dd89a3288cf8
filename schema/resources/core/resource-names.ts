/** Names of resources and their amounts in lists. Source: pkg/apis/core/validation validateResourceName and callers. */
import { type FieldError, invalid } from '../../meta/field-error.ts';
import { isQualifiedName } from '../../meta/name-rules.ts';
import { resourceQuantityErrors } from '../field-checks.ts';
import {
  isExtendedResource,
  isNativeResource,
  isStandardContainerResource,
  isStandardResource,
} from './pod-resource-list.ts';

/** Names that exist as resources of objects but not in quotas. */
const NOT_IN_QUOTAS = new Set(['storage']);

/** A qualified name; without a domain, a known one. */
export function resourceNameErrors(name: string, field: string): FieldError[] {
  const faults = isQualifiedName(name);
  if (faults.length > 0) return faults.map((text) => invalid(field, name, text));
  if (name.includes('/') || isStandardResource(name)) return [];
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

/** A resource a container can ask for. */
export function containerResourceNameErrors(name: string, field: string): FieldError[] {
  const errors = resourceNameErrors(name, field);
  if (!name.includes('/')) {
    return isStandardContainerResource(name)
      ? errors
      : [...errors, invalid(field, name, 'must be a standard resource for containers')];
  }
  if (isNativeResource(name) || isExtendedResource(name)) return errors;
  return [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
}

export const isStandardQuotaResource = (name: string): boolean => isStandardResource(name) && !NOT_IN_QUOTAS.has(name);

/** Errors of a quota's list of amounts, at `field`. */
export function quotaListErrors(list: Readonly<Record<string, unknown>> | undefined, field: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, value]) => {
    const at = `${field}[${name}]`;
    const errors = resourceNameErrors(name, at);
    if (!name.includes('/') && !isStandardQuotaResource(name)) {
      errors.push(invalid(at, name, 'must be a standard resource for quota'));
    }
    return [...errors, ...resourceQuantityErrors(name, value, at)];
  });
}
