/** The one kind of the simulated cluster, and what clients do to it. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { defineResource } from '../../schema/meta/resource.ts';
import { notFound } from '../../schema/meta/status.ts';
import type { Answer } from '../../schema/protocol/shard.ts';
import { statusAnswer } from '../../worker/shard/shard-reads.ts';
import type { WorkingSet } from '../../worker/shard/working-set.ts';

export const WIDGETS = 'widgets';

export interface Widget extends UntypedObject {
  spec: { value: number };
}

export const widgetDefinition = defineResource<UntypedObject>({
  group: '',
  version: 'v1',
  kind: 'Widget',
  plural: WIDGETS,
  singular: 'widget',
  scope: 'Namespaced',
  schema: 'Widget',
  validateName: () => [],
  validate: () => [],
  update: { validateUpdate: () => [] },
  table: { columns: [], cells: () => [] },
});

export type Operation =
  /** Creates or replaces; labels it by the value's parity. */
  | { readonly kind: 'put'; readonly name: string; readonly value: number }
  | { readonly kind: 'delete'; readonly name: string }
  /** Puts many at once, as controllers do. */
  | { readonly kind: 'burst'; readonly names: readonly string[]; readonly value: number }
  /** A bug: throws halfway. */
  | { readonly kind: 'throw'; readonly name: string; readonly value: number };

const ok = (body: string): Answer => ({ code: 200, body });

function put(tx: WorkingSet, name: string, value: number): UntypedObject {
  const existing = tx.get(WIDGETS, name);
  return tx.put(WIDGETS, {
    kind: 'Widget',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace: tx.namespace,
      uid: existing?.metadata.uid ?? `${name}-${value}`,
      generation: (existing?.metadata.generation ?? 0) + 1,
      labels: { parity: value % 2 === 0 ? 'even' : 'odd' },
    },
    spec: { value },
  });
}

/** What the registry is in the real shard. The answer names the last revision written. */
export function perform(tx: WorkingSet, operation: Operation): Answer {
  switch (operation.kind) {
    case 'put':
      return ok(put(tx, operation.name, operation.value).metadata.resourceVersion ?? '');
    case 'delete': {
      if (!tx.get(WIDGETS, operation.name)) return statusAnswer(notFound(WIDGETS, operation.name));
      return ok(tx.remove(WIDGETS, operation.name).metadata.resourceVersion ?? '');
    }
    case 'burst': {
      const written = operation.names.map((name) => put(tx, name, operation.value));
      return ok(written.at(-1)?.metadata.resourceVersion ?? '');
    }
    case 'throw':
      put(tx, operation.name, operation.value);
      throw new Error('a bug that the simulator asks for');
  }
}
