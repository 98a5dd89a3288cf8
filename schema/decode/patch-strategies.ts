/**
 * How strategic merge patches treat fields: the `patchStrategy` and `patchMergeKey` tags of the
 * structs of k8s.io/api 0.37, by the field table's type names. Any other list is replaced whole,
 * any other object merged.
 */

export interface PatchStrategy {
  /** `merge`: a list's items are matched; `replace`: the object is replaced whole. */
  readonly strategy: 'merge' | 'replace';
  /** The field that tells items of a merged list apart; absent for lists of scalars. */
  readonly mergeKey?: string;
}

const MERGED_BY: Readonly<Record<string, string>> = {
  containerPort: 'V1Container.ports V1EphemeralContainer.ports',
  devicePath: 'V1Container.volumeDevices V1EphemeralContainer.volumeDevices',
  ip: 'V1PodSpec.hostAliases V1PodStatus.hostIPs V1PodStatus.podIPs',
  mountPath: 'V1Container.volumeMounts V1ContainerStatus.volumeMounts V1EphemeralContainer.volumeMounts',
  name: `V1CSINodeSpec.drivers V1CSINodeStatus.storageHealth V1Container.env V1ContainerStatus.allocatedResourcesStatus
    V1EphemeralContainer.env V1JobSchedulingConfiguration.resourceClaims V1MutatingAdmissionPolicySpec.matchConditions
    V1MutatingWebhook.matchConditions V1MutatingWebhookConfiguration.webhooks V1NodeAllocatableResourceClaimStatus.mapping
    V1NodeAllocatableResourceClaimStatus.overhead V1PodSpec.containers V1PodSpec.ephemeralContainers
    V1PodSpec.evictionResponders V1PodSpec.imagePullSecrets V1PodSpec.initContainers V1PodSpec.resourceClaims
    V1PodSpec.schedulingGates V1PodSpec.volumes V1PodStatus.resourceClaimStatuses V1ServiceAccount.secrets
    V1ValidatingAdmissionPolicySpec.matchConditions V1ValidatingAdmissionPolicySpec.variables
    V1ValidatingWebhook.matchConditions V1ValidatingWebhookConfiguration.webhooks
    V1alpha1MutatingAdmissionPolicySpec.matchConditions V1beta1MutatingAdmissionPolicySpec.matchConditions`,
  port: 'V1ServiceSpec.ports',
  resourceClaimName: 'V1PodStatus.nodeAllocatableResourceClaimStatuses',
  status: 'V1PodVolumeHealth.healthConditions V1VolumeHealthStatus.healthConditions',
  topologyKey: 'V1PodSpec.topologySpreadConstraints',
  type: `V1ComponentStatus.conditions V1DaemonSetStatus.conditions V1DeploymentStatus.conditions V1DeviceTaintRuleStatus.conditions V1FlowSchemaStatus.conditions
    V1JobStatus.conditions V1NamespaceStatus.conditions V1NodeStatus.addresses V1NodeStatus.conditions
    V1PersistentVolumeClaimStatus.conditions V1PodCertificateRequestStatus.conditions
    V1PodDisruptionBudgetStatus.conditions V1PodStatus.conditions V1PriorityLevelConfigurationStatus.conditions
    V1ReplicaSetStatus.conditions V1ReplicationControllerStatus.conditions V1ServiceCIDRStatus.conditions
    V1ServiceStatus.conditions V1StatefulSetStatus.conditions V1StorageVersionMigrationStatus.conditions V1alpha3DeviceTaintRuleStatus.conditions
    V1alpha3ResourcePoolStatusRequestStatus.conditions V1beta1PodCertificateRequestStatus.conditions
    V1beta1ServiceCIDRStatus.conditions V1beta1StorageVersionMigrationStatus.conditions
    V1beta2DeviceTaintRuleStatus.conditions V2HorizontalPodAutoscalerStatus.conditions`,
  uid: `V1ObjectMeta.ownerReferences V1ResourceClaimStatus.reservedFor V1beta1ResourceClaimStatus.reservedFor
    V1beta2ResourceClaimStatus.reservedFor`,
};

const MERGED_SCALARS = ['V1NodeSpec.podCIDRs', 'V1ObjectMeta.finalizers'];
const REPLACED = ['V1PodDisruptionBudgetSpec.selector'];

const STRATEGIES: ReadonlyMap<string, PatchStrategy> = new Map<string, PatchStrategy>([
  ...Object.entries(MERGED_BY).flatMap(([mergeKey, fields]) =>
    fields.split(/\s+/).map((field) => [field, { strategy: 'merge', mergeKey }] as const),
  ),
  ...MERGED_SCALARS.map((field) => [field, { strategy: 'merge' }] as const),
  ...REPLACED.map((field) => [field, { strategy: 'replace' }] as const),
]);

/** The strategy of one type's field, e.g. of `V1PodSpec` and `containers`, if it has one. */
export const patchStrategyOf = (type: string, field: string): PatchStrategy | undefined =>
  STRATEGIES.get(`${type}.${field}`);
