/** Source: plugin/pkg/admission/storage/storageclass/setdefault. */
import type { PersistentVolumeClaim } from '../../schema/resources/core/persistent-volume-claim.ts';
import { CLASS_ANNOTATION } from '../../schema/resources/core/storage-printing.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { defaultClassOf } from './default-class.ts';

const ON_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

/** Gives a new claim that names no class the default one. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  admit({ resource, subresource, operation, object }, reader) {
    if (resource !== 'persistentvolumeclaims' || subresource !== '' || operation !== 'CREATE') return undefined;
    const claim = object as PersistentVolumeClaim;
    if (claim.metadata.annotations?.[CLASS_ANNOTATION] !== undefined || claim.spec?.storageClassName !== undefined) {
      return undefined;
    }
    const found = defaultClassOf(reader, 'storageclasses.storage.k8s.io', ON_CLASS);
    if (found) claim.spec = { ...claim.spec, storageClassName: found.metadata.name ?? '' };
    return undefined;
  },
};
