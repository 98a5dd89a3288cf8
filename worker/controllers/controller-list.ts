/** Which controllers run in which shard, and what starts them when no change does. */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import { catalog } from '../../schema/resources/catalog.ts';
import { definitionOfKind } from '../../schema/resources/lookup.ts';
import { bootstrapTokenCleaner } from './bootstrap-token-cleaner.ts';
import { certificateRequestCleaner, podCertificateRequestCleaner } from './certificate-request-cleaner.ts';
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import type { Controller } from './controller.ts';
import { cronJobController } from './cron-job/cron-job.ts';
import { deploymentController } from './deployment/deployment.ts';
import { disruptionController } from './disruption/disruption.ts';
import { staleDisruptionController } from './disruption/stale-disruption.ts';
import { endpointSliceController } from './endpoint-slice.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { endpointsController } from './endpoints.ts';
import { flowControlKeepers, flowSchemaStatusController } from './flow-control.ts';
import { garbageCollector, type GarbageCollectorSettings, orphanedWork, type OwnerKind } from './garbage-collector.ts';
import { jobController } from './job/job.ts';
import { namespaceContentController } from './namespace-content.ts';
import { rootCaPublisher, serviceAccountController } from './namespace-objects.ts';
import { podGarbageController } from './pod-garbage.ts';
import { replicaSetController } from './replica-set.ts';
import { replicationController } from './replication-controller.ts';
import { resourceQuotaController } from './resource-quota.ts';
import type { WorkItem } from './runtime/controller-run.ts';
import {
  serviceAccountTokenReferences,
  serviceAccountTokens,
  TOKEN_CONTROLLER,
  type TokenSource,
} from './service-account-tokens.ts';
import { serviceCidrController } from './service-cidr.ts';
import { statefulSetController } from './stateful-set/stateful-set.ts';
import { claimProtectionController, volumeProtectionController } from './storage-protection.ts';

const NO_TOKENS: TokenSource = { token: () => undefined };

/** What the controllers of a shard depend on beyond its store. */
export interface ControllerSettings {
  /** PEM of the CA that clients in pods trust the API by; goes into kube-root-ca.crt. */
  readonly clusterCa: string;
  /** Signs tokens for Secrets that hold them; absent: they stay empty. */
  readonly tokens?: TokenSource;
  /** See GarbageCollectorSettings. */
  readonly clusterUid?: GarbageCollectorSettings['clusterUid'];
}

const namespacedResources: readonly GroupResource[] = catalog
  .filter(({ scope }) => scope === 'Namespaced')
  .map(({ key }) => key);

/**
 * The controllers of a namespace's shard. Build once per shard and keep: routing is cached by the list.
 * Earlier ones run first: who counts what others make comes after them.
 */
export const namespacedControllers = ({
  clusterCa,
  tokens = NO_TOKENS,
  clusterUid,
}: ControllerSettings): readonly Controller[] => [
  namespaceContentController(namespacedResources),
  serviceAccountController,
  rootCaPublisher(clusterCa),
  garbageCollector({ kindOf, clusterUid }),
  bootstrapTokenCleaner,
  serviceAccountTokens({ clusterCa, tokens }),
  serviceAccountTokenReferences,
  podCertificateRequestCleaner,
  podGarbageController,
  claimProtectionController,
  resourceQuotaController,
  replicationController,
  replicaSetController,
  deploymentController,
  statefulSetController,
  jobController,
  cronJobController,
  disruptionController,
  staleDisruptionController,
  endpointSliceController,
  endpointsController,
  endpointSliceMirroringController,
];

/** The controllers of the shard of cluster-scoped objects. */
export const clusterControllers = (): readonly Controller[] => [
  garbageCollector({ kindOf }),
  clusterRoleAggregationController,
  volumeProtectionController,
  ...flowControlKeepers,
  flowSchemaStatusController,
  serviceCidrController,
  certificateRequestCleaner,
];

/**
 * What to run once when a namespace's shard learns that its namespace exists (activation) or that it is
 * terminating (each round of `drain`): the default ServiceAccount and the root CA, or the removal of all content.
 */
export const namespaceWork = (namespace: string): readonly WorkItem[] =>
  ['namespace-controller', 'service-account-controller', 'root-ca-certificate-publisher'].map((controller) => ({
    controller,
    key: namespace,
  }));

/** What to run when the tokens of these Secrets have been signed. */
export const tokenSecretWork = (secrets: readonly string[]): readonly WorkItem[] =>
  secrets.map((key) => ({ controller: TOKEN_CONTROLLER, key }));

/** What to run in a shard that holds dependents (`StoreReader.ownedBy`) of an owner elsewhere that is gone. */
export const dependentsWork = (
  uid: string,
  dependents: readonly { readonly resource: GroupResource; readonly object: UntypedObject }[],
): readonly WorkItem[] => orphanedWork(uid, dependents);

/** The resources `drain` counts. */
export { namespacedResources };

function kindOf(apiVersion: string, kind: string): OwnerKind | undefined {
  const slash = apiVersion.indexOf('/');
  const definition = definitionOfKind(slash < 0 ? '' : apiVersion.slice(0, slash), kind);
  return definition && { resource: definition.key, isNamespaced: definition.scope === 'Namespaced' };
}
