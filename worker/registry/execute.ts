/**
 * The registry's door: one write request against a shard's transaction. Decides first and writes
 * last, so that a refused request leaves the transaction as it was. Never awaits.
 */
import { encodeObject } from '../../schema/meta/encode-object.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { type Scale, scaleOf } from '../../schema/meta/scale.ts';
import { apiVersionOf, fromServed, toServed } from '../../schema/meta/served-version.ts';
import { fail, methodNotSupported, ok, type Result } from '../../schema/meta/status.ts';
import type { Answer, WriteRequest } from '../../schema/protocol/shard.ts';
import { createObject, warn } from './create.ts';
import { deleteObject } from './delete.ts';
import { deleteCollection } from './delete-collection.ts';
import type { RegistryEnvironment } from './environment.ts';
import { patchObject } from './patch.ts';
import { scaledState } from './scale.ts';
import { checkName, dedupOwnerReferences, ensureNamespace } from './system-metadata.ts';
import { unknownPath, updateStrategyOf, type WriteContext, type WriteResult, writeContext } from './target.ts';
import type { StoreTransaction } from './transaction.ts';
import { updateObject } from './update.ts';

/** What a request came to, before it is text: the object in the served version. */
export type Outcome = Result<{ readonly code: number; readonly text: string }>;

/** Executes one request. The answer's body is an object, a list or a Status in the request's version. */
export function executeWrite(request: WriteRequest, tx: StoreTransaction, env: RegistryEnvironment): Answer {
  const context = writeContext(request, tx, env);
  if (!context) {
    const status = unknownPath();
    return { code: status.code, body: JSON.stringify(status) };
  }
  const outcome = perform(context, request);
  if (!outcome.ok) {
    const refused = answer(outcome.status.code, JSON.stringify(outcome.status), context);
    const questions = context.authorization?.questions ?? [];
    return questions.length > 0 ? { ...refused, questions } : refused;
  }
  return answer(outcome.value.code, outcome.value.text, context);
}

function perform(context: WriteContext, request: WriteRequest): Outcome {
  switch (request.verb) {
    case 'create':
      return performCreate(context, request);
    case 'update':
      return written(context, performUpdate(context, request));
    case 'patch':
      return written(context, patchObject(context, request));
    case 'delete':
      if (context.subresource) return fail(methodNotSupported(context.qualified, 'delete'));
      return written(context, deleteObject(context, request.name, request.options));
    case 'deletecollection': {
      const deleted = deleteCollection(context, request, request.options);
      return deleted.ok ? ok({ code: 200, text: listText(context, deleted.value) }) : deleted;
    }
  }
}

function performCreate(context: WriteContext, request: WriteRequest & { verb: 'create' }): Outcome {
  const body = parsed(request.body);
  if (context.subresource === '')
    return written(context, createObject(context, fromServed(context.definition, context.served, body)));
  const subresource = context.env.createSubresource(context.definition.key, context.subresource);
  if (!subresource) return fail(unknownPath());
  const created = subresource.create({ ...request, name: request.name ?? '' }, body, context.tx, context.env);
  return created.ok ? ok({ code: 201, text: JSON.stringify(created.value) }) : created;
}

function performUpdate(context: WriteContext, request: WriteRequest & { verb: 'update' }): WriteResult {
  const strategy = updateStrategyOf(context.definition, context.subresource);
  if (!strategy) return fail(unknownPath());
  const body = parsed(request.body);
  const misfit = ensureNamespace(body.metadata, request.namespace) ?? checkName(body, request.name);
  if (misfit) return fail(misfit);
  const { scale } = context.definition;
  if (context.subresource === 'scale' && scale) {
    return updateObject(context, {
      name: request.name,
      strategy,
      uid: body.metadata.uid,
      createIfMissing: false,
      next: (existing) =>
        existing ? scaledState(context, scale, existing, body as unknown as Scale) : fail(unknownPath()),
    });
  }
  const object = fromServed(context.definition, context.served, body);
  warn(context, dedupOwnerReferences(object.metadata, false));
  return updateObject(context, {
    name: request.name,
    strategy,
    uid: object.metadata.uid,
    createIfMissing: context.subresource === '' && context.definition.allowCreateOnUpdate,
    createRefused: request.createRefused,
    next: () => ok({ object }),
  });
}

/** A body that the API Worker has decoded and checked; `metadata` is always there afterwards. */
function parsed(body: string): UntypedObject {
  const object = JSON.parse(body) as UntypedObject;
  object.metadata ??= {};
  return object;
}

/** The result as text, in the version and form (object or Scale) the request speaks. */
function written(context: WriteContext, result: WriteResult): Outcome {
  if (!result.ok) return result;
  const { code, object } = result.value;
  return ok({
    code,
    text: object.kind === 'Status' ? JSON.stringify(object) : presentedText(context, object as UntypedObject),
  });
}

function presentedText(context: WriteContext, object: UntypedObject): string {
  const { definition, subresource, served } = context;
  const presented: KubeObject =
    subresource === 'scale' && definition.scale ? scaleOf(definition.scale, object) : toServed(served, object);
  return encodeObject(presented as UntypedObject);
}

/** A List; its items carry neither kind nor apiVersion. */
function listText(context: WriteContext, objects: readonly UntypedObject[]): string {
  const { definition, served } = context;
  const items = objects.map((object) => {
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = toServed(served, object);
    return rest;
  });
  const resourceVersion = objects.reduce(
    (highest, object) => higher(highest, object.metadata.resourceVersion ?? ''),
    '',
  );
  return JSON.stringify({
    kind: definition.listKind,
    apiVersion: served ? apiVersionOf(served) : apiVersionOf(definition),
    metadata: { resourceVersion },
    items,
  });
}

const higher = (a: string, b: string): string => (a.length > b.length || (a.length === b.length && a > b) ? a : b);

const answer = (code: number, body: string, { warnings, auditAnnotations }: WriteContext): Answer => ({
  code,
  body,
  ...(warnings.length > 0 ? { warnings: [...new Set(warnings)] } : {}),
  ...(auditAnnotations.size > 0 ? { auditAnnotations: Object.fromEntries(auditAnnotations) } : {}),
});
