/** Who may look into devices that others use: namespaces whose label says so. Source: pkg/registry/resource/utils.go. */
import { type FieldError, forbiddenField, internalFieldError } from '../../meta/field-error.ts';
import type { StrategyContext } from '../../meta/resource.ts';
import type { ClaimSpec, ClaimStatus } from './device-types.ts';

const LABEL = 'resource.kubernetes.io/admin-access';

function labelErrors(field: string, { namespaceLabels }: StrategyContext): FieldError[] {
  const labels = namespaceLabels?.();
  if (!labels) return [internalFieldError(field, 'could not retrieve namespace to verify admin access')];
  if (labels[LABEL] === 'true') return [];
  const text = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`;
  return [forbiddenField(field, text)];
}

const grantedAt = (status: ClaimStatus | undefined): number =>
  (status?.allocation?.devices?.results ?? []).findIndex(({ adminAccess }) => adminAccess === true);

/** Errors of a new spec that asks for admin access. The path is that of claims, also for templates, as upstream's. */
export function adminAccessErrors(spec: ClaimSpec | undefined, context: StrategyContext): FieldError[] {
  const at = (spec?.devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  return at < 0 ? [] : labelErrors(`spec.devices.requests[${at}].adminAccess`, context);
}

/** Errors of a status that grants it anew. */
export function adminAccessStatusErrors(next: ClaimStatus, previous: ClaimStatus, context: StrategyContext) {
  const at = grantedAt(previous) >= 0 ? -1 : grantedAt(next);
  return at < 0 ? [] : labelErrors(`status.allocation.devices.results[${at}].adminAccess`, context);
}
