/** How controllers inside the commit write: through the same rules as clients, without text in between. */
import { cloneObject } from '../../schema/meta/clone-object.ts';
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import { fail, ok, type Result } from '../../schema/meta/status.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';
import { managerOf, systemUser } from '../../schema/protocol/user-info.ts';
import { createObject } from './create.ts';
import { deleteObject } from './delete.ts';
import type { RegistryEnvironment } from './environment.ts';
import { unknownPath, updateStrategyOf, type WriteContext, type WriteResult, writeContext } from './target.ts';
import type { StoreTransaction } from './transaction.ts';
import { updateObject } from './update.ts';

export type InternalWrite =
  | { readonly op: 'create'; readonly resource: GroupResource; readonly object: UntypedObject }
  | {
      readonly op: 'update';
      readonly resource: GroupResource;
      readonly object: UntypedObject;
      readonly subresource?: string;
    }
  | {
      readonly op: 'delete';
      readonly resource: GroupResource;
      readonly name: string;
      readonly options?: DeleteOptions;
    };

/**
 * Applies one write of a controller: defaulting, admission, validation, storing. The object stays the
 * controller's own. Gives the stored object (for a delete, its last state), or the refusal.
 */
export function applyControllerWrite(
  write: InternalWrite,
  component: string,
  tx: StoreTransaction,
  env: RegistryEnvironment,
): Result<UntypedObject> {
  const definition = env.definition(write.resource);
  if (!definition) return fail(unknownPath());
  const request = {
    verb: write.op,
    resource: write.resource,
    apiVersion: definition.group ? `${definition.group}/${definition.version}` : definition.version,
    namespace: definition.scope === 'Namespaced' ? tx.namespace : '',
    ...(write.op === 'update' && write.subresource ? { subresource: write.subresource } : {}),
    user: systemUser(component),
    dryRun: false,
    fieldManager: managerOf(component),
  };
  const context = writeContext(request, tx, env);
  if (!context) return fail(unknownPath());
  return write.op === 'delete' ? applyDelete(context, write, tx) : stored(applyObject(context, write));
}

function applyObject(context: WriteContext, write: Exclude<InternalWrite, { op: 'delete' }>): WriteResult {
  const object = cloneObject(write.object);
  context.definition.defaults?.(object);
  if (write.op === 'create') return createObject(context, object);
  const strategy = updateStrategyOf(context.definition, context.subresource);
  if (!strategy) return fail(unknownPath());
  return updateObject(context, {
    name: object.metadata.name ?? '',
    strategy,
    uid: object.metadata.uid,
    createIfMissing: false,
    next: () => ok({ object }),
  });
}

function applyDelete(
  context: WriteContext,
  write: InternalWrite & { op: 'delete' },
  tx: StoreTransaction,
): Result<UntypedObject> {
  const before = tx.get(write.resource, write.name);
  const deleted = deleteObject(context, write.name, write.options ?? {});
  if (!deleted.ok) return deleted;
  return ok(tx.get(write.resource, write.name) ?? (before as UntypedObject));
}

const stored = (result: WriteResult): Result<UntypedObject> =>
  result.ok ? ok(result.value.object as UntypedObject) : result;
