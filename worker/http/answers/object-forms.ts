/** Answers as Table or PartialObjectMetadata. Source: apiserver endpoints/handlers/response.go. */
import { cloneJson } from '../../../schema/meta/json-value.ts';
import type { ObjectMeta, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { PrinterColumn } from '../../../schema/meta/resource.ts';
import type { Scale } from '../../../schema/meta/scale.ts';
import { badRequest, fail, notAcceptable, ok, type Result } from '../../../schema/meta/status.ts';
import { scaleTable } from '../../../schema/resources/scale-printing.ts';
import type { ListForm } from './list-parts.ts';
import type { AllowsConversion, Conversion } from '../negotiation/accept.ts';
import type { ServedResource } from '../served/served-resources.ts';

export type IncludeObject = 'Object' | 'Metadata' | 'None';

const META_VERSIONS: ReadonlySet<string> = new Set(['v1', 'v1beta1']);
const CONVERSIONS: ReadonlySet<string> = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** What object endpoints offer. A Table's cells have no protobuf form. */
export const allowsObjectForms: AllowsConversion = (conversion, { format }) => {
  if (conversion === undefined) return true;
  const { group, version, kind } = conversion;
  if (group !== 'meta.k8s.io' || !META_VERSIONS.has(version) || !CONVERSIONS.has(kind)) return false;
  return kind !== 'Table' || format !== 'protobuf';
};

export function includeObject(query: URLSearchParams): Result<IncludeObject> {
  const given = query.get('includeObject') ?? '';
  if (given === '' || given === 'Metadata') return ok('Metadata');
  if (given === 'Object' || given === 'None') return ok(given);
  const why = `includeObject: Invalid value: ${JSON.stringify(given)}: must be 'Metadata', 'Object', 'None', or empty`;
  return fail(badRequest(`Unable to convert to Table as requested: ${why}`));
}

interface FormContext {
  readonly resource: ServedResource;
  readonly include: IncludeObject;
  /** ms since the epoch. */
  readonly now: number;
}

interface ListText {
  readonly metadata: Record<string, unknown>;
  readonly items: UntypedObject[];
}

/** JSON text of an object or a list as the form asked for; a Status stays as it is. */
export function convertText(json: string, conversion: Conversion, context: FormContext): Result<string> {
  const object = JSON.parse(json) as UntypedObject & Partial<ListText>;
  if (object.kind === 'Status' && object.apiVersion === 'v1') return ok(json);
  const isList = Array.isArray(object.items) && object.kind.endsWith('List');
  const apiVersion = `${conversion.group}/${conversion.version}`;
  switch (conversion.kind) {
    case 'Table':
      return ok(
        JSON.stringify(tableOf(isList ? (object as unknown as ListText) : undefined, object, apiVersion, context)),
      );
    case 'PartialObjectMetadata':
      if (isList) return fail(notAcceptable('you requested PartialObjectMetadata, but the requested object is a list'));
      return ok(JSON.stringify(partialOf(object.metadata, apiVersion)));
    default:
      if (!isList)
        return fail(notAcceptable('you requested PartialObjectMetadataList, but the requested object is not a list'));
      return ok(JSON.stringify(partialListOf(object as unknown as ListText, apiVersion)));
  }
}

/** How a list is written in that form part by part; none where only the whole can be judged. */
export function convertedList(conversion: Conversion, context: FormContext): ListForm | undefined {
  const { kind, group, version } = conversion;
  const apiVersion = `${group}/${version}`;
  if (kind === 'Table') {
    return {
      head: (_head, metadata) =>
        opened(
          {
            kind,
            apiVersion,
            metadata,
            columnDefinitions: columnDefinitions(context.resource.definition.table.columns),
          },
          'rows',
        ),
      items: (text) =>
        rowsOf(JSON.parse(`[${text}]`), apiVersion, context)
          .map((row) => JSON.stringify(row))
          .join(','),
    };
  }
  if (kind === 'PartialObjectMetadataList') {
    return {
      head: (_head, metadata) => opened({ kind, apiVersion, metadata }, 'items'),
      items: (text) => eachItem(text, (item) => partialOf(item.metadata, apiVersion)),
    };
  }
  return undefined;
}

/** The text of `start` with a list begun behind its fields. */
const opened = (start: object, list: string): string => `${JSON.stringify(start).slice(0, -1)},"${list}":[`;

const eachItem = (text: string, converted: (item: UntypedObject) => object): string =>
  (JSON.parse(`[${text}]`) as UntypedObject[]).map((item) => JSON.stringify(converted(item))).join(',');

const partialOf = (metadata: ObjectMeta, apiVersion: string) => ({
  kind: 'PartialObjectMetadata',
  apiVersion,
  metadata,
});

const partialListOf = (list: ListText, apiVersion: string) => ({
  kind: 'PartialObjectMetadataList',
  apiVersion,
  metadata: list.metadata,
  items: list.items.map((item) => partialOf(item.metadata, apiVersion)),
});

function tableOf(list: ListText | undefined, object: UntypedObject, apiVersion: string, context: FormContext) {
  const { columns } = isScale(object) ? scaleTable : context.resource.definition.table;
  return {
    kind: 'Table',
    apiVersion,
    metadata: list ? list.metadata : { resourceVersion: object.metadata.resourceVersion },
    columnDefinitions: columnDefinitions(columns),
    rows: rowsOf(list ? list.items : [object], apiVersion, context),
  };
}

const columnDefinitions = (columns: readonly PrinterColumn[]) =>
  columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description,
    priority: priority ?? 0,
  }));

/** A `scale` subresource's answer, whatever the resource. */
const isScale = (object: UntypedObject): object is UntypedObject & Scale =>
  object.kind === 'Scale' && object.apiVersion === 'autoscaling/v1';

function rowsOf(items: readonly UntypedObject[], apiVersion: string, context: FormContext) {
  const { order } = context.resource.definition.table;
  return (order ? [...items].sort(order) : items).map((item) => rowOf(item, apiVersion, context));
}

function rowOf(item: UntypedObject, apiVersion: string, context: FormContext) {
  if (isScale(item)) return { cells: scaleTable.cells(item, context.now), ...rowObject(item, apiVersion, context) };
  const { definition, served } = context.resource;
  const typed: UntypedObject = { ...item, kind: definition.kind, apiVersion: context.resource.apiVersion };
  const stored = served?.toStored ? served.toStored(cloneJson(typed)) : typed;
  return { cells: definition.table.cells(stored, context.now), ...rowObject(typed, apiVersion, context) };
}

function rowObject(object: UntypedObject, apiVersion: string, { include }: FormContext): { object?: unknown } {
  switch (include) {
    case 'None':
      return {};
    case 'Metadata':
      return { object: partialOf(object.metadata, apiVersion) };
    case 'Object':
      return { object };
  }
}
