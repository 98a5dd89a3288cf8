/**
 * Fields whose Go type has a name of its own, which upstream's decoding errors print
 * (`cannot unmarshal number into Go struct field ContainerPort.….protocol of type v1.Protocol`).
 * By Go type; all other names follow from the field table. Source: the structs of k8s.io/api 0.37.
 */
const FIELDS_BY_GO_TYPE: Readonly<Record<string, string>> = {
  '[]types.UID': 'V1UncountedTerminatedPods.failed V1UncountedTerminatedPods.succeeded',
  '[]v1.Capability': 'V1Capabilities.add V1Capabilities.drop',
  '[]v1.FinalizerName': 'V1NamespaceSpec.finalizers',
  '[]v1.IPFamily': 'V1ServiceSpec.ipFamilies',
  '[]v1.KeyUsage': 'V1CertificateSigningRequestSpec.usages',
  '[]v1.OperationType':
    'V1NamedRuleWithOperations.operations V1RuleWithOperations.operations V1alpha1NamedRuleWithOperations.operations V1beta1NamedRuleWithOperations.operations',
  '[]v1.PersistentVolumeAccessMode':
    'V1PersistentVolumeClaimSpec.accessModes V1PersistentVolumeClaimStatus.accessModes V1PersistentVolumeSpec.accessModes',
  '[]v1.PolicyType': 'V1NetworkPolicySpec.policyTypes',
  '[]v1.ResourceQuotaScope': 'V1ResourceQuotaSpec.scopes',
  '[]v1.SkipNodeOperation': 'V1DeviceRequestAllocationResult.skipNodeOperations V1ResourceSliceSpec.skipNodeOperations',
  '[]v1.UniqueVolumeName': 'V1NodeStatus.volumesInUse',
  '[]v1.ValidationAction': 'V1ValidatingAdmissionPolicyBindingSpec.validationActions',
  '[]v1.VolumeLifecycleMode': 'V1CSIDriverSpec.volumeLifecycleModes',
  '[]v1beta1.SkipNodeOperation':
    'V1beta1DeviceRequestAllocationResult.skipNodeOperations V1beta1ResourceSliceSpec.skipNodeOperations',
  '[]v1beta2.SkipNodeOperation':
    'V1beta2DeviceRequestAllocationResult.skipNodeOperations V1beta2ResourceSliceSpec.skipNodeOperations',
  'map[string]v1.AttestationValue': 'V1TokenRequestSpec.attestations',
  'map[string]v1.ExtraValue': 'V1CertificateSigningRequestSpec.extra V1SubjectAccessReviewSpec.extra V1UserInfo.extra',
  'map[v1.QualifiedName]resource.Quantity':
    'V1CapacityRequirements.requests V1DeviceRequestAllocationResult.consumedCapacity',
  'map[v1.QualifiedName]v1.DeviceAttribute': 'V1Device.attributes',
  'map[v1.QualifiedName]v1.DeviceCapacity': 'V1Device.capacity',
  'map[v1.ResourceName]v1.ClaimResourceStatus': 'V1PersistentVolumeClaimStatus.allocatedResourceStatuses',
  'map[v1.ResourceName]v1.NodeAllocatableResource': 'V1Device.nodeAllocatableResources',
  'map[v1.ResourceName]v1beta1.NodeAllocatableResource': 'V1beta1BasicDevice.nodeAllocatableResources',
  'map[v1.ResourceName]v1beta2.NodeAllocatableResource': 'V1beta2Device.nodeAllocatableResources',
  'map[v1beta1.QualifiedName]resource.Quantity':
    'V1beta1CapacityRequirements.requests V1beta1DeviceRequestAllocationResult.consumedCapacity',
  'map[v1beta1.QualifiedName]v1beta1.DeviceAttribute': 'V1beta1BasicDevice.attributes',
  'map[v1beta1.QualifiedName]v1beta1.DeviceCapacity': 'V1beta1BasicDevice.capacity',
  'map[v1beta2.QualifiedName]resource.Quantity':
    'V1beta2CapacityRequirements.requests V1beta2DeviceRequestAllocationResult.consumedCapacity',
  'map[v1beta2.QualifiedName]v1beta2.DeviceAttribute': 'V1beta2Device.attributes',
  'map[v1beta2.QualifiedName]v1beta2.DeviceCapacity': 'V1beta2Device.capacity',
  'types.NodeName': 'V1PodCertificateRequestSpec.nodeName V1beta1PodCertificateRequestSpec.nodeName',
  'types.UID':
    'V1BoundObjectReference.uid V1ConfigMapNodeConfigSource.uid V1DeviceRequestAllocationResult.shareID V1ObjectMeta.uid V1ObjectReference.uid V1OwnerReference.uid V1PodCertificateRequestSpec.nodeUID V1PodCertificateRequestSpec.podUID V1PodCertificateRequestSpec.serviceAccountUID V1Preconditions.uid V1ResourceClaimConsumerReference.uid V1StatusDetails.uid V1beta1DeviceRequestAllocationResult.shareID V1beta1PodCertificateRequestSpec.nodeUID V1beta1PodCertificateRequestSpec.podUID V1beta1PodCertificateRequestSpec.serviceAccountUID V1beta1ResourceClaimConsumerReference.uid V1beta2DeviceRequestAllocationResult.shareID V1beta2ResourceClaimConsumerReference.uid',
  'v1.AddressType': 'V1EndpointSlice.addressType',
  'v1.AllocationConfigSource': 'V1DeviceAllocationConfiguration.source',
  'v1.AppArmorProfileType': 'V1AppArmorProfile.type',
  'v1.AzureDataDiskCachingMode': 'V1AzureDiskVolumeSource.cachingMode',
  'v1.AzureDataDiskKind': 'V1AzureDiskVolumeSource.kind',
  'v1.CauseType': 'V1StatusCause.reason',
  'v1.CompletionMode': 'V1JobSpec.completionMode',
  'v1.ComponentConditionType': 'V1ComponentCondition.type',
  'v1.ConcurrencyPolicy': 'V1CronJobSpec.concurrencyPolicy',
  'v1.ConditionStatus':
    'V1CertificateSigningRequestCondition.status V1ComponentCondition.status V1Condition.status V1DaemonSetCondition.status V1DeploymentCondition.status V1FlowSchemaCondition.status V1JobCondition.status V1NamespaceCondition.status V1NodeCondition.status V1PersistentVolumeClaimCondition.status V1PodCondition.status V1PodFailurePolicyOnPodConditionsPattern.status V1PriorityLevelConfigurationCondition.status V1ReplicaSetCondition.status V1ReplicationControllerCondition.status V1StatefulSetCondition.status V2HorizontalPodAutoscalerCondition.status',
  'v1.ContainerRestartPolicy': 'V1Container.restartPolicy V1EphemeralContainer.restartPolicy',
  'v1.ContainerRestartRuleAction': 'V1ContainerRestartRule.action',
  'v1.ContainerRestartRuleOnExitCodesOperator': 'V1ContainerRestartRuleOnExitCodes.operator',
  'v1.CoordinatedLeaseStrategy':
    'V1LeaseSpec.strategy V1alpha2LeaseCandidateSpec.strategy V1beta1LeaseCandidateSpec.strategy',
  'v1.DNSPolicy': 'V1PodSpec.dnsPolicy',
  'v1.DaemonSetConditionType': 'V1DaemonSetCondition.type',
  'v1.DaemonSetUpdateStrategyType': 'V1DaemonSetUpdateStrategy.type',
  'v1.DeletionPropagation': 'V1DeleteOptions.propagationPolicy',
  'v1.DeploymentConditionType': 'V1DeploymentCondition.type',
  'v1.DeploymentStrategyType': 'V1DeploymentStrategy.type',
  'v1.DeviceAllocationMode': 'V1DeviceSubRequest.allocationMode V1ExactDeviceRequest.allocationMode',
  'v1.DeviceTaintEffect': 'V1DeviceTaint.effect V1DeviceToleration.effect',
  'v1.DeviceTolerationOperator': 'V1DeviceToleration.operator',
  'v1.FSGroupPolicy': 'V1CSIDriverSpec.fsGroupPolicy',
  'v1.FailurePolicyType':
    'V1MutatingAdmissionPolicySpec.failurePolicy V1MutatingWebhook.failurePolicy V1ValidatingAdmissionPolicySpec.failurePolicy V1ValidatingWebhook.failurePolicy',
  'v1.FieldSelectorOperator': 'V1FieldSelectorRequirement.operator',
  'v1.FlowDistinguisherMethodType': 'V1FlowDistinguisherMethod.type',
  'v1.FlowSchemaConditionType': 'V1FlowSchemaCondition.type',
  'v1.FullyQualifiedName':
    'V1DeviceConstraint.distinctAttribute V1DeviceConstraint.matchAttribute V1DeviceDerivedAttribute.name V1ResourceSliceSpec.partitionTypeAttribute',
  'v1.GRPCProbeMode': 'V1GRPCAction.mode',
  'v1.HTTPProtocol': 'V1HTTPGetAction.protocol',
  'v1.HostPathType': 'V1HostPathVolumeSource.type',
  'v1.IPFamilyPolicy': 'V1ServiceSpec.ipFamilyPolicy',
  'v1.JobConditionType': 'V1JobCondition.type',
  'v1.LabelSelectorOperator': 'V1LabelSelectorRequirement.operator',
  'v1.LimitResponseType': 'V1LimitResponse.type',
  'v1.LimitType': 'V1LimitRangeItem.type',
  'v1.LoadBalancerIPMode': 'V1LoadBalancerIngress.ipMode',
  'v1.ManagedFieldsOperationType': 'V1ManagedFieldsEntry.operation',
  'v1.MatchPolicyType': 'V1MatchResources.matchPolicy V1MutatingWebhook.matchPolicy V1ValidatingWebhook.matchPolicy',
  'v1.MountPropagationMode': 'V1VolumeMount.mountPropagation',
  'v1.NamespaceConditionType': 'V1NamespaceCondition.type',
  'v1.NamespacePhase': 'V1NamespaceStatus.phase',
  'v1.NodeAddressType': 'V1NodeAddress.type',
  'v1.NodeConditionType': 'V1NodeCondition.type',
  'v1.NodeInclusionPolicy': 'V1TopologySpreadConstraint.nodeAffinityPolicy V1TopologySpreadConstraint.nodeTaintsPolicy',
  'v1.NodePhase': 'V1NodeStatus.phase',
  'v1.NodeSelectorOperator': 'V1NodeSelectorRequirement.operator',
  'v1.OSName': 'V1PodOS.name',
  'v1.ParameterNotFoundActionType': 'V1ParamRef.parameterNotFoundAction',
  'v1.PatchType': 'V1Mutation.patchType',
  'v1.PathType': 'V1HTTPIngressPath.pathType',
  'v1.PersistentVolumeAccessMode': 'V1StorageHealthCondition.accessMode',
  'v1.PersistentVolumeClaimConditionType': 'V1PersistentVolumeClaimCondition.type',
  'v1.PersistentVolumeClaimModifyVolumeStatus': 'V1ModifyVolumeStatus.status',
  'v1.PersistentVolumeClaimPhase': 'V1PersistentVolumeClaimStatus.phase',
  'v1.PersistentVolumeClaimRetentionPolicyType':
    'V1StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted V1StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled',
  'v1.PersistentVolumeMode':
    'V1PersistentVolumeClaimSpec.volumeMode V1PersistentVolumeSpec.volumeMode V1StorageHealthCondition.volumeMode',
  'v1.PersistentVolumePhase': 'V1PersistentVolumeStatus.phase',
  'v1.PersistentVolumeReclaimPolicy':
    'V1PersistentVolumeSpec.persistentVolumeReclaimPolicy V1StorageClass.reclaimPolicy',
  'v1.PodConditionType':
    'V1PodCondition.type V1PodFailurePolicyOnPodConditionsPattern.type V1PodReadinessGate.conditionType',
  'v1.PodFSGroupChangePolicy': 'V1PodSecurityContext.fsGroupChangePolicy',
  'v1.PodFailurePolicyAction': 'V1PodFailurePolicyRule.action',
  'v1.PodFailurePolicyOnExitCodesOperator': 'V1PodFailurePolicyOnExitCodesRequirement.operator',
  'v1.PodManagementPolicyType': 'V1StatefulSetSpec.podManagementPolicy',
  'v1.PodPhase': 'V1PodStatus.phase',
  'v1.PodQOSClass': 'V1PodStatus.qosClass',
  'v1.PodReplacementPolicy': 'V1JobSpec.podReplacementPolicy',
  'v1.PodResizeStatus': 'V1PodStatus.resize',
  'v1.PodSELinuxChangePolicy': 'V1PodSecurityContext.seLinuxChangePolicy',
  'v1.PreemptionPolicy': 'V1PodSpec.preemptionPolicy V1PriorityClass.preemptionPolicy',
  'v1.PriorityLevelConfigurationConditionType': 'V1PriorityLevelConfigurationCondition.type',
  'v1.PriorityLevelEnablement': 'V1PriorityLevelConfigurationSpec.type',
  'v1.ProcMountType': 'V1SecurityContext.procMount',
  'v1.Protocol':
    'CoreV1EndpointPort.protocol DiscoveryV1EndpointPort.protocol V1ContainerPort.protocol V1IngressPortStatus.protocol V1NetworkPolicyPort.protocol V1PortStatus.protocol V1ServicePort.protocol',
  'v1.PullPolicy': 'V1Container.imagePullPolicy V1EphemeralContainer.imagePullPolicy V1ImageVolumeSource.pullPolicy',
  'v1.QualifiedName': 'V1NodeAllocatableMapping.capacityKey',
  'v1.RecursiveReadOnlyMode': 'V1VolumeMount.recursiveReadOnly V1VolumeMountStatus.recursiveReadOnly',
  'v1.ReinvocationPolicyType':
    'V1MutatingAdmissionPolicySpec.reinvocationPolicy V1MutatingWebhook.reinvocationPolicy V1alpha1MutatingAdmissionPolicySpec.reinvocationPolicy V1beta1MutatingAdmissionPolicySpec.reinvocationPolicy',
  'v1.ReplicaSetConditionType': 'V1ReplicaSetCondition.type',
  'v1.ReplicationControllerConditionType': 'V1ReplicationControllerCondition.type',
  'v1.RequestConditionType': 'V1CertificateSigningRequestCondition.type',
  'v1.ResourceHealthStatus': 'V1ResourceHealth.health',
  'v1.ResourceID': 'V1ResourceHealth.resourceID',
  'v1.ResourceList':
    'V1ContainerStatus.allocatedResources V1LimitRangeItem.default V1LimitRangeItem.defaultRequest V1LimitRangeItem.max V1LimitRangeItem.maxLimitRequestRatio V1LimitRangeItem.min V1NodeStatus.allocatable V1NodeStatus.capacity V1Overhead.podFixed V1PersistentVolumeClaimStatus.allocatedResources V1PersistentVolumeClaimStatus.capacity V1PersistentVolumeSpec.capacity V1PodSpec.overhead V1PodStatus.allocatedResources V1ResourceQuotaSpec.hard V1ResourceQuotaStatus.hard V1ResourceQuotaStatus.used V1ResourceRequirements.limits V1ResourceRequirements.requests V1VolumeResourceRequirements.limits V1VolumeResourceRequirements.requests',
  'v1.ResourceName':
    'V1ContainerResizePolicy.resourceName V1NodeAllocatableMappedResources.name V1NodeAllocatableOverheadResources.name V1ResourceStatus.name V2ContainerResourceMetricSource.name V2ContainerResourceMetricStatus.name V2ResourceMetricSource.name V2ResourceMetricStatus.name',
  'v1.ResourceQuotaScope': 'V1ScopedResourceSelectorRequirement.scopeName',
  'v1.ResourceResizeRestartPolicy': 'V1ContainerResizePolicy.restartPolicy',
  'v1.RestartPolicy': 'V1PodSpec.restartPolicy',
  'v1.ScopeSelectorOperator': 'V1ScopedResourceSelectorRequirement.operator',
  'v1.ScopeType':
    'V1NamedRuleWithOperations.scope V1RuleWithOperations.scope V1alpha1NamedRuleWithOperations.scope V1beta1NamedRuleWithOperations.scope',
  'v1.SeccompProfileType': 'V1SeccompProfile.type',
  'v1.SecretType': 'V1Secret.type',
  'v1.ServiceAffinity': 'V1ServiceSpec.sessionAffinity',
  'v1.ServiceExternalTrafficPolicy': 'V1ServiceSpec.externalTrafficPolicy',
  'v1.ServiceInternalTrafficPolicy': 'V1ServiceSpec.internalTrafficPolicy',
  'v1.ServiceType': 'V1ServiceSpec.type',
  'v1.SideEffectClass': 'V1MutatingWebhook.sideEffects V1ValidatingWebhook.sideEffects',
  'v1.Signal': 'V1ContainerStatus.stopSignal V1Lifecycle.stopSignal',
  'v1.StatefulSetConditionType': 'V1StatefulSetCondition.type',
  'v1.StatefulSetUpdateStrategyType': 'V1StatefulSetUpdateStrategy.type',
  'v1.StatusReason': 'V1Status.reason V1Validation.reason',
  'v1.StorageHealthStatusType': 'V1StorageHealthCondition.status',
  'v1.StorageMedium': 'V1EmptyDirVolumeSource.medium',
  'v1.SubjectKind': 'FlowcontrolV1Subject.kind',
  'v1.SupplementalGroupsPolicy': 'V1PodSecurityContext.supplementalGroupsPolicy',
  'v1.TaintEffect': 'V1Taint.effect V1Toleration.effect',
  'v1.TerminationMessagePolicy': 'V1Container.terminationMessagePolicy V1EphemeralContainer.terminationMessagePolicy',
  'v1.TolerationOperator': 'V1Toleration.operator',
  'v1.URIScheme': 'V1HTTPGetAction.scheme',
  'v1.UnhealthyPodEvictionPolicyType': 'V1PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy',
  'v1.UniqueVolumeName': 'V1AttachedVolume.name',
  'v1.UnsatisfiableConstraintAction': 'V1TopologySpreadConstraint.whenUnsatisfiable',
  'v1.Verbs': 'V1APIResource.verbs',
  'v1.VolumeBindingMode': 'V1StorageClass.volumeBindingMode',
  'v1.VolumeHealthStatusType': 'V1VolumeHealthCondition.status',
  'v1alpha1.ConditionStatus': 'V1alpha1StorageVersionCondition.status',
  'v1alpha1.FailurePolicyType': 'V1alpha1MutatingAdmissionPolicySpec.failurePolicy',
  'v1alpha1.MatchPolicyType': 'V1alpha1MatchResources.matchPolicy',
  'v1alpha1.ParameterNotFoundActionType': 'V1alpha1ParamRef.parameterNotFoundAction',
  'v1alpha1.PatchType': 'V1alpha1Mutation.patchType',
  'v1alpha1.StorageVersionConditionType': 'V1alpha1StorageVersionCondition.type',
  'v1alpha3.DeviceTaintEffect': 'V1alpha3DeviceTaint.effect',
  'v1beta1.AllocationConfigSource': 'V1beta1DeviceAllocationConfiguration.source',
  'v1beta1.DeviceAllocationMode': 'V1beta1DeviceRequest.allocationMode V1beta1DeviceSubRequest.allocationMode',
  'v1beta1.DeviceTaintEffect': 'V1beta1DeviceTaint.effect V1beta1DeviceToleration.effect',
  'v1beta1.DeviceTolerationOperator': 'V1beta1DeviceToleration.operator',
  'v1beta1.FailurePolicyType': 'V1beta1MutatingAdmissionPolicySpec.failurePolicy',
  'v1beta1.FullyQualifiedName':
    'V1beta1DeviceConstraint.distinctAttribute V1beta1DeviceConstraint.matchAttribute V1beta1DeviceDerivedAttribute.name V1beta1ResourceSliceSpec.partitionTypeAttribute',
  'v1beta1.MatchPolicyType': 'V1beta1MatchResources.matchPolicy',
  'v1beta1.ParameterNotFoundActionType': 'V1beta1ParamRef.parameterNotFoundAction',
  'v1beta1.PatchType': 'V1beta1Mutation.patchType',
  'v1beta1.QualifiedName': 'V1beta1NodeAllocatableMapping.capacityKey',
  'v1beta2.AllocationConfigSource': 'V1beta2DeviceAllocationConfiguration.source',
  'v1beta2.DeviceAllocationMode': 'V1beta2DeviceSubRequest.allocationMode V1beta2ExactDeviceRequest.allocationMode',
  'v1beta2.DeviceTaintEffect': 'V1beta2DeviceTaint.effect V1beta2DeviceToleration.effect',
  'v1beta2.DeviceTolerationOperator': 'V1beta2DeviceToleration.operator',
  'v1beta2.FullyQualifiedName':
    'V1beta2DeviceConstraint.distinctAttribute V1beta2DeviceConstraint.matchAttribute V1beta2DeviceDerivedAttribute.name V1beta2ResourceSliceSpec.partitionTypeAttribute',
  'v1beta2.QualifiedName': 'V1beta2NodeAllocatableMapping.capacityKey',
  'v2.HPAScalingPolicyType': 'V2HPAScalingPolicy.type',
  'v2.HorizontalPodAutoscalerConditionType': 'V2HorizontalPodAutoscalerCondition.type',
  'v2.MetricSourceType': 'V2MetricSpec.type V2MetricStatus.type',
  'v2.MetricTargetType': 'V2MetricTarget.type',
  'v2.ScalingPolicySelect': 'V2HPAScalingRules.selectPolicy',
};

