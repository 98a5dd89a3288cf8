/** Defaulting of a pod's volumes. Source: kubernetes pkg/apis/core/v1 defaults.go (1.37). */
import { defaultPullPolicy } from './pod-image-reference.ts';
import type { Volume } from './pod-types.ts';
import { setResourceListDefaults } from './pod-resource-list.ts';

/** 0644. */
const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_TOKEN_EXPIRATION_SECONDS = 3600;

interface FieldReference {
  fieldRef?: { apiVersion?: string };
  resourceFieldRef?: { divisor?: string | number };
}

type ProjectedSource = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

/** A volume without a source is an emptyDir; every source gets upstream's modes and kinds. */
export function setVolumeDefaults(volume: Volume): void {
  if (hasNoSource(volume)) volume.emptyDir = {};
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '');
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.secret) volume.secret.defaultMode ??= DEFAULT_FILE_MODE;
  if (volume.configMap) volume.configMap.defaultMode ??= DEFAULT_FILE_MODE;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= DEFAULT_FILE_MODE;
    setFieldVersions(volume.downwardAPI.items);
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= DEFAULT_FILE_MODE;
    for (const source of volume.projected.sources ?? []) setProjectedSourceDefaults(source);
  }
  if (volume.ephemeral?.volumeClaimTemplate) setClaimTemplateDefaults(volume.ephemeral.volumeClaimTemplate);
  setVendorDefaults(volume);
}

function hasNoSource(volume: Volume): boolean {
  for (const key in volume) {
    if (key !== 'name' && volume[key as keyof Volume] !== undefined && volume[key as keyof Volume] !== null)
      return false;
  }
  return true;
}

/** Of files and variables that show a field of the pod. */
export function setFieldReferenceDefaults({ fieldRef, resourceFieldRef }: FieldReference): void {
  if (fieldRef) fieldRef.apiVersion ||= 'v1';
  if (resourceFieldRef) resourceFieldRef.divisor ??= '0';
}

function setFieldVersions(items: FieldReference[] | undefined): void {
  for (const item of items ?? []) setFieldReferenceDefaults(item);
}

function setProjectedSourceDefaults(source: ProjectedSource): void {
  setFieldVersions(source.downwardAPI?.items);
  if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= DEFAULT_TOKEN_EXPIRATION_SECONDS;
}

function setClaimTemplateDefaults(
  template: NonNullable<NonNullable<Volume['ephemeral']>['volumeClaimTemplate']>,
): void {
  template.metadata ??= {};
  const spec = (template.spec ??= {});
  spec.resources ??= {};
  spec.volumeMode ??= 'Filesystem';
  if (spec.resources.limits) setResourceListDefaults(spec.resources.limits);
  if (spec.resources.requests) setResourceListDefaults(spec.resources.requests);
}

/** Sources that only exist for old manifests, with the defaults they always had. */
function setVendorDefaults({ iscsi, rbd, azureDisk, scaleIO }: Volume): void {
  if (iscsi) iscsi.iscsiInterface ||= 'default';
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= 'Shared';
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
