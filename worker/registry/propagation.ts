/** Which finalizers a delete's propagation policy leaves. Source: registry/store.go deletionFinalizersForGarbageCollection. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

type Policy = 'Orphan' | 'Background' | 'Foreground';

/** The object's finalizers, those of garbage collection replaced by what this delete asks for. */
export function finalizersAfterDelete(
  definition: ResourceDefinition,
  object: UntypedObject,
  options: DeleteOptions,
): string[] {
  const present = object.metadata.finalizers ?? [];
  const others = present.filter((name) => name !== ORPHAN_FINALIZER && name !== FOREGROUND_FINALIZER);
  const policy = propagationPolicy(definition, present, options);
  const wanted = policy === 'Orphan' ? [ORPHAN_FINALIZER] : policy === 'Foreground' ? [FOREGROUND_FINALIZER] : [];
  const finalizers = [...others, ...wanted];
  const unchanged = finalizers.length === present.length && finalizers.every((name) => present.includes(name));
  return unchanged ? [...present] : finalizers;
}

function propagationPolicy(definition: ResourceDefinition, present: readonly string[], options: DeleteOptions): Policy {
  if (definition.defaultPropagation === 'Unsupported') return 'Background';
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.propagationPolicy) return options.propagationPolicy;
  const standing = present.find((name) => name === ORPHAN_FINALIZER || name === FOREGROUND_FINALIZER);
  if (standing) return standing === ORPHAN_FINALIZER ? 'Orphan' : 'Foreground';
  return definition.defaultPropagation;
}
