import type { KubeObject } from '../meta/object-meta.ts';
import type { ResourceDefinition } from '../meta/resource.ts';
import { controllerRevision } from './apps/controller-revision.ts';
import { daemonSet } from './apps/daemon-set.ts';
import { deployment } from './apps/deployment.ts';
import { replicaSet } from './apps/replica-set.ts';
import { statefulSet } from './apps/stateful-set.ts';
import { horizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler.ts';
import { cronJob } from './batch/cron-job.ts';
import { job } from './batch/job.ts';
import { certificateSigningRequest } from './certificates/certificate-signing-request.ts';
import { clusterTrustBundle } from './certificates/cluster-trust-bundle.ts';
import { podCertificateRequest } from './certificates/pod-certificate-request.ts';
import { lease } from './coordination/lease.ts';
import { configMap } from './core/config-map.ts';
import { endpoints } from './core/endpoints.ts';
import { event } from './core/event.ts';
import { limitRange } from './core/limit-range.ts';
import { namespace } from './core/namespace.ts';
import { node } from './core/node.ts';
import { persistentVolumeClaim } from './core/persistent-volume-claim.ts';
import { persistentVolume } from './core/persistent-volume.ts';
import { podTemplate } from './core/pod-template.ts';
import { pod } from './core/pod.ts';
import { replicationController } from './core/replication-controller.ts';
import { resourceQuota } from './core/resource-quota.ts';
import { secret } from './core/secret.ts';
import { service } from './core/service.ts';
import { serviceAccount } from './core/service-account.ts';
import { endpointSlice } from './discovery/endpoint-slice.ts';
import { flowSchema } from './flowcontrol/flow-schema.ts';
import { priorityLevelConfiguration } from './flowcontrol/priority-level-configuration.ts';
import { ingressClass } from './networking/ingress-class.ts';
import { ingress } from './networking/ingress.ts';
import { ipAddress } from './networking/ip-address.ts';
import { networkPolicy } from './networking/network-policy.ts';
import { serviceCidr } from './networking/service-cidr.ts';
import { runtimeClass } from './node/runtime-class.ts';
import { podDisruptionBudget } from './policy/pod-disruption-budget.ts';
import { clusterRoleBinding } from './rbac/cluster-role-binding.ts';
import { clusterRole } from './rbac/cluster-role.ts';
import { roleBinding } from './rbac/role-binding.ts';
import { role } from './rbac/role.ts';
import { deviceClass } from './resource/device-class.ts';
import { deviceTaintRule } from './resource/device-taint-rule.ts';
import { resourceClaim } from './resource/resource-claim.ts';
import { resourceClaimTemplate } from './resource/resource-claim-template.ts';
import { resourceSlice } from './resource/resource-slice.ts';
import { priorityClass } from './scheduling/priority-class.ts';
import { csiDriver } from './storage/csi-driver.ts';
import { csiNode } from './storage/csi-node.ts';
import { csiStorageCapacity } from './storage/csi-storage-capacity.ts';
import { storageClass } from './storage/storage-class.ts';
import { volumeAttachment } from './storage/volume-attachment.ts';
import { volumeAttributesClass } from './storage/volume-attributes-class.ts';
import { storageVersionMigration } from './storagemigration/storage-version-migration.ts';

/** A kind as the list holds it: callers pass it objects of its own kind only, by its key. */
const kind = <T extends KubeObject>(definition: ResourceDefinition<T>): ResourceDefinition =>
  definition as unknown as ResourceDefinition;

/** Every built-in kind. Routes, discovery, tables and the generic tests derive from this list. */
export const catalog: readonly ResourceDefinition[] = [
  kind(namespace),
  kind(node),
  kind(pod),
  kind(configMap),
  kind(secret),
  kind(serviceAccount),
  kind(service),
  kind(endpoints),
  kind(event),
  kind(lease),
  kind(endpointSlice),
  kind(deployment),
  kind(replicaSet),
  kind(priorityClass),
  kind(role),
  kind(clusterRole),
  kind(roleBinding),
  kind(clusterRoleBinding),
  kind(resourceQuota),
  kind(limitRange),
  kind(persistentVolumeClaim),
  kind(persistentVolume),
  kind(podTemplate),
  kind(replicationController),
  kind(controllerRevision),
  kind(statefulSet),
  kind(daemonSet),
  kind(job),
  kind(cronJob),
  kind(podDisruptionBudget),
  kind(runtimeClass),
  kind(storageClass),
  kind(csiDriver),
  kind(csiNode),
  kind(volumeAttachment),
  kind(networkPolicy),
  kind(ingressClass),
  kind(ingress),
  kind(horizontalPodAutoscaler),
  kind(flowSchema),
  kind(priorityLevelConfiguration),
  kind(serviceCidr),
  kind(ipAddress),
  kind(csiStorageCapacity),
  kind(volumeAttributesClass),
  kind(storageVersionMigration),
  kind(certificateSigningRequest),
  kind(clusterTrustBundle),
  kind(podCertificateRequest),
  kind(deviceClass),
  kind(resourceClaim),
  kind(resourceClaimTemplate),
  kind(resourceSlice),
  kind(deviceTaintRule),
];
