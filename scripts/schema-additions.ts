/**
 * What Kubernetes 1.37 has and the packages `generate-schema.ts` reads (1.36) lack: newer fields and
 * types, and quantities described as plain strings. By client-node's type name, in the codes of the
 * field table. Source: the struct definitions of k8s.io/api 0.37.
 */
export const ADDED_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  V1CSINode: {
    status: 'V1CSINodeStatus',
  },
  V1CSINodeStatus: {
    storageHealth: '[]V1StorageHealth',
  },
  V1CSIStorageCapacity: {
    capacity: 'q',
    maximumVolumeSize: 'q',
  },
  V1ClusterTrustBundle: {
    kind: 's',
    apiVersion: 's',
    metadata: 'V1ObjectMeta',
    spec: 'V1ClusterTrustBundleSpec',
  },
  V1ClusterTrustBundleList: {
    kind: 's',
    apiVersion: 's',
    metadata: 'V1ListMeta',
    items: '[]V1ClusterTrustBundle',
  },
  V1ClusterTrustBundleProjection: {
    user: 'l',
  },
  V1ClusterTrustBundleSpec: {
    signerName: 's',
    trustBundle: 's',
  },
  V1ConfigMapVolumeSource: {
    defaultUser: 'l',
  },
  V1Device: {
    nodeAllocatableResources: '{}V1NodeAllocatableResource',
  },
  V1DeviceCounterConsumption: {
    compatibilityGroups: '[]s',
  },
  V1DeviceDerivedAttribute: {
    name: 's',
    expression: 's',
  },
  V1DeviceRequestAllocationResult: {
    skipNodeOperations: '[]s',
  },
  V1DeviceSubRequest: {
    derivedAttributes: '[]V1DeviceDerivedAttribute',
  },
  V1DownwardAPIVolumeFile: {
    user: 'l',
  },
  V1DownwardAPIVolumeSource: {
    defaultUser: 'l',
  },
  V1EmptyDirVolumeSource: {
    mode: 'i',
  },
  V1EvictionResponder: {
    name: 's',
    priority: 'i',
  },
  V1ExactDeviceRequest: {
    derivedAttributes: '[]V1DeviceDerivedAttribute',
  },
  V1GRPCAction: {
    mode: 's',
  },
  V1HTTPGetAction: {
    protocol: 's',
  },
  V1JobSchedulingConfiguration: {
    schedulingPolicy: 'V1alpha3WorkloadPodGroupSchedulingPolicy',
    schedulingConstraints: 'V1alpha3WorkloadPodGroupSchedulingConstraints',
    disruptionMode: 'V1alpha3WorkloadPodGroupDisruptionMode',
    resourceClaims: '[]V1alpha3WorkloadPodGroupResourceClaim',
  },
  V1JobSpec: {
    scheduling: 'V1JobSchedulingConfiguration',
  },
  V1KeyToPath: {
    user: 'l',
  },
  V1NodeAllocatableMappedResources: {
    name: 's',
    quantity: 'q',
  },
  V1NodeAllocatableMapping: {
    capacityKey: 's',
    capacityMultiplier: 'q',
    deviceMultiplier: 'q',
  },
  V1NodeAllocatableOverhead: {
    perPod: 'q',
    perContainer: 'q',
  },
  V1NodeAllocatableOverheadResources: {
    name: 's',
    perPod: 'q',
    perContainer: 'q',
  },
  V1NodeAllocatableResource: {
    mapping: 'V1NodeAllocatableMapping',
    overhead: 'V1NodeAllocatableOverhead',
  },
  V1NodeAllocatableResourceClaimStatus: {
    mapping: '[]V1NodeAllocatableMappedResources',
    overhead: '[]V1NodeAllocatableOverheadResources',
  },
  V1NodePodPreemptionPolicy: {
    disableResizePreemption: '[]s',
  },
  V1NodeSpec: {
    podPreemptionPolicy: 'V1NodePodPreemptionPolicy',
  },
  V1NodeSystemInfo: {
    runningInUserNamespace: 'b',
  },
  V1PersistentVolumeClaimStatus: {
    healthStatus: 'V1VolumeHealthStatus',
  },
  V1PodCertificateProjection: {
    user: 'l',
  },
  V1PodCertificateRequest: {
    kind: 's',
    apiVersion: 's',
    metadata: 'V1ObjectMeta',
    spec: 'V1PodCertificateRequestSpec',
    status: 'V1PodCertificateRequestStatus',
  },
  V1PodCertificateRequestList: {
    kind: 's',
    apiVersion: 's',
    metadata: 'V1ListMeta',
    items: '[]V1PodCertificateRequest',
  },
  V1PodCertificateRequestSpec: {
    signerName: 's',
    podName: 's',
    podUID: 's',
    serviceAccountName: 's',
    serviceAccountUID: 's',
    nodeName: 's',
    nodeUID: 's',
    maxExpirationSeconds: 'i',
    stubPKCS10Request: 'y',
    unverifiedUserAnnotations: '{}s',
  },
  V1PodCertificateRequestStatus: {
    conditions: '[]V1Condition',
    certificateChain: 's',
    notBefore: 't',
    beginRefreshAt: 't',
    notAfter: 't',
  },
  V1PodSpec: {
    evictionResponders: '[]V1EvictionResponder',
  },
  V1PodStatus: {
    volumeHealth: '[]V1PodVolumeHealth',
  },
  V1PodVolumeHealth: {
    name: 's',
    healthConditions: '[]V1VolumeHealthCondition',
    lastTransitionTime: 't',
  },
  V1ProjectedVolumeSource: {
    defaultUser: 'l',
  },
  V1ResourceSliceSpec: {
    partitionTypeAttribute: 's',
    skipNodeOperations: '[]s',
  },
  V1SecretVolumeSource: {
    defaultUser: 'l',
  },
  V1ServiceAccountTokenProjection: {
    user: 'l',
  },
  V1StorageHealth: {
    name: 's',
    healthConditions: '[]V1StorageHealthCondition',
  },
  V1StorageHealthCondition: {
    status: 's',
    reason: 's',
    message: 's',
    accessMode: 's',
    volumeMode: 's',
    lastTransitionTime: 't',
  },
  V1StorageVersionMigration: {
    kind: 's',
    apiVersion: 's',
    metadata: 'V1ObjectMeta',
    spec: 'V1StorageVersionMigrationSpec',
    status: 'V1StorageVersionMigrationStatus',
  },
  V1StorageVersionMigrationList: {
    kind: 's',
    apiVersion: 's',
    metadata: 'V1ListMeta',
    items: '[]V1StorageVersionMigration',
  },
  V1StorageVersionMigrationSpec: {
    resource: 'V1GroupResource',
  },
  V1StorageVersionMigrationStatus: {
    conditions: '[]V1Condition',
    resourceVersion: 's',
  },
  V1TokenRequestSpec: {
    attestations: '{}[]s',
  },
  V1VolumeHealthCondition: {
    status: 's',
    reason: 's',
    message: 's',
  },
  V1VolumeHealthStatus: {
    healthConditions: '[]V1VolumeHealthCondition',
    lastTransitionTime: 't',
  },
  V1VolumeMount: {
    bindMountOptions: '[]s',
  },
  V1alpha3PartitionTypeStatus: {
    attribute: 's',
    type: 's',
    total: 'i',
    allocatable: 'i',
  },
  V1alpha3PoolStatus: {
    partitionSummary: '[]V1alpha3PartitionTypeStatus',
    shareableSummary: 'V1alpha3ShareableSummaryStatus',
  },
  V1alpha3ResourcePoolStatusRequestSpec: {
    defaultPartitionTypeAttribute: 's',
  },
  V1alpha3ShareableCapacityStatus: {
    name: 's',
    total: 'q',
    consumed: 'q',
    available: 'q',
  },
  V1alpha3ShareableSummaryStatus: {
    fullyAvailableDevices: 'i',
    partiallyAvailableDevices: 'i',
    capacity: '[]V1alpha3ShareableCapacityStatus',
  },
  V1alpha3TopologyConstraint: {
    key: 's',
  },
  V1alpha3WorkloadPodGroupAllDisruptionMode: {},
  V1alpha3WorkloadPodGroupBasicSchedulingPolicy: {},
  V1alpha3WorkloadPodGroupDisruptionMode: {
    single: 'V1alpha3WorkloadPodGroupSingleDisruptionMode',
    all: 'V1alpha3WorkloadPodGroupAllDisruptionMode',
  },
  V1alpha3WorkloadPodGroupGangSchedulingPolicy: {
    minCount: 'i',
  },
  V1alpha3WorkloadPodGroupResourceClaim: {
    name: 's',
    resourceClaimName: 's',
    resourceClaimTemplateName: 's',
  },
  V1alpha3WorkloadPodGroupSchedulingConstraints: {
    topology: '[]V1alpha3TopologyConstraint',
  },
  V1alpha3WorkloadPodGroupSchedulingPolicy: {
    basic: 'V1alpha3WorkloadPodGroupBasicSchedulingPolicy',
    gang: 'V1alpha3WorkloadPodGroupGangSchedulingPolicy',
  },
  V1alpha3WorkloadPodGroupSingleDisruptionMode: {},
  V1beta1BasicDevice: {
    nodeAllocatableResources: '{}V1beta1NodeAllocatableResource',
  },
  V1beta1CapacityRequestPolicy: {
    default: 'q',
    validValues: '[]q',
  },
  V1beta1CapacityRequestPolicyRange: {
    min: 'q',
    max: 'q',
    step: 'q',
  },
  V1beta1CapacityRequirements: {
    requests: '{}q',
  },
  V1beta1Counter: {
    value: 'q',
  },
  V1beta1DeviceCapacity: {
    value: 'q',
  },
  V1beta1DeviceCounterConsumption: {
    compatibilityGroups: '[]s',
  },
  V1beta1DeviceDerivedAttribute: {
    name: 's',
    expression: 's',
  },
  V1beta1DeviceRequest: {
    derivedAttributes: '[]V1beta1DeviceDerivedAttribute',
  },
  V1beta1DeviceRequestAllocationResult: {
    consumedCapacity: '{}q',
    skipNodeOperations: '[]s',
  },
  V1beta1DeviceSubRequest: {
    derivedAttributes: '[]V1beta1DeviceDerivedAttribute',
  },
  V1beta1NodeAllocatableMapping: {
    capacityKey: 's',
    capacityMultiplier: 'q',
    deviceMultiplier: 'q',
  },
  V1beta1NodeAllocatableOverhead: {
    perPod: 'q',
    perContainer: 'q',
  },
  V1beta1NodeAllocatableResource: {
    mapping: 'V1beta1NodeAllocatableMapping',
    overhead: 'V1beta1NodeAllocatableOverhead',
  },
  V1beta1ResourceSliceSpec: {
    partitionTypeAttribute: 's',
    skipNodeOperations: '[]s',
  },
  V1beta2CapacityRequestPolicy: {
    default: 'q',
    validValues: '[]q',
  },
  V1beta2CapacityRequestPolicyRange: {
    min: 'q',
    max: 'q',
    step: 'q',
  },
  V1beta2CapacityRequirements: {
    requests: '{}q',
  },
  V1beta2Counter: {
    value: 'q',
  },
  V1beta2Device: {
    nodeAllocatableResources: '{}V1beta2NodeAllocatableResource',
  },
  V1beta2DeviceCapacity: {
    value: 'q',
  },
  V1beta2DeviceCounterConsumption: {
    compatibilityGroups: '[]s',
  },
  V1beta2DeviceDerivedAttribute: {
    name: 's',
    expression: 's',
  },
  V1beta2DeviceRequestAllocationResult: {
    consumedCapacity: '{}q',
    skipNodeOperations: '[]s',
  },
  V1beta2DeviceSubRequest: {
    derivedAttributes: '[]V1beta2DeviceDerivedAttribute',
  },
  V1beta2ExactDeviceRequest: {
    derivedAttributes: '[]V1beta2DeviceDerivedAttribute',
  },
  V1beta2NodeAllocatableMapping: {
    capacityKey: 's',
    capacityMultiplier: 'q',
    deviceMultiplier: 'q',
  },
  V1beta2NodeAllocatableOverhead: {
    perPod: 'q',
    perContainer: 'q',
  },
  V1beta2NodeAllocatableResource: {
    mapping: 'V1beta2NodeAllocatableMapping',
    overhead: 'V1beta2NodeAllocatableOverhead',
  },
  V1beta2ResourceSliceSpec: {
    partitionTypeAttribute: 's',
    skipNodeOperations: '[]s',
  },
  V2HorizontalPodAutoscalerCondition: {
    observedGeneration: 'l',
  },
};

