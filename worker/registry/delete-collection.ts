/** Deletecollection: every selected object is deleted as one delete would. Source: registry/store.go DeleteCollection. */
import { fieldsMatch, parseFieldSelector } from '../../schema/meta/field-selector.ts';
import { labelsMatch, parseLabelSelector } from '../../schema/meta/label-selector.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { badRequest, fail, ok, type Result, type Status } from '../../schema/meta/status.ts';
import type { DeleteOptions } from '../../schema/protocol/shard.ts';
import { carryOut, type DeletePlan, planDelete } from './delete.ts';
import type { WriteContext } from './target.ts';

export interface CollectionSelectors {
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

/** The objects as they were before, in name order; nothing is deleted when one of them may not be. */
export function deleteCollection(
  context: WriteContext,
  selectors: CollectionSelectors,
  options: DeleteOptions,
): Result<readonly UntypedObject[]> {
  const selected = select(context, selectors);
  if (!selected.ok) return selected;
  const plans: DeletePlan[] = [];
  for (const object of selected.value) {
    const plan = planDelete(context, object.metadata.name ?? '', options);
    if (!plan.ok) return fail(plan.status);
    plans.push(plan.value);
  }
  for (const plan of plans) carryOut(context, plan, options);
  return ok(selected.value);
}

function select(
  context: WriteContext,
  { labelSelector, fieldSelector }: CollectionSelectors,
): Result<readonly UntypedObject[]> {
  const { definition, tx } = context;
  const labels = parseLabelSelector(labelSelector);
  if (!labels.ok) return fail(badSelector(labels.error));
  const fields = parseFieldSelector(fieldSelector);
  if (!fields.ok) return fail(badSelector(fields.error));
  const objects = tx
    .list(definition.key)
    .filter(
      (object) =>
        labelsMatch(labels.value, object.metadata.labels) && fieldsMatch(fields.value, selectable(context, object)),
    );
  return ok(objects);
}

const badSelector = (error: string): Status => badRequest(error);

function selectable({ definition }: WriteContext, object: UntypedObject): Record<string, string> {
  return {
    'metadata.name': object.metadata.name ?? '',
    ...(definition.scope === 'Namespaced' ? { 'metadata.namespace': object.metadata.namespace ?? '' } : {}),
    ...definition.selectableFields?.(object),
  };
}
