/** Objects as meta.k8s.io Tables and PartialObjectMetadata. Source: apiserver endpoints/handlers/response.go. */
import { cloneJson } from './json-value.ts';
import type { ObjectMeta, UntypedObject } from './object-meta.ts';
import type { ResourceDefinition, ServedVersion } from './resource.ts';

export type IncludeObject = 'Object' | 'Metadata' | 'None';

export interface TableRow {
  readonly cells: readonly unknown[];
  readonly object?: unknown;
}

export interface TableOptions {
  readonly definition: ResourceDefinition;
  /** Of the request, if it is not the stored version. */
  readonly served: ServedVersion | undefined;
  readonly include: IncludeObject;
  /** `meta.k8s.io/v1` or `meta.k8s.io/v1beta1`. */
  readonly tableVersion: string;
  /** ms since the epoch. */
  readonly now: number;
}

export const META_V1 = 'meta.k8s.io/v1';

export const partialObject = (metadata: ObjectMeta, apiVersion: string) => ({
  kind: 'PartialObjectMetadata',
  apiVersion,
  metadata,
});

/** The columns as a Table declares them. */
export const columnDefinitions = (definition: ResourceDefinition) =>
  definition.table.columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description,
    priority: priority ?? 0,
  }));

/** One object's row; `object` is in the request's version. */
export function tableRow(
  object: UntypedObject,
  { definition, served, include, tableVersion, now }: TableOptions,
): TableRow {
  const stored = served?.toStored ? served.toStored(cloneJson(object)) : object;
  const cells = definition.table.cells(stored, now);
  switch (include) {
    case 'None':
      return { cells };
    case 'Metadata':
      return { cells, object: partialObject(object.metadata, tableVersion) };
    case 'Object':
      return { cells, object };
  }
}
