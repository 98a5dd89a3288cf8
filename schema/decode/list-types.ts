/**
 * How server-side apply treats lists and objects: the `listType`, `listMapKey`, `structType` and
 * `mapType` tags of the structs of k8s.io/api 0.37, by the field table's type names. Any other list is
 * owned whole (atomic), any other object or map by its members (granular).
 */

/** Lists of objects, by the members that tell items apart (`listType=map`). */
const MAP_LISTS: Readonly<Record<string, string>> = {
  apiServerID: 'V1alpha1StorageVersionStatus.storageVersions',
  'containerPort,protocol': 'V1Container.ports V1EphemeralContainer.ports',
  devicePath: 'V1Container.volumeDevices V1EphemeralContainer.volumeDevices',
  'driver,device,pool,shareID': `V1ResourceClaimStatus.devices V1beta1ResourceClaimStatus.devices V1beta2ResourceClaimStatus.devices`,
  ip: 'V1PodSpec.hostAliases V1PodStatus.podIPs',
  mountPath: 'V1Container.volumeMounts V1ContainerStatus.volumeMounts V1EphemeralContainer.volumeMounts',
  name: `V1CSINodeSpec.drivers V1CSINodeStatus.storageHealth V1Container.env V1ContainerStatus.allocatedResourcesStatus
    V1EphemeralContainer.env V1JobSchedulingConfiguration.resourceClaims
    V1MutatingAdmissionPolicySpec.matchConditions V1MutatingWebhook.matchConditions
    V1MutatingWebhookConfiguration.webhooks V1NodeAllocatableResourceClaimStatus.mapping
    V1NodeAllocatableResourceClaimStatus.overhead V1PodSpec.containers V1PodSpec.ephemeralContainers
    V1PodSpec.evictionResponders V1PodSpec.imagePullSecrets V1PodSpec.initContainers V1PodSpec.resourceClaims
    V1PodSpec.schedulingGates V1PodSpec.volumes V1PodStatus.resourceClaimStatuses V1PodStatus.volumeHealth
    V1ResourceRequirements.claims V1ServiceAccount.secrets V1ValidatingAdmissionPolicySpec.matchConditions
    V1ValidatingAdmissionPolicySpec.variables V1ValidatingWebhook.matchConditions
    V1ValidatingWebhookConfiguration.webhooks V1alpha1MutatingAdmissionPolicySpec.matchConditions
    V1beta1MutatingAdmissionPolicySpec.matchConditions`,
  'port,protocol': 'V1ServiceSpec.ports',
  resourceClaimName: 'V1PodStatus.nodeAllocatableResourceClaimStatuses',
  resourceID: 'V1ResourceStatus.resources',
  'status,reason': 'V1PodVolumeHealth.healthConditions V1VolumeHealthStatus.healthConditions',
  'topologyKey,whenUnsatisfiable': 'V1PodSpec.topologySpreadConstraints',
  type: `V1AllocatedDeviceStatus.conditions V1CertificateSigningRequestStatus.conditions V1ComponentStatus.conditions
    V1DaemonSetStatus.conditions V1DeploymentStatus.conditions V1DeviceTaintRuleStatus.conditions V1FlowSchemaStatus.conditions
    V1NamespaceStatus.conditions V1NodeStatus.addresses V1NodeStatus.conditions
    V1PersistentVolumeClaimStatus.conditions V1PodCertificateRequestStatus.conditions
    V1PodDisruptionBudgetStatus.conditions V1PodStatus.conditions V1PriorityLevelConfigurationStatus.conditions
    V1ReplicaSetStatus.conditions V1ReplicationControllerStatus.conditions V1ServiceCIDRStatus.conditions
    V1ServiceStatus.conditions V1StatefulSetStatus.conditions V1StorageVersionMigrationStatus.conditions V1ValidatingAdmissionPolicyStatus.conditions
    V1alpha1StorageVersionStatus.conditions V1alpha3DeviceTaintRuleStatus.conditions
    V1alpha3ResourcePoolStatusRequestStatus.conditions V1beta1AllocatedDeviceStatus.conditions
    V1beta1PodCertificateRequestStatus.conditions V1beta1ServiceCIDRStatus.conditions
    V1beta1StorageVersionMigrationStatus.conditions V1beta2AllocatedDeviceStatus.conditions
    V1beta2DeviceTaintRuleStatus.conditions V2HorizontalPodAutoscalerStatus.conditions`,
  uid: `V1ObjectMeta.ownerReferences V1ResourceClaimStatus.reservedFor V1beta1ResourceClaimStatus.reservedFor
    V1beta2ResourceClaimStatus.reservedFor`,
};