let byField: Map<string, string> | undefined;

/** The Go type's name of one type's field, e.g. `V1ContainerPort.protocol`, if it has one of its own. */
export function goTypeNameOf(field: string): string | undefined {
  byField ??= new Map(
    Object.entries(FIELDS_BY_GO_TYPE).flatMap(([name, fields]) => fields.split(' ').map((f) => [f, name] as const)),
  );
  return byField.get(field);
}

interface Embedding {
  /** The embedded struct, whose name stands in the path before its fields. */
  readonly name: string;
  readonly fields?: string;
  /** In place of `fields`: all but these. */
  readonly allBut?: string;
}

const NAME_OF_LOCAL_OBJECT: readonly Embedding[] = [{ name: 'LocalObjectReference', fields: 'name' }];
const OPAQUE: readonly Embedding[] = [{ name: 'DeviceConfiguration', fields: 'opaque' }];
const RULE = 'apiGroups apiVersions resources scope';
const NAMED_RULE: readonly Embedding[] = [
  { name: 'RuleWithOperations', fields: 'operations' },
  { name: 'RuleWithOperations.Rule', fields: RULE },
];

/** Structs upstream embeds in others. Source: the structs of k8s.io/api 0.37. */
const EMBEDDINGS: Readonly<Record<string, readonly Embedding[]>> = {
  V1ConfigMapEnvSource: NAME_OF_LOCAL_OBJECT,
  V1ConfigMapKeySelector: NAME_OF_LOCAL_OBJECT,
  V1ConfigMapProjection: NAME_OF_LOCAL_OBJECT,
  V1ConfigMapVolumeSource: NAME_OF_LOCAL_OBJECT,
  V1DeviceAllocationConfiguration: OPAQUE,
  V1DeviceClaimConfiguration: OPAQUE,
  V1DeviceClassConfiguration: OPAQUE,
  V1EphemeralContainer: [{ name: 'EphemeralContainerCommon', allBut: 'targetContainerName' }],
  V1IngressRule: [{ name: 'IngressRuleValue', fields: 'http' }],
  V1NamedRuleWithOperations: NAMED_RULE,
  V1PersistentVolumeSpec: [
    {
      name: 'PersistentVolumeSource',
      allBut:
        'accessModes capacity claimRef mountOptions nodeAffinity persistentVolumeReclaimPolicy storageClassName volumeAttributesClassName volumeMode',
    },
  ],
  V1Probe: [{ name: 'ProbeHandler', fields: 'exec grpc httpGet tcpSocket' }],
  V1RuleWithOperations: [{ name: 'Rule', fields: RULE }],
  V1SecretEnvSource: NAME_OF_LOCAL_OBJECT,
  V1SecretKeySelector: NAME_OF_LOCAL_OBJECT,
  V1SecretProjection: NAME_OF_LOCAL_OBJECT,
  V1Volume: [{ name: 'VolumeSource', allBut: 'name' }],
};

/** `VolumeSource.emptyDir` for the field `emptyDir` of `V1Volume`; the field itself where nothing is embedded. */
export function goFieldPath(type: string, field: string): string {
  const embeddings = Object.hasOwn(EMBEDDINGS, type) ? EMBEDDINGS[type] : undefined;
  const found = embeddings?.find(({ fields, allBut }) =>
    allBut === undefined ? fields?.split(' ').includes(field) : !allBut.split(' ').includes(field),
  );
  return found ? `${found.name}.${field}` : field;
}
