/** Source: plugin/pkg/admission/storage/storageobjectinuseprotection. */
import {
  CLAIM_PROTECTION,
  CLASS_PROTECTION,
  hasFinalizer,
  VOLUME_PROTECTION,
} from '../../schema/resources/storage/protection.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';

const FINALIZERS: ReadonlyMap<string, string> = new Map([
  ['persistentvolumes', VOLUME_PROTECTION],
  ['persistentvolumeclaims', CLAIM_PROTECTION],
  ['volumeattributesclasses.storage.k8s.io', CLASS_PROTECTION],
]);

/** Gives new storage objects the finalizer that a controller takes off once they are deleted and unused. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  admit({ resource, subresource, operation, object }) {
    const finalizer = FINALIZERS.get(resource);
    if (finalizer === undefined || subresource !== '' || operation !== 'CREATE' || !object) return undefined;
    const { metadata } = object;
    if (!hasFinalizer(metadata, finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    return undefined;
  },
};
