/**
 * Rules that were tightened after objects had been stored: an update may keep what its old object had.
 * Source: kubernetes pkg/apis/core/validation PodValidationOptions (1.37).
 */

export interface PodValidationOptions {
  /** A Pod, not the template of a workload. */
  readonly resourceIsPod: boolean;
  readonly allowInvalidDeletionCost: boolean;
  readonly allowInvalidLabelValueInSelector: boolean;
  readonly allowInvalidLabelValueInRequiredNodeAffinity: boolean;
  readonly allowInvalidSpreadSelector: boolean;
  readonly allowIndivisibleHugePages: boolean;
  readonly allowNonLocalTokenPath: boolean;
  readonly allowNamespacedSysctlsOnHost: boolean;
  readonly allowUserNamespacesOnHostNetwork: boolean;
  readonly allowUserNamespacesWithVolumeDevices: boolean;
  readonly allowRestartContainerForInitContainer: boolean;
  readonly allowSysAdminWithoutEscalation: boolean;
  readonly allowTolerationComparison: boolean;
  readonly allowEmptyImageVolumeReference: boolean;
  /** The old pod already breaks the stricter rule for matchLabelKeys of spread constraints. */
  readonly useLegacySpreadLabelKeys: boolean;
}

const STRICT: PodValidationOptions = {
  resourceIsPod: false,
  allowInvalidDeletionCost: false,
  allowInvalidLabelValueInSelector: false,
  allowInvalidLabelValueInRequiredNodeAffinity: false,
  allowInvalidSpreadSelector: false,
  allowIndivisibleHugePages: false,
  allowNonLocalTokenPath: false,
  allowNamespacedSysctlsOnHost: false,
  allowUserNamespacesOnHostNetwork: false,
  allowUserNamespacesWithVolumeDevices: false,
  allowRestartContainerForInitContainer: false,
  allowSysAdminWithoutEscalation: false,
  allowTolerationComparison: false,
  allowEmptyImageVolumeReference: false,
  useLegacySpreadLabelKeys: false,
};

export const STRICT_FOR_POD: PodValidationOptions = { ...STRICT, resourceIsPod: true };
export const STRICT_FOR_TEMPLATE: PodValidationOptions = STRICT;