/** Lists of scalars whose items are owned one by one (`listType=set`). */
const SETS = `V1CSIDriverSpec.volumeLifecycleModes V1ContainerRestartRuleOnExitCodes.values
    V1DeviceRequestAllocationResult.skipNodeOperations V1Endpoint.addresses
    V1NodeAllocatableResourceClaimStatus.containers V1NodePodPreemptionPolicy.disableResizePreemption
    V1NodeSpec.podCIDRs V1NonResourcePolicyRule.nonResourceURLs V1NonResourcePolicyRule.verbs
    V1ObjectMeta.finalizers V1PodFailurePolicyOnExitCodesRequirement.values V1ResourcePolicyRule.apiGroups
    V1ResourcePolicyRule.namespaces V1ResourcePolicyRule.resources V1ResourcePolicyRule.verbs
    V1ResourceSliceSpec.skipNodeOperations V1UncountedTerminatedPods.failed V1UncountedTerminatedPods.succeeded
    V1ValidatingAdmissionPolicyBindingSpec.validationActions V1VolumeMount.bindMountOptions
    V1alpha1ServerStorageVersion.decodableVersions V1alpha1ServerStorageVersion.servedVersions
    V1beta1DeviceRequestAllocationResult.skipNodeOperations V1beta1ResourceSliceSpec.skipNodeOperations
    V1beta2DeviceRequestAllocationResult.skipNodeOperations V1beta2ResourceSliceSpec.skipNodeOperations`;

/** Objects that are owned whole wherever they occur (`structType=atomic`). */
const ATOMIC_TYPES = `CoreV1EndpointPort DiscoveryV1EndpointPort RbacV1Subject V1ConfigMapKeySelector V1CrossVersionObjectReference
    V1EndpointAddress V1EvictionResponder V1FileKeySelector V1LabelSelector V1LocalObjectReference V1MatchResources
    V1NamedRuleWithOperations V1NodeSelector V1NodeSelectorTerm V1ObjectFieldSelector V1ObjectReference
    V1OwnerReference V1ParamKind V1ParamRef V1ResourceFieldSelector V1RoleRef V1ScopeSelector V1SecretKeySelector
    V1SecretReference V1ServiceBackendPort V1TopologySelectorTerm V1TypedLocalObjectReference V1Variable
    V1alpha1MatchResources V1alpha1NamedRuleWithOperations V1alpha1ParamKind V1alpha1ParamRef V1beta1MatchResources
    V1beta1NamedRuleWithOperations V1beta1ParamKind V1beta1ParamRef V1beta1Variable`;

/** Maps and objects that are owned whole in this field only (`mapType=atomic`). */
const ATOMIC_FIELDS = `V1PodSpec.nodeSelector V1ReplicationControllerSpec.selector V1Scheduling.nodeSelector V1ServiceSpec.selector`;

/** What stands for a key member that an item leaves out. */
const KEY_DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  V1ContainerPort: { protocol: 'TCP' },
  V1ServicePort: { protocol: 'TCP' },
};

const words = (text: string): readonly string[] => text.split(/\s+/);

const keysByField = new Map<string, readonly string[]>(
  Object.entries(MAP_LISTS).flatMap(([keys, fields]) =>
    words(fields).map((field) => [field, keys.split(',')] as const),
  ),
);
const sets = new Set(words(SETS));
const atomicTypes = new Set(words(ATOMIC_TYPES));
const atomicFields = new Set(words(ATOMIC_FIELDS));

/** How the items of a list are told apart; `atomic`: they are not. */
export type ListRelation = 'atomic' | 'set' | { readonly keys: readonly string[] };

/** How one type's list field is owned, e.g. `V1PodSpec` and `containers`. */
export function listRelationOf(type: string, field: string): ListRelation {
  const name = `${type}.${field}`;
  const keys = keysByField.get(name);
  if (keys) return { keys };
  return sets.has(name) ? 'set' : 'atomic';
}

/** Whether one type's field, a map or an object, is owned whole. */
export const isAtomicField = (type: string, field: string): boolean => atomicFields.has(`${type}.${field}`);

/** Whether objects of this type are owned whole. */
export const isAtomicType = (type: string): boolean => atomicTypes.has(type);

/** The values that stand for absent key members of a list's items. */
export const keyDefaultsOf = (type: string): Readonly<Record<string, string>> => KEY_DEFAULTS[type] ?? {};