/** Fields the packages have and Kubernetes 1.37 no longer knows. */
export const REMOVED_FIELDS: ReadonlySet<string> = new Set([
  'V1Device.nodeAllocatableResourceMappings',
  'V1NodeAllocatableResourceClaimStatus.resources',
  'V1beta1BasicDevice.nodeAllocatableResourceMappings',
  'V1beta2Device.nodeAllocatableResourceMappings',
]);

/** Go packages of added types that do not lie where they are referred to. */
export const ADDED_PACKAGES: Readonly<Record<string, string>> = {
  'io.k8s.api.certificates.v1':
    'V1ClusterTrustBundle V1ClusterTrustBundleList V1PodCertificateRequest V1PodCertificateRequestList',
  'io.k8s.api.resource.v1': 'V1DeviceTaintRule V1DeviceTaintRuleList',
  'io.k8s.api.scheduling.v1alpha3': `V1alpha3TopologyConstraint V1alpha3WorkloadPodGroupAllDisruptionMode
    V1alpha3WorkloadPodGroupBasicSchedulingPolicy V1alpha3WorkloadPodGroupDisruptionMode
    V1alpha3WorkloadPodGroupGangSchedulingPolicy V1alpha3WorkloadPodGroupResourceClaim
    V1alpha3WorkloadPodGroupSchedulingConstraints V1alpha3WorkloadPodGroupSchedulingPolicy
    V1alpha3WorkloadPodGroupSingleDisruptionMode`,
  'io.k8s.api.storagemigration.v1': `V1StorageVersionMigration V1StorageVersionMigrationList
    V1StorageVersionMigrationSpec V1StorageVersionMigrationStatus`,
};

/** Types that a version took over from an older one as they are: only the packages' names of the older exist. */
export const TAKEN_OVER: Readonly<Record<string, string>> = {
  V1DeviceTaintRule: 'V1beta2DeviceTaintRule',
  V1DeviceTaintRuleList: 'V1beta2DeviceTaintRuleList',
  V1DeviceTaintRuleSpec: 'V1beta2DeviceTaintRuleSpec',
  V1DeviceTaintRuleStatus: 'V1beta2DeviceTaintRuleStatus',
  V1DeviceTaintSelector: 'V1beta2DeviceTaintSelector',
};
