/** Source: plugin/pkg/admission/storage/persistentvolume/resize. */
import { compareQuantities } from '../../schema/meta/quantity.ts';
import type { KubeObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { PersistentVolumeClaim } from '../../schema/resources/core/persistent-volume-claim.ts';
import { CLASS_ANNOTATION } from '../../schema/resources/core/storage-printing.ts';
import { quantityAt } from '../../schema/resources/field-checks.ts';
import type { StorageClass } from '../../schema/resources/storage/storage-class.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const asClaim = (object: KubeObject | undefined): Partial<PersistentVolumeClaim> => object ?? {};

const classOf = ({ metadata, spec }: Partial<PersistentVolumeClaim>): string =>
  metadata?.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';

function isGrown(next: Partial<PersistentVolumeClaim>, previous: Partial<PersistentVolumeClaim>): boolean {
  const [size, before] = [next, previous].map(({ spec }) => quantityAt(spec?.resources?.requests?.['storage'] ?? '0'));
  return size !== undefined && before !== undefined && compareQuantities(size, before) > 0;
}

/** The class has to be the same as before, and to say that its volumes can grow. */
function allowsGrowth(
  next: Partial<PersistentVolumeClaim>,
  previous: Partial<PersistentVolumeClaim>,
  reader: StoreReader,
): boolean {
  const name = classOf(next);
  if (name === '' || name !== classOf(previous)) return false;
  const found = reader.config('storageclasses.storage.k8s.io', name) as StorageClass | undefined;
  return found?.allowVolumeExpansion === true;
}

/** Only bound claims of classes that allow it may ask for more. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  validate(attributes, reader): Status | undefined {
    const { resource, subresource, operation } = attributes;
    if (resource !== 'persistentvolumeclaims' || subresource !== '' || operation !== 'UPDATE') return undefined;
    const [next, previous] = [asClaim(attributes.object), asClaim(attributes.oldObject)];
    if (!isGrown(next, previous)) return undefined;
    if (previous.status?.phase !== 'Bound') {
      return refusal(attributes, 'Only bound persistent volume claims can be expanded');
    }
    if (allowsGrowth(next, previous, reader)) return undefined;
    return refusal(
      attributes,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
};
