/** Kinds held to what upstream 1.37 itself answered: its strategies and printers, run on the same objects. */
import { describe, expect, it } from 'vitest';
import { decodeObject } from '../decode/decode-object.ts';
import { encodeObject } from '../meta/encode-object.ts';
import type { UntypedObject } from '../meta/object-meta.ts';
import type { UpdateStrategy } from '../meta/resource.ts';
import { fromServed, toServed } from '../meta/served-version.ts';
import { FIXTURE_NOW } from './kind-fixture.ts';
import { catalog } from './catalog.ts';
import { type ServedResource, servedResourceOf } from './lookup.ts';
import answers from './testdata/kind-answers.json' with { type: 'json' };

type Fields = Record<string, unknown>;

interface Row {
  readonly kind: string;
  /** Absent: the stored version. */
  readonly apiVersion?: string;
  /** `create`, `update`, `cells` or a subresource. */
  readonly op: string;
  readonly object: Fields;
  readonly old?: Fields;
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
  /** The object as upstream would answer it, but for its metadata's standing parts. */
  readonly answer?: Fields;
  readonly cells?: readonly unknown[];
}

const STANDING = { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

function servedOf({ kind, apiVersion }: Row): ServedResource {
  const { group, version } = catalog.find((definition) => definition.kind === kind) ?? { group: '', version: '' };
  const found = servedResourceOf(apiVersion ?? (group ? `${group}/${version}` : version), kind);
  if (!found) throw new Error(`no kind ${kind}`);
  return found;
}

const apiVersionOf = ({ group, version }: ServedResource): string => (group ? `${group}/${version}` : version);

/** The stored, defaulted form of a body. */
function taken(resource: ServedResource, fields: Fields): UntypedObject {
  const { definition, group, version, served } = resource;
  const namespace = definition.scope === 'Namespaced' ? { namespace: 'shop' } : {};
  const body = {
    ...fields,
    apiVersion: apiVersionOf(resource),
    kind: definition.kind,
    metadata: { ...STANDING, ...namespace, ...(fields.metadata as Fields | undefined) },
  };
  const schema = served ? served.schema : definition.schema;
  const decoded = decodeObject(JSON.stringify(body), {
    expected: { kind: definition.kind, group, version, schema },
    format: 'json',
    fieldValidation: 'Ignore',
  });
  if (!decoded.ok) throw new Error(`undecodable: ${JSON.stringify(body)}`);
  return fromServed(definition, served, decoded.value.object);
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

const STANDING_FIELDS = new Set([...Object.keys(STANDING), 'generation', 'namespace']);

const without = (fields: object, names: ReadonlySet<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));

/** Without what the registry, not the kind, sees to. */
function answerOf(resource: ServedResource, object: UntypedObject): unknown {
  const answer = JSON.parse(encodeObject(toServed(resource.served, object))) as UntypedObject;
  const metadata = without(answer.metadata, STANDING_FIELDS);
  if (Object.keys(answer.metadata.annotations ?? {}).length === 0) delete metadata.annotations;
  delete (answer.status as Fields | undefined)?.lastPhaseTransitionTime;
  const rest = without(answer, new Set(['kind', 'apiVersion', 'metadata']));
  return { ...rest, ...(Object.keys(metadata).length > 0 ? { metadata } : {}) };
}

function strategyOf({ definition }: ServedResource, op: string): UpdateStrategy<UntypedObject> {
  const strategy =
    op === 'update' ? definition.update : op === 'status' ? definition.status : definition.updateSubresources[op];
  if (!strategy) throw new Error(`${definition.kind} has no ${op}`);
  return strategy;
}

function written(resource: ServedResource, { op, object, old }: Row) {
  const { definition } = resource;
  const next = taken(resource, object);
  const context = { now: FIXTURE_NOW, user: { username: 'someone', groups: [] }, apiVersion: apiVersionOf(resource) };
  if (op === 'create') {
    definition.prepareForCreate?.(next, context);
    return {
      next,
      errors: definition.validate(next, context),
      warnings: definition.update.warnings?.(next, undefined),
    };
  }
  const previous = taken(resource, old ?? {});
  const strategy = strategyOf(resource, op);
  strategy.prepareForUpdate?.(next, previous, context);
  return {
    next,
    errors: strategy.validateUpdate(next, previous, context),
    warnings: strategy.warnings?.(next, previous),
  };
}

const rows = (answers as readonly Row[]).map((row, i) => ({ ...row, title: `${row.kind} ${row.op} #${i}` }));

describe('answers of upstream', () => {
  it.each(rows.filter(({ cells }) => !cells))('$title', (row) => {
    const resource = servedOf(row);
    const { next, errors, warnings = [] } = written(resource, row);
    expect(unique(errors.map(({ field, body }) => `${field}: ${body}`))).toEqual(unique(row.errors ?? []));
    if (row.errors?.length) return;
    expect(unique(warnings)).toEqual(unique(row.warnings ?? []));
    if (row.answer) expect(answerOf(resource, next)).toEqual(row.answer);
  });

  it.each(rows.filter(({ cells }) => cells))('$title', (row) => {
    const resource = servedOf(row);
    expect(resource.definition.table.cells(taken(resource, row.object), FIXTURE_NOW)).toEqual(row.cells);
  });
});
