/** CSINode. Source: pkg/registry/storage/csinode, pkg/apis/storage/validation. */
import { firstIndexOf } from '../../meta/first-index.ts';
import type { ICSINode } from 'kubernetes-models/storage.k8s.io/v1/CSINode';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { duplicate, type FieldError, invalid, required } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateNonnegative } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { csiDriverNameErrors } from '../core/persistent-volume-validation.ts';
import { qualifiedNameErrors } from '../field-checks.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type CSINode = Typed<ICSINode>;
type Spec = NonNullable<CSINode['spec']>;
type Driver = NonNullable<Spec['drivers']>[number];

const NODE_ID_CHARS_MAX = 256;

const driversOf = ({ spec }: CSINode): readonly Driver[] => spec?.drivers ?? [];

function topologyKeyErrors(keys: readonly string[], field: string): FieldError[] {
  return keys.flatMap((key, i) => [
    ...(key === '' ? [required(field)] : []),
    ...(firstIndexOf(keys, key) < i ? [duplicate(field, key)] : []),
    ...qualifiedNameErrors(key, field),
  ]);
}

function driverErrors(driver: Partial<Driver>, isRepeated: boolean, field: string): FieldError[] {
  const { name = '', nodeID = '', allocatable, topologyKeys = [] } = driver;
  const isTooLong = nodeID.length > NODE_ID_CHARS_MAX;
  return [
    ...csiDriverNameErrors(name, `${field}.name`),
    ...(nodeID === '' ? [required(`${field}.nodeID`)] : []),
    ...(isTooLong ? [invalid(`${field}.nodeID`, nodeID, `must be ${NODE_ID_CHARS_MAX} characters or less`)] : []),
    ...validateNonnegative(allocatable?.count, `${field}.allocatable.count`),
    ...(isRepeated ? [duplicate(`${field}.name`, name)] : []),
    ...topologyKeyErrors(topologyKeys, field),
  ];
}

function validate(csiNode: CSINode): FieldError[] {
  const names = driversOf(csiNode).map(({ name }: Partial<Driver>) => name ?? '');
  return driversOf(csiNode).flatMap((driver, i) =>
    driverErrors(driver, names.indexOf(names[i] ?? '') < i, `spec.drivers[${i}]`),
  );
}

const printDriver = ({ name = '', nodeID = '', topologyKeys }: Partial<Driver>): unknown => ({
  Name: name,
  NodeID: nodeID,
  TopologyKeys: topologyKeys ?? null,
  Allocatable: null,
});

/** Of a driver that stays, only what the node can attach may change. */
function driverChanges(next: CSINode, previous: CSINode): FieldError[] {
  return driversOf(previous).flatMap((before) =>
    driversOf(next)
      .filter(({ name }) => name === before.name)
      .filter((after) => !semanticEqual({ ...before, allocatable: undefined }, { ...after, allocatable: undefined }))
      .map((after) => invalid('spec.drivers', printDriver(after), 'field is immutable')),
  );
}

export const csiNode = defineResource<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  singular: 'csinode',
  scope: 'Cluster',
  schema: 'V1CSINode',
  validateName: nameIsDNSSubdomain,
  defaults(csiNode) {
    // Upstream writes a missing list as null, and an empty status.
    const spec: { drivers?: unknown } = (csiNode.spec ??= {} as Spec);
    spec.drivers ??= null;
    const { status = {} } = csiNode as { status?: object };
    Object.assign(csiNode, { status });
  },
  validate,
  update: { validateUpdate: (next, previous) => [...validate(next), ...driverChanges(next, previous)] },
  allowUnconditionalUpdate: false,
  returnsDeletedObject: true,
  table: {
    columns: [
      nameColumn,
      column('Drivers', 'integer', 'Drivers indicates the number of CSI drivers registered on the node'),
      ageColumn,
    ],
    cells: (csiNode, now) => [csiNode.metadata.name ?? '', driversOf(csiNode).length, age(csiNode, now)],
  },
});
