/**
 * Delete: grace, finalizers, propagation. It is decided first (`planDelete`) and done last.
 * Source: registry/store.go Delete, updateForGracefulDeletionAndFinalizers; registry/rest/delete.go.
 */
import { equalJson } from '../../schema/meta/json-value.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { conflict, fail, notFound, ok, type Result, type Status } from '../../schema/meta/status.ts';
import { formatTime } from '../../schema/meta/time.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';
import { gracefulDeletion } from './deletion-grace.ts';
import { finalizersAfterDelete } from './propagation.ts';
import { withOwnMetadata } from './system-metadata.ts';
import { admissionAttributes, type DeletedStatus, type WriteContext, type WriteResult } from './target.ts';

/** What a delete does to one object: mark it, remove it, both, or nothing. */
export interface DeletePlan {
  readonly name: string;
  readonly existing: UntypedObject;
  /** The marked object to store before (or instead of) removal. */
  readonly mark: UntypedObject | undefined;
  readonly remove: boolean;
  /** Whether the answer is the object as it stands rather than the word that it is gone. */
  readonly answersObject: boolean;
}

export function deleteObject(context: WriteContext, name: string, options: DeleteOptions): WriteResult {
  const plan = planDelete(context, name, options);
  return plan.ok ? ok(carryOut(context, plan.value, options)) : plan;
}

/** Decides; changes nothing. */
export function planDelete(context: WriteContext, name: string, options: DeleteOptions): Result<DeletePlan> {
  const existing = context.tx.get(context.definition.key, name);
  if (!existing) return fail(notFound(context.qualified, name));
  const violated = violatedPrecondition(context, existing, options);
  if (violated) return fail(violated);
  const attributes = admissionAttributes(context, {
    operation: 'DELETE',
    name,
    oldObject: existing,
    deleteOptions: options,
  });
  const refused =
    context.env.admission.admit(attributes, context.tx) ?? context.env.admission.validate(attributes, context.tx);
  if (refused) return fail(refused);
  return ok(decide(context, name, existing, options));
}

function decide(context: WriteContext, name: string, existing: UntypedObject, options: DeleteOptions): DeletePlan {
  const { definition } = context;
  if (definition.heldDeletion && !existing.metadata.deletionTimestamp)
    return planHeld(context, name, existing, options);
  if (definition.heldDeletion?.isHeld(existing)) {
    return { name, existing, mark: undefined, remove: false, answersObject: true };
  }

  const next = withOwnMetadata(existing);
  const grace = gracefulDeletion(definition, next, options, context.env.now);
  if (grace === 'pending') return { name, existing, mark: undefined, remove: false, answersObject: false };

  const finalizers = finalizersAfterDelete(definition, existing, options);
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;

  if (grace === 'none' && finalizers.length === 0)
    return { name, existing, mark: undefined, remove: true, answersObject: false };
  if (grace === 'none') markDeleting(next, context.env.now);
  const remove = finalizers.length === 0 && !next.metadata.deletionGracePeriodSeconds;
  return { name, existing, mark: next, remove, answersObject: !remove };
}

/** First delete of a kind with finalizers of its own: marked, kept, answered as it then is. */
function planHeld(context: WriteContext, name: string, existing: UntypedObject, options: DeleteOptions): DeletePlan {
  const next = structuredClone(existing);
  next.metadata.deletionTimestamp = formatTime(context.env.now);
  context.definition.heldDeletion?.markDeleting(next);
  const finalizers = finalizersAfterDelete(context.definition, existing, options);
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  return { name, existing, mark: next, remove: false, answersObject: true };
}

/** Source: registry/store.go markAsDeleting. */
function markDeleting(next: UntypedObject, now: number): void {
  const meta = next.metadata;
  if (!meta.deletionTimestamp && meta.generation) meta.generation += 1;
  if (!meta.deletionTimestamp || Date.parse(meta.deletionTimestamp) > now) meta.deletionTimestamp = formatTime(now);
  meta.deletionGracePeriodSeconds = 0;
}

/** Does what was planned and gives the answer. */
export function carryOut(
  context: WriteContext,
  plan: DeletePlan,
  options: DeleteOptions,
): { code: number; object: UntypedObject | DeletedStatus } {
  const last = context.request.dryRun ? (plan.mark ?? plan.existing) : store(context, plan);
  const answersObject =
    plan.answersObject || context.definition.returnsDeletedObject || (context.request.dryRun && plan.mark);
  const code = !plan.remove && options.orphanDependents === false ? 202 : 200;
  return { code, object: answersObject ? last : deletedStatus(context, last) };
}

function store(context: WriteContext, plan: DeletePlan): UntypedObject {
  const { key } = context.definition;
  let last = plan.existing;
  if (plan.mark && !equalJson(plan.mark, plan.existing)) last = context.tx.put(key, plan.mark);
  return plan.remove ? context.tx.remove(key, plan.name) : last;
}

function deletedStatus(context: WriteContext, object: UntypedObject): DeletedStatus {
  const { group } = context.served ?? context.definition;
  const { name = '', uid } = object.metadata;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group ? { group } : {}), kind: context.definition.plural, ...(uid ? { uid } : {}) },
  };
}

function violatedPrecondition(
  context: WriteContext,
  existing: UntypedObject,
  options: DeleteOptions,
): Status | undefined {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { definition } = context;
  const name = existing.metadata.name ?? '';
  const { group } = context.served ?? definition;
  const kind = group ? `${definition.kind}.${group}` : definition.kind;
  if (uid !== undefined && uid !== existing.metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${existing.metadata.uid}). The object might have been deleted and then recreated`;
    return conflict(kind, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== existing.metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${existing.metadata.resourceVersion}). The object might have been modified`;
    return conflict(kind, name, why);
  }
  return undefined;
}
