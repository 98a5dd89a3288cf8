/**
 * What the tables of many kinds share: common columns and the formats of ages, labels and lists.
 * Source: pkg/printers/internalversion, apimachinery util/duration, util/labels.
 */
import { ageSince } from '../meta/duration.ts';
import type { KubeObject } from '../meta/object-meta.ts';
import type { PrinterColumn, TableDefinition } from '../meta/resource.ts';

/** A column shown always (`priority` 0) or only with `-o wide` (1). */
export const column = (
  name: string,
  type: PrinterColumn['type'],
  description: string,
  priority = 0,
): PrinterColumn => ({
  name,
  type,
  format: '',
  description,
  priority,
});

const NAME_DESCRIPTION =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';

/** The `Name` column every kind has. */
export const nameColumn: PrinterColumn = { ...column('Name', 'string', NAME_DESCRIPTION), format: 'name' };

/** `Name` of the tables (events) that show it only when asked for more. */
export const wideNameColumn: PrinterColumn = { ...nameColumn, priority: 1 };

/** The `Age` column. */
export const ageColumn: PrinterColumn = column(
  'Age',
  'string',
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
);

/** The table of kinds that have no printer upstream. Source: apiserver registry/rest/table.go. */
export const defaultTable: TableDefinition<KubeObject> = {
  columns: [nameColumn, { ...ageColumn, name: 'Created At', type: 'date' }],
  cells: ({ metadata }) => [metadata.name ?? '', metadata.creationTimestamp ?? ''],
};

export const containersColumn = column('Containers', 'string', 'Names of each container in the template.', 1);
export const imagesColumn = column('Images', 'string', 'Images referenced by each container in the template.', 1);

/** The `Age` cell. */
export const age = (object: { metadata: { creationTimestamp?: string } }, now: number): string =>
  ageSince(object.metadata.creationTimestamp, now);

/** `a=b,c=d` in key order, or `<none>`. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}

interface ContainerLike {
  name: string;
  image?: string;
}

/** The `Containers` and `Images` cells of a pod template. */
export const containerCells = (containers: readonly ContainerLike[] | undefined): [string, string] => [
  (containers ?? []).map(({ name }) => name).join(','),
  (containers ?? []).map(({ image }) => image ?? '').join(','),
];

const LISTED_MAX = 3;

/** The first three of a list, then `+ N more...`; `whenEmpty` when there is nothing. */
export function listWithMore(list: readonly string[], whenEmpty: string): string {
  const shown = list.slice(0, LISTED_MAX).join(',');
  if (list.length > LISTED_MAX) return `${shown} + ${list.length - LISTED_MAX} more...`;
  return shown === '' ? whenEmpty : shown;
}
