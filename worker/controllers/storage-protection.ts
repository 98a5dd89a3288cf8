/**
 * Lets claims and volumes go that are being deleted once nothing uses them: a claim is used by pods that
 * are on a node, a volume by the claim it is bound to. Source: pkg/controller/volume/{pvcprotection,pvprotection}.
 */
import type { GroupResource, KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { PersistentVolume } from '../../schema/resources/core/persistent-volume.ts';
import type { Pod } from '../../schema/resources/core/pod-types.ts';
import {
  CLAIM_PROTECTION,
  isDeletionCandidate,
  needsFinalizer,
  VOLUME_PROTECTION,
  withFinalizer,
  withoutFinalizer,
} from '../../schema/resources/storage/protection.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type ControllerWrite, defineController } from './controller.ts';

const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

const ephemeralClaimName = (pod: Pod, volume: Volume): string => `${pod.metadata.name}-${volume.name}`;

/** The node is done with the pod, or it was deleted by force. */
const isShutDown = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;

const isOwnedBy = ({ metadata }: UntypedObject, pod: Pod): boolean =>
  (metadata.ownerReferences ?? []).some(({ controller, uid }) => controller && uid === pod.metadata.uid);

/** Nodes see pods only once they are assigned, and start none with a claim that is being deleted. */
function usesClaim(pod: Pod, claim: UntypedObject): boolean {
  if (!pod.spec?.nodeName) return false;
  const name = claim.metadata.name;
  return (pod.spec.volumes ?? []).some((volume) => {
    if (volume.persistentVolumeClaim?.claimName === name) return true;
    if (!volume.ephemeral || isShutDown(pod)) return false;
    return ephemeralClaimName(pod, volume) === name && isOwnedBy(claim, pod);
  });
}

const claimsOf = (pod: Pod): readonly string[] =>
  (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral ? [ephemeralClaimName(pod, volume)] : [];
  });

/** What becomes of the finalizer: added to those that lack it, taken off those that go and are not used. */
function protectionWrites(
  resource: GroupResource,
  object: UntypedObject | undefined,
  finalizer: string,
  isUsed: (object: UntypedObject) => boolean,
): readonly ControllerWrite[] {
  if (!object) return [];
  if (needsFinalizer(object, finalizer)) return [{ op: 'update', resource, object: withFinalizer(object, finalizer) }];
  if (!isDeletionCandidate(object, finalizer) || isUsed(object)) return [];
  return [{ op: 'update', resource, object: withoutFinalizer(object, finalizer) }];
}

/** In each namespace. */
export const claimProtectionController = defineController({
  name: 'persistentvolumeclaim-protection-controller',
  for: CLAIMS,
  owns: [],
  watches: [
    {
      resource: 'pods',
      keys: (pod, _previous, view) =>
        claimsOf(pod as KubeObject as Pod).filter(
          (name) => view.get(CLAIMS, name)?.metadata.deletionTimestamp !== undefined,
        ),
    },
  ],
  reconcile(view: StoreReader, name) {
    const isUsed = (claim: UntypedObject): boolean =>
      view.list('pods').some((pod) => usesClaim(pod as KubeObject as Pod, claim));
    return { writes: protectionWrites(CLAIMS, view.get(CLAIMS, name), CLAIM_PROTECTION, isUsed) };
  },
});

/** Among the cluster-scoped objects. */
export const volumeProtectionController = defineController({
  name: 'persistentvolume-protection-controller',
  for: VOLUMES,
  owns: [],
  reconcile(view, name) {
    const isBound = (volume: UntypedObject): boolean =>
      (volume as KubeObject as PersistentVolume).status?.phase === 'Bound';
    return { writes: protectionWrites(VOLUMES, view.get(VOLUMES, name), VOLUME_PROTECTION, isBound) };
  },
});
