/** Update of an object or a subresource. Source: registry/store.go Update, registry/rest/update.go. */
import { invalid, invalidStatus } from '../../schema/meta/field-error.ts';
import { equalJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, ObjectMeta, UntypedObject } from '../../schema/meta/object-meta.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../schema/meta/object-meta-validation.ts';
import type { UpdateStrategy } from '../../schema/meta/resource.ts';
import { groupOf } from '../../schema/meta/served-version.ts';
import {
  conflict,
  fail,
  notFound,
  OPTIMISTIC_LOCK_ERROR,
  ok,
  type Result,
  type Status,
  splitGroupResource,
} from '../../schema/meta/status.ts';
import { createAdmitted, drawValues, warn } from './create.ts';
import { keepManagedTimes, trackWrite } from './managed-fields.ts';
import { dedupOwnerReferences, ensureNamespace, wipeSystemMetadata } from './system-metadata.ts';
import { admissionAttributes, metaRules, putAdmitted, type WriteContext, type WriteResult } from './target.ts';

/** The new state, as a private copy in stored form, and what admission is to see of it. */
export interface NextState {
  readonly object: UntypedObject;
  /** Who owns what has been noted in it (an apply, a Scale); otherwise the write's manager owns what it changes. */
  readonly isTracked?: boolean;
  /** What mutating and validating plugins see instead (a Scale); the object itself when absent. */
  readonly admitted?: { readonly object: KubeObject; readonly oldObject: UntypedObject };
  /** Carries what mutating plugins changed in `admitted.object` over. */
  readonly afterAdmission?: (object: UntypedObject) => Result<UntypedObject>;
}

export interface UpdateInput {
  readonly name: string;
  readonly strategy: UpdateStrategy<UntypedObject>;
  /** The uid the new object brings; another stored uid is a conflict. */
  readonly uid?: string | undefined;
  /** Whether a missing object is created, where the kind allows it or the caller insists. */
  readonly createIfMissing: boolean;
  readonly createRefused?: Status | undefined;
  next(existing: UntypedObject | undefined): Result<NextState>;
}

/** Brings one object into its next state; answers it, or why not. */
export function updateObject(context: WriteContext, input: UpdateInput): WriteResult {
  const existing = context.tx.get(context.definition.key, input.name);
  if (!existing && !input.createIfMissing) return fail(notFound(context.qualified, input.name));
  if (input.uid && input.uid !== existing?.metadata.uid) return fail(uidPrecondition(context, input, existing));

  const next = input.next(existing);
  if (!next.ok) return next;
  return existing ? updateExisting(context, input, existing, next.value) : createMissing(context, input, next.value);
}

function createMissing(context: WriteContext, input: UpdateInput, next: NextState): WriteResult {
  if (!next.isTracked) trackWrite(context, undefined, next.object);
  const refused = context.env.admission.admit(
    admissionAttributes(context, { operation: 'CREATE', name: input.name, object: next.object }),
    context.tx,
  );
  if (refused) return fail(refused);
  warn(context, dedupOwnerReferences(next.object.metadata, true));
  if (input.createRefused) return fail(input.createRefused);
  wipeSystemMetadata(next.object.metadata);
  delete next.object.metadata.resourceVersion;
  return createAdmitted(context, next.object);
}

function updateExisting(
  context: WriteContext,
  input: UpdateInput,
  existing: UntypedObject,
  state: NextState,
): WriteResult {
  if (!state.isTracked) trackWrite(context, existing, state.object);
  const admitted = admitUpdate(context, input.name, existing, state);
  if (!admitted.ok) return admitted;
  const next = admitted.value;
  warn(context, dedupOwnerReferences(next.metadata, true));

  const stale = checkResourceVersion(context, next.metadata, existing, input.name);
  if (stale) return fail(stale);
  const misplaced = ensureNamespace(next.metadata, context.request.namespace);
  if (misplaced) return fail(misplaced);
  const unallocated = context.subresource === '' ? drawValues(context, next, existing) : undefined;
  if (unallocated) return fail(unallocated);
  const broken = beforeUpdate(context, input.strategy, next, existing);
  if (broken) return fail(broken);
  keepManagedTimes(next, existing);

  const refused = context.env.admission.validate(
    admissionAttributes(context, {
      operation: 'UPDATE',
      name: input.name,
      object: state.admitted?.object ?? next,
      oldObject: state.admitted?.oldObject ?? existing,
    }),
    context.tx,
  );
  if (refused) return fail(refused);
  return commitUpdate(context, next, existing);
}

