/**
 * The parts of ObjectMeta that belong to the server.
 * Source: apiserver registry/rest/meta.go, endpoints/handlers/rest.go.
 */
import type { KubeObject, ObjectMeta, OwnerReference, UntypedObject } from '../../schema/meta/object-meta.ts';
import { badRequest, type Status } from '../../schema/meta/status.ts';
import { formatTime } from '../../schema/meta/time.ts';
import type { RegistryEnvironment } from './environment.ts';

const GENERATED_SUFFIX_LENGTH = 5;
const GENERATED_BASE_LENGTH_MAX = 63 - GENERATED_SUFFIX_LENGTH;

/** Removes what a client may not bring to a new object. */
export function wipeSystemMetadata(meta: ObjectMeta): void {
  delete meta.creationTimestamp;
  delete meta.uid;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
}

export function fillSystemMetadata(meta: ObjectMeta, env: RegistryEnvironment): void {
  meta.creationTimestamp = formatTime(env.now);
  meta.uid = env.newUid();
}

/** A name from `generateName`: the prefix, cut to 58 characters, and five random ones. */
export const generatedName = (generateName: string, env: RegistryEnvironment): string =>
  generateName.slice(0, GENERATED_BASE_LENGTH_MAX) + env.randomSuffix(GENERATED_SUFFIX_LENGTH);

/** Sets the namespace of the request on the object, or refuses another one. `namespace` is empty for cluster scope. */
export function ensureNamespace(meta: ObjectMeta, namespace: string): Status | undefined {
  const own = meta.namespace ?? '';
  if (own === namespace) {
    if (own === '') delete meta.namespace;
    return undefined;
  }
  if (own === '') meta.namespace = namespace;
  else if (namespace === '') delete meta.namespace;
  else return badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return undefined;
}

/** Refuses an object that is not the one its URL names. */
export function checkName(object: KubeObject, name: string): Status | undefined {
  const own = object.metadata.name ?? '';
  if (own === '') {
    return badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (own === name) return undefined;
  return badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`);
}

const DEDUP_ADVICE =
  'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed:';

/** Drops repeated ownerReferences and gives the warning text, if there were any. */
export function dedupOwnerReferences(meta: ObjectMeta, afterAdmission: boolean): string | undefined {
  const references = meta.ownerReferences;
  if (!references || references.length < 2) return undefined;
  const kept: OwnerReference[] = [];
  const repeated: string[] = [];
  const seen = new Set<string>();
  for (const reference of references) {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = reference;
    const identity = JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
    if (seen.has(identity)) repeated.push(uid);
    else kept.push(reference);
    seen.add(identity);
  }
  if (repeated.length === 0) return undefined;
  meta.ownerReferences = kept;
  const when = afterAdmission ? ' after mutating admission happens' : '';
  return `.metadata.ownerReferences contains duplicate entries${when}; ${DEDUP_ADVICE} ${repeated.join(', ')}`;
}

/** The same object with a metadata that may be changed. */
export const withOwnMetadata = (object: UntypedObject): UntypedObject => ({
  ...object,
  metadata: { ...object.metadata },
});
