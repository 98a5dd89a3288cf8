/**
 * Claims and volumes as the texts of refused changes print them: every field of upstream's internal
 * types under its Go name, absent ones as null. Source: pkg/apis/core types.go.
 */
import type { IPersistentVolume } from 'kubernetes-models/v1/PersistentVolume';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { goMap, goSelector } from './pod-validation/go-struct.ts';

type ClaimSpec = NonNullable<IPersistentVolumeClaim['spec']>;
type VolumeSpec = NonNullable<IPersistentVolume['spec']>;
type Fields = Readonly<Record<string, unknown>>;

const printSource = (source: ClaimSpec['dataSource']): Fields | null =>
  source ? { APIGroup: source.apiGroup ?? null, Kind: source.kind, Name: source.name } : null;

const printReference = (source: ClaimSpec['dataSourceRef']): Fields | null =>
  source ? { ...printSource(source), Namespace: source.namespace ?? null } : null;

export const printClaimSpec = (spec: ClaimSpec): Fields => ({
  AccessModes: spec.accessModes ?? null,
  Selector: spec.selector ? goSelector(spec.selector) : null,
  Resources: { Limits: goMap(spec.resources?.limits), Requests: goMap(spec.resources?.requests) },
  VolumeName: spec.volumeName ?? '',
  StorageClassName: spec.storageClassName ?? null,
  VolumeMode: spec.volumeMode ?? null,
  DataSource: printSource(spec.dataSource),
  DataSourceRef: printReference(spec.dataSourceRef),
  VolumeAttributesClassName: spec.volumeAttributesClassName ?? null,
});

const printSecret = (of: NonNullable<VolumeSpec['csi']>['nodePublishSecretRef']): Fields | null =>
  of ? { Name: of.name ?? '', Namespace: of.namespace ?? '' } : null;

const printCsi = (source: VolumeSpec['csi']): unknown =>
  source
    ? {
        Driver: source.driver,
        VolumeHandle: source.volumeHandle,
        ReadOnly: source.readOnly ?? false,
        FSType: source.fsType ?? '',
        VolumeAttributes: goMap(source.volumeAttributes),
        ControllerPublishSecretRef: printSecret(source.controllerPublishSecretRef),
        NodeStageSecretRef: printSecret(source.nodeStageSecretRef),
        NodePublishSecretRef: printSecret(source.nodePublishSecretRef),
        ControllerExpandSecretRef: printSecret(source.controllerExpandSecretRef),
        NodeExpandSecretRef: printSecret(source.nodeExpandSecretRef),
      }
    : null;

/** Sources that only run elsewhere show the fields they were sent with. */
export const printVolumeSources = ({ hostPath, nfs, local, ...spec }: VolumeSpec): Fields => ({
  GCEPersistentDisk: spec.gcePersistentDisk ?? null,
  AWSElasticBlockStore: spec.awsElasticBlockStore ?? null,
  HostPath: hostPath ? { Path: hostPath.path, Type: hostPath.type ?? null } : null,
  Glusterfs: spec.glusterfs ?? null,
  NFS: nfs ? { Server: nfs.server, Path: nfs.path, ReadOnly: nfs.readOnly ?? false } : null,
  RBD: spec.rbd ?? null,
  ISCSI: spec.iscsi ?? null,
  Cinder: spec.cinder ?? null,
  CephFS: spec.cephfs ?? null,
  FC: spec.fc ?? null,
  Flocker: spec.flocker ?? null,
  FlexVolume: spec.flexVolume ?? null,
  AzureFile: spec.azureFile ?? null,
  VsphereVolume: spec.vsphereVolume ?? null,
  Quobyte: spec.quobyte ?? null,
  AzureDisk: spec.azureDisk ?? null,
  PhotonPersistentDisk: spec.photonPersistentDisk ?? null,
  PortworxVolume: spec.portworxVolume ?? null,
  ScaleIO: spec.scaleIO ?? null,
  Local: local ? { Path: local.path, FSType: local.fsType ?? null } : null,
  StorageOS: spec.storageos ?? null,
  CSI: printCsi(spec.csi),
});

type Affinity = NonNullable<VolumeSpec['nodeAffinity']>;
type Requirement = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };

const printRequirements = (list: readonly Requirement[] | undefined): unknown =>
  list?.map(({ key, operator, values }) => ({ Key: key, Operator: operator, Values: values ?? null })) ?? null;

export function printVolumeAffinity(affinity: Affinity | undefined): unknown {
  if (!affinity) return null;
  const terms = affinity.required?.nodeSelectorTerms?.map(({ matchExpressions, matchFields }) => ({
    MatchExpressions: printRequirements(matchExpressions),
    MatchFields: printRequirements(matchFields),
  }));
  return { Required: affinity.required ? { NodeSelectorTerms: terms ?? null } : null };
}