function admitUpdate(
  context: WriteContext,
  name: string,
  existing: UntypedObject,
  state: NextState,
): Result<UntypedObject> {
  const refused = context.env.admission.admit(
    admissionAttributes(context, {
      operation: 'UPDATE',
      name,
      object: state.admitted?.object ?? state.object,
      oldObject: state.admitted?.oldObject ?? existing,
    }),
    context.tx,
  );
  if (refused) return fail(refused);
  return state.afterAdmission ? state.afterAdmission(state.object) : ok(state.object);
}

function checkResourceVersion(
  context: WriteContext,
  meta: ObjectMeta,
  existing: UntypedObject,
  name: string,
): Status | undefined {
  const given = meta.resourceVersion ?? '';
  if (given === '' || given === '0') {
    if (!context.definition.allowUnconditionalUpdate) {
      const { resource, group } = splitGroupResource(context.qualified);
      return invalidStatus(group, resource, name, [
        invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ]);
    }
    meta.resourceVersion = existing.metadata.resourceVersion;
    return undefined;
  }
  return given === existing.metadata.resourceVersion
    ? undefined
    : conflict(context.qualified, name, OPTIMISTIC_LOCK_ERROR);
}

/** Puts back what updates may not change, lets the kind's rules see it, and validates. */
function beforeUpdate(
  context: WriteContext,
  strategy: UpdateStrategy<UntypedObject>,
  next: UntypedObject,
  existing: UntypedObject,
): Status | undefined {
  const { definition } = context;
  const meta = next.metadata;
  const old = existing.metadata;
  keep(meta, old, 'generation');
  strategy.prepareForUpdate?.(next, existing, context.strategy);
  if (!meta.uid) keep(meta, old, 'uid');
  if (old.creationTimestamp) meta.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp) meta.deletionTimestamp = old.deletionTimestamp;
  if (meta.deletionGracePeriodSeconds === undefined) keep(meta, old, 'deletionGracePeriodSeconds');
  if (definition.hasGeneration && meta.generation === old.generation && contentChanged(next, existing)) {
    meta.generation = (old.generation ?? 0) + 1;
  }
  const errors = [
    ...validateObjectMeta(meta, metaRules(definition)),
    ...validateObjectMetaUpdate(meta, old, metaRules(definition)),
    ...strategy.validateUpdate(next, existing, context.strategy),
  ];
  if (errors.length > 0)
    return invalidStatus(groupOf(context.request.apiVersion), definition.kind, meta.name ?? '', errors);
  for (const text of strategy.warnings?.(next, existing) ?? []) context.warnings.push(text);
  return undefined;
}

function keep<K extends keyof ObjectMeta>(meta: ObjectMeta, old: ObjectMeta, field: K): void {
  if (old[field] === undefined) delete meta[field];
  else meta[field] = old[field];
}

/** Whether anything but metadata and status differs: what `generation` counts. */
function contentChanged(next: UntypedObject, existing: UntypedObject): boolean {
  const { metadata: _m, status: _s, kind: _k, apiVersion: _v, ...after } = next;
  const { metadata: _om, status: _os, kind: _ok, apiVersion: _ov, ...before } = existing;
  return !equalJson(after, before);
}

function commitUpdate(context: WriteContext, next: UntypedObject, existing: UntypedObject): WriteResult {
  const { definition, tx } = context;
  if (isFinished(context, next, existing)) {
    if (!context.request.dryRun) tx.remove(definition.key, existing.metadata.name ?? '');
    return ok({ code: 200, object: next });
  }
  if (context.request.dryRun) return ok({ code: 200, object: next });
  if (equalJson(next, existing)) return ok({ code: 200, object: existing });
  return ok({ code: 200, object: putAdmitted(context, next) });
}

/** Whether this update took the last thing that kept a deleted object. Source: ShouldDeleteDuringUpdate. */
function isFinished(context: WriteContext, next: UntypedObject, existing: UntypedObject): boolean {
  if (next.metadata.finalizers?.length) return false;
  if (!existing.metadata.deletionTimestamp) return false;
  if (existing.metadata.deletionGracePeriodSeconds) return false;
  return !context.definition.heldDeletion?.isHeld(next);
}

function uidPrecondition(context: WriteContext, input: UpdateInput, existing: UntypedObject | undefined): Status {
  const path = ['/registry', context.definition.plural, context.request.namespace, input.name]
    .filter(Boolean)
    .join('/');
  const what = `Precondition failed: UID in precondition: ${input.uid}, UID in object meta: ${existing?.metadata.uid ?? ''}`;
  return conflict(
    context.qualified,
    input.name,
    `StorageError: invalid object, Code: 4, Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: ${what}`,
  );
}
