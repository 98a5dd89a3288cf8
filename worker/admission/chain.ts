/** The admission plugins in upstream's order (pkg/kubeapiserver/options/plugins.go). */
import type { Status } from '../../schema/meta/status.ts';
import type { AdmissionChain } from '../registry/environment.ts';
import type { AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { certificateApproval } from './certificate-approval.ts';
import { certificateSigning } from './certificate-signing.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';
import { clusterTrustBundleAttest } from './cluster-trust-bundle-attest.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podSecurity } from './pod-security.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export const ADMISSION_PLUGINS: readonly AdmissionPlugin[] = [
  namespaceLifecycle,
  limitRanger,
  serviceAccount,
  nodeRestriction,
  taintNodesByCondition,
  podSecurity,
  priority,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  persistentVolumeClaimResize,
  runtimeClass,
  certificateApproval,
  certificateSigning,
  clusterTrustBundleAttest,
  certificateSubjectRestriction,
  defaultIngressClass,
  resourceQuota,
];

/** The chain the registry runs: per phase the first refusal ends it. */
export function admissionChain(
  context: AdmissionContext,
  plugins: readonly AdmissionPlugin[] = ADMISSION_PLUGINS,
): AdmissionChain {
  const first = (ask: (plugin: AdmissionPlugin) => Status | undefined): Status | undefined => {
    for (const plugin of plugins) {
      const refusal = ask(plugin);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  };
  return {
    admit: (attributes, reader) => first((plugin) => plugin.admit?.(attributes, reader, context)),
    validate: (attributes, reader) => first((plugin) => plugin.validate?.(attributes, reader, context)),
  };
}
