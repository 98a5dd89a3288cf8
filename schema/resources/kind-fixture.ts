/** For tests of kinds: takes an object the way a request takes, without store and admission. */
import type { FieldError } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object-meta.ts';
import type { Cell, ResourceDefinition, StrategyContext } from '../meta/resource.ts';

/** One hour after the fixtures' creation. */
export const FIXTURE_NOW = Date.parse('2026-01-01T01:00:00Z');

export interface Taken<T> {
  readonly object: T;
  /** `field: text`, as a Status joins them. */
  readonly errors: readonly string[];
}

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, body }) => `${field}: ${body}`);

const contextOf = (apiVersion: string): StrategyContext => ({
  now: FIXTURE_NOW,
  user: { username: 'someone', groups: [] },
  apiVersion,
});

const apiVersionOf = <T extends KubeObject>({ group, version }: ResourceDefinition<T>): string =>
  group ? `${group}/${version}` : version;

/** A decoded and defaulted object of the kind; `fields` are the body's. */
export function decoded<T extends KubeObject>(definition: ResourceDefinition<T>, fields: object = {}): T {
  const { metadata, ...rest } = structuredClone(fields) as { metadata?: object };
  const object = {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: {
      name: 'x',
      ...(definition.scope === 'Namespaced' ? { namespace: 'shop' } : {}),
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    ...rest,
  } as unknown as T;
  definition.defaults?.(object);
  return object;
}

/** What a create makes of a body, and all its errors but those of ObjectMeta. */
export function created<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  fields: object = {},
  apiVersion = apiVersionOf(definition),
): Taken<T> {
  const object = decoded(definition, fields);
  const context = contextOf(apiVersion);
  definition.prepareForCreate?.(object, context);
  return { object, errors: texts(definition.validate(object, context)) };
}

/** What an update of the object (or of a subresource) makes of a change. */
export function updated<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  previous: T,
  change: (next: T) => void,
  { subresource = '', apiVersion = apiVersionOf(definition) } = {},
): Taken<T> {
  const strategy =
    subresource === ''
      ? definition.update
      : subresource === 'status'
        ? definition.status
        : definition.updateSubresources[subresource];
  if (!strategy) throw new Error(`${definition.kind} has no ${subresource}`);
  const next = structuredClone(previous);
  change(next);
  definition.defaults?.(next);
  const context = contextOf(apiVersion);
  strategy.prepareForUpdate?.(next, previous, context);
  return { object: next, errors: texts(strategy.validateUpdate(next, previous, context)) };
}

/** The object's row, as `kubectl get -o wide` shows it an hour later. */
export const rowOf = <T extends KubeObject>(definition: ResourceDefinition<T>, object: T): readonly Cell[] =>
  definition.table.cells(object, FIXTURE_NOW);
