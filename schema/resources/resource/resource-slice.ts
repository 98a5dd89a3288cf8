/** ResourceSlice. Source: pkg/registry/resource/resourceslice, pkg/apis/resource/validation. */
import type { FieldError } from '../../meta/field-error.ts';
import { goQuote } from '../../meta/go-format.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { defineResource } from '../../meta/resource.ts';
import { formatTime } from '../../meta/time.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { dropFields } from './claim-fields.ts';
import { declaredSliceSpec } from './declared-devices.ts';
import type { Device, ResourceSlice, SliceSpec } from './device-types.ts';
import { sliceSpecErrors } from './slice-validation.ts';

const NODE_DESCRIPTION =
  'NodeName identifies the node which provides the resources in this pool. A field selector can be used to list only ResourceSlice objects belonging to a certain node.\n\nThis field can be used to limit access from nodes to ResourceSlices with the same node name. It also indicates to autoscalers that adding new nodes of the same type as some old node might also make new resources available.\n\nExactly one of NodeName, NodeSelector, AllNodes, and PerDeviceNodeSelection must be set. This field is immutable.';
const DRIVER_DESCRIPTION =
  'Driver identifies the DRA driver providing the capacity information. A field selector can be used to list only ResourceSlice objects with a certain driver name.\n\nMust be a DNS subdomain and should end with a DNS domain owned by the vendor of the driver. It should use only lower case characters. This field is immutable.';
const POOL_DESCRIPTION =
  'Name is used to identify the pool. For node-local devices, this is often the node name, but this is not required. A field selector can be used to list only ResourceSlice objects belonging to a certain pool.\n\nIt must not be longer than 253 characters and must consist of one or more DNS sub-domains separated by slashes. This field is immutable.';

const specOf = ({ spec }: ResourceSlice): SliceSpec => spec ?? {};
const devicesOf = (slice: ResourceSlice): readonly Device[] => specOf(slice).devices ?? [];

function defaults(slice: ResourceSlice): void {
  const spec = (slice.spec ??= {});
  const pool = (spec.pool ??= {});
  pool.generation ??= 0;
  pool.resourceSliceCount ??= 0;
  for (const device of devicesOf(slice)) {
    for (const { requestPolicy } of Object.values(device.capacity ?? {})) {
      // Upstream writes a missing default as null.
      if (requestPolicy) (requestPolicy as { default?: unknown }).default ??= null;
    }
  }
}

/** Off: optional node operations, partition types, node allocatable resources, compatibility groups, list attributes. */
function dropDisabledFields(slice: ResourceSlice): void {
  dropFields(specOf(slice), 'partitionTypeAttribute', 'skipNodeOperations');
  for (const device of devicesOf(slice)) {
    dropFields(device, 'nodeAllocatableResources');
    for (const consumption of device.consumesCounters ?? []) dropFields(consumption, 'compatibilityGroups');
    for (const attribute of Object.values(device.attributes ?? {})) {
      dropFields(attribute, 'ints', 'bools', 'strings', 'versions');
    }
  }
}

/** A taint counts from when it was first seen. `now` in ms since the epoch. */
function dateTaints(slice: ResourceSlice, now: number): void {
  for (const device of devicesOf(slice)) {
    for (const taint of device.taints ?? []) taint.timeAdded ??= formatTime(now);
  }
}

const validate = (slice: ResourceSlice, previous: ResourceSlice | undefined): FieldError[] => {
  const before = previous && specOf(previous);
  return [...sliceSpecErrors(specOf(slice), before), ...declaredSliceSpec(specOf(slice), before, 'spec')];
};

function warnings(slice: ResourceSlice): string[] {
  const { driver = '' } = specOf(slice);
  if (driver === driver.toLowerCase()) return [];
  return [`spec.driver: driver names should be lowercase; ${goQuote(driver)} contains uppercase characters`];
}

export const resourceSlice = defineResource<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  singular: 'resourceslice',
  scope: 'Cluster',
  schema: 'V1ResourceSlice',
  validateName: nameIsDNSSubdomain,
  defaults,
  prepareForCreate(slice, { now }) {
    dateTaints(slice, now);
    dropDisabledFields(slice);
  },
  validate: (slice) => validate(slice, undefined),
  update: {
    prepareForUpdate(next, _previous, { now }) {
      dateTaints(next, now);
      dropDisabledFields(next);
    },
    validateUpdate: validate,
    warnings,
  },
  hasGeneration: true,
  returnsDeletedObject: true,
  selectableFieldNames: ['spec.driver', 'spec.nodeName', 'spec.pool.name'],
  selectableFields: (slice) => ({
    'spec.driver': specOf(slice).driver ?? '',
    'spec.nodeName': specOf(slice).nodeName ?? '',
    'spec.pool.name': specOf(slice).pool?.name ?? '',
  }),
  table: {
    columns: [
      nameColumn,
      column('Node', 'string', NODE_DESCRIPTION),
      column('Driver', 'string', DRIVER_DESCRIPTION),
      column('Pool', 'string', POOL_DESCRIPTION),
      ageColumn,
    ],
    cells: (slice, now) => [
      slice.metadata.name ?? '',
      specOf(slice).nodeName ?? '',
      specOf(slice).driver ?? '',
      specOf(slice).pool?.name ?? '',
      age(slice, now),
    ],
  },
});
