/** Create. Source: apiserver endpoints/handlers/create.go, registry/store.go Create, registry/rest/create.go. */
import { invalidStatus } from '../../schema/meta/field-error.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { validateObjectMeta } from '../../schema/meta/object-meta-validation.ts';
import { groupOf } from '../../schema/meta/served-version.ts';
import {
  alreadyExists,
  badRequest,
  fail,
  failure,
  ok,
  type Status,
  splitGroupResource,
} from '../../schema/meta/status.ts';
import { LeasedPools } from '../../schema/protocol/value-lease.ts';
import { trackWrite } from './managed-fields.ts';
import {
  dedupOwnerReferences,
  ensureNamespace,
  fillSystemMetadata,
  generatedName,
  wipeSystemMetadata,
} from './system-metadata.ts';
import { admissionAttributes, metaRules, putAdmitted, type WriteContext, type WriteResult } from './target.ts';

/** How often a generated name is drawn again because it is taken. */
const NAME_GENERATION_ATTEMPTS_MAX = 8;

/** Creates `object` (decoded, converted and defaulted; taken over). */
export function createObject(context: WriteContext, object: UntypedObject): WriteResult {
  const meta = object.metadata;
  wipeSystemMetadata(meta);
  const misplaced = ensureNamespace(meta, context.request.namespace);
  if (misplaced) return fail(misplaced);
  warn(context, dedupOwnerReferences(meta, false));
  trackWrite(context, undefined, object);

  const refused = context.env.admission.admit(
    admissionAttributes(context, { operation: 'CREATE', name: meta.name ?? '', object }),
    context.tx,
  );
  if (refused) return fail(refused);
  warn(context, dedupOwnerReferences(meta, true));
  return createAdmitted(context, object);
}

/** The store's half of a create, after mutating admission; also what create-on-update runs. */
export function createAdmitted(context: WriteContext, object: UntypedObject): WriteResult {
  const { definition, tx, env } = context;
  fillSystemMetadata(object.metadata, env);
  resolveName(context, object);
  const misplaced = ensureNamespace(object.metadata, context.request.namespace);
  if (misplaced) return fail(misplaced);

  const unallocated = drawValues(context, object, undefined);
  if (unallocated) return fail(unallocated);
  if (definition.hasGeneration) object.metadata.generation = 1;
  definition.prepareForCreate?.(object, context.strategy);
  const invalid = invalidOnCreate(context, object);
  if (invalid) return fail(invalid);
  for (const text of definition.update.warnings?.(object, undefined) ?? []) context.warnings.push(text);

  const name = object.metadata.name ?? '';
  const refused = env.admission.validate(admissionAttributes(context, { operation: 'CREATE', name, object }), tx);
  if (refused) return fail(refused);
  if (object.metadata.resourceVersion) {
    return fail(badRequest('resourceVersion should not be set on objects to be created'));
  }
  const existing = tx.get(definition.key, name);
  if (existing) return fail(nameTaken(context, object, existing));
  if (context.request.dryRun) return ok({ code: 201, object });
  return ok({ code: 201, object: putAdmitted(context, object) });
}

/** Fills what the object gets from cluster-wide pools. Source: registry/core/service/storage beginCreate, beginUpdate. */
export function drawValues(
  { definition, env }: WriteContext,
  next: UntypedObject,
  previous: UntypedObject | undefined,
): Status | undefined {
  return definition.poolAllocation?.allocate(next, previous, env.pools ?? new LeasedPools(undefined));
}

function resolveName(context: WriteContext, object: UntypedObject): void {
  const meta = object.metadata;
  if (meta.name || !meta.generateName) return;
  for (let attempt = 0; attempt < NAME_GENERATION_ATTEMPTS_MAX; attempt++) {
    meta.name = generatedName(meta.generateName, context.env);
    if (!context.tx.get(context.definition.key, meta.name)) return;
  }
}

function invalidOnCreate(context: WriteContext, object: UntypedObject): Status | undefined {
  const { definition } = context;
  const errors = [
    ...validateObjectMeta(object.metadata, metaRules(definition)),
    ...definition.validate(object, context.strategy),
  ];
  if (errors.length === 0) return undefined;
  return invalidStatus(groupOf(context.request.apiVersion), definition.kind, object.metadata.name ?? '', errors);
}

function nameTaken(context: WriteContext, object: UntypedObject, existing: UntypedObject): Status {
  const name = object.metadata.name ?? '';
  const status = object.metadata.generateName
    ? generatedNameTaken(context.qualified, name)
    : alreadyExists(context.qualified, name);
  if (existing.metadata.deletionTimestamp) status.message = `object is being deleted: ${status.message}`;
  return status;
}

function generatedNameTaken(qualified: string, name: string): Status {
  const { resource, group } = splitGroupResource(qualified);
  return failure({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified} "${name}" already exists, the server was not able to generate a unique name for the object`,
    details: { name, ...(group ? { group } : {}), kind: resource, retryAfterSeconds: 1 },
  });
}

export function warn(context: WriteContext, text: string | undefined): void {
  if (text) context.warnings.push(text);
}
