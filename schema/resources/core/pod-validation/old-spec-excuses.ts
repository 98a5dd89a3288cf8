/**
 * What the old spec of an update excuses in the new one: strict first, and only if that fails, leniently.
 * Source: kubernetes pkg/api/pod/util.go GetValidationOptionsFromPodSpecAndMeta (1.37).
 */
import type { FieldError } from '../../../meta/field-error.ts';
import type { ObjectMeta } from '../../../meta/object-meta.ts';
import { validateLabelSelector } from '../../../meta/label-selector.ts';
import { isWholeHugePages, isHugePages, quantity } from '../pod-resource-list.ts';
import { type Container, isRestartableInitContainer, type PodSpec, visitContainers } from '../pod-types.ts';
import { isDeletionCost, POD_DELETION_COST } from './deletion-cost.ts';
import { validateLocalNonReservedPath } from './relative-paths.ts';
import { hostSysctlError } from './sysctls.ts';
import { validateLabelKeys } from './label-keys.ts';
import { isValidLabelValue } from '../../../meta/name-rules.ts';
import type { PodValidationOptions } from './options.ts';

/**
 * Runs `validate` strictly, and again with what the old spec excuses when that finds errors. Of a
 * spec that has not been tightened upon, the second run finds the same.
 */
export function validateLeniently(
  strict: PodValidationOptions,
  oldSpec: PodSpec | undefined,
  oldMetadata: ObjectMeta | undefined,
  validate: (options: PodValidationOptions) => FieldError[],
): FieldError[] {
  const errors = validate(strict);
  if (errors.length === 0 || !oldSpec) return errors;
  return validate({ ...strict, ...excuses(oldSpec, oldMetadata) });
}

function excuses(spec: PodSpec, metadata: ObjectMeta | undefined): Omit<PodValidationOptions, 'resourceIsPod'> {
  const deletionCost = metadata?.annotations?.[POD_DELETION_COST];
  const spread = spec.topologySpreadConstraints ?? [];
  return {
    allowInvalidDeletionCost: deletionCost !== undefined && !isDeletionCost(deletionCost),
    allowInvalidLabelValueInSelector: affinitySelectors(spec).some(hasInvalidValue),
    allowInvalidLabelValueInRequiredNodeAffinity: hasInvalidNodeAffinityValue(spec),
    allowInvalidSpreadSelector: spread.some((c) => validateLabelSelector(c.labelSelector, '').length > 0),
    allowIndivisibleHugePages: someContainer(spec, hasIndivisibleHugePages),
    allowNonLocalTokenPath: hasNonLocalTokenPath(spec),
    allowNamespacedSysctlsOnHost: (spec.securityContext?.sysctls ?? []).some((s) => hostSysctlError(s.name, spec, '')),
    allowUserNamespacesOnHostNetwork: spec.hostUsers === false && spec.hostNetwork === true,
    allowUserNamespacesWithVolumeDevices:
      spec.hostUsers === false && someContainer(spec, (c) => (c.volumeDevices?.length ?? 0) > 0),
    allowRestartContainerForInitContainer: (spec.initContainers ?? []).some(
      (c) => !isRestartableInitContainer(c) && c.resizePolicy?.some((p) => p.restartPolicy === 'RestartContainer'),
    ),
    allowSysAdminWithoutEscalation: someContainer(spec, hasSysAdminWithoutEscalation),
    allowTolerationComparison: (spec.tolerations ?? []).some((t) => isComparison(t.operator)),
    allowEmptyImageVolumeReference: (spec.volumes ?? []).some((v) => v.image && !v.image.reference),
    useLegacySpreadLabelKeys: spread.some(
      (c) => validateLabelKeys(c.matchLabelKeys, undefined, c.labelSelector, '').length > 0,
    ),
  };
}

const isComparison = (operator: string | undefined): boolean => operator === 'Lt' || operator === 'Gt';

function someContainer(spec: PodSpec, test: (container: Container) => boolean): boolean {
  let found = false;
  visitContainers(spec, '', (container) => (found ||= test(container)));
  return found;
}

function hasIndivisibleHugePages({ resources }: Container): boolean {
  const lists = [resources?.limits ?? {}, resources?.requests ?? {}];
  return lists.some((list) =>
    Object.entries(list).some(([name, value]) => isHugePages(name) && !isWholeHugePages(name, quantity(value))),
  );
}

function hasSysAdminWithoutEscalation({ securityContext }: Container): boolean {
  return (
    securityContext?.allowPrivilegeEscalation !== true &&
    securityContext?.capabilities?.add?.includes('CAP_SYS_ADMIN') === true
  );
}

function hasNonLocalTokenPath(spec: PodSpec): boolean {
  const sources = (spec.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
  return sources.some(({ serviceAccountToken }) => {
    if (!serviceAccountToken) return false;
    const errors: FieldError[] = [];
    validateLocalNonReservedPath(serviceAccountToken.path ?? '', '', errors);
    return errors.length > 0;
  });
}

type Selector = { matchExpressions?: { values?: string[] }[] } | undefined;

function affinitySelectors({ affinity }: PodSpec): Selector[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((kind) => {
    const required = kind?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = kind?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = [...required, ...preferred.map((weighted) => weighted.podAffinityTerm)];
    return terms.flatMap((term) => [term?.labelSelector, term?.namespaceSelector]);
  });
}

const hasInvalidValue = (selector: Selector): boolean =>
  (selector?.matchExpressions ?? []).some((e) => (e.values ?? []).some((v) => isValidLabelValue(v).length > 0));

function hasInvalidNodeAffinityValue({ affinity }: PodSpec): boolean {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.some(hasInvalidValue);
}
