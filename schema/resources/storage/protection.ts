/** Finalizers that keep storage objects while they are in use. Source: pkg/volume/util/finalizer.go, protectionutil. */
import type { ObjectMeta, UntypedObject } from '../../meta/object-meta.ts';

export const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';
export const VOLUME_PROTECTION = 'kubernetes.io/pv-protection';
export const CLASS_PROTECTION = 'kubernetes.io/vac-protection';

export const hasFinalizer = ({ finalizers }: ObjectMeta, finalizer: string): boolean =>
  finalizers?.includes(finalizer) ?? false;

/** Being deleted, and kept by this finalizer. */
export const isDeletionCandidate = ({ metadata }: { metadata: ObjectMeta }, finalizer: string): boolean =>
  metadata.deletionTimestamp !== undefined && hasFinalizer(metadata, finalizer);

/** Not being deleted, and not yet kept by this finalizer. */
export const needsFinalizer = ({ metadata }: { metadata: ObjectMeta }, finalizer: string): boolean =>
  metadata.deletionTimestamp === undefined && !hasFinalizer(metadata, finalizer);

const withFinalizers = (object: UntypedObject, finalizers: readonly string[]): UntypedObject => ({
  ...object,
  metadata: { ...object.metadata, finalizers: [...finalizers] },
});

/** A copy with the finalizer added. */
export const withFinalizer = (object: UntypedObject, finalizer: string): UntypedObject =>
  withFinalizers(object, [...(object.metadata.finalizers ?? []), finalizer]);

/** A copy without the finalizer. */
export const withoutFinalizer = (object: UntypedObject, finalizer: string): UntypedObject =>
  withFinalizers(
    object,
    (object.metadata.finalizers ?? []).filter((name) => name !== finalizer),
  );
