/** IPAddress. Source: pkg/registry/networking/ipaddress, pkg/apis/networking/validation (KEP-1880). */
import type { IIPAddress } from 'kubernetes-models/networking.k8s.io/v1/IPAddress';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { isPathSegmentName } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { dns1123SubdomainErrors, immutableStructErrors } from '../field-checks.ts';
import { validateIp } from '../ip-address.ts';
import { column, nameColumn } from '../printing.ts';
import { isServiceAddress } from './service-ip-address.ts';

export type IPAddress = Typed<IIPAddress>;
type ParentRef = NonNullable<IPAddress['spec']>['parentRef'];

const FIELD = 'spec.parentRef';

/** Names are addresses in canonical form; upstream's own text, as names give no values. */
const nameIsAddress = (name: string): string[] =>
  validateIp(name, '').map(({ body }) => body.slice(body.indexOf(': ', 'Invalid value: '.length) + 2));

/** What the address belongs to. Decoding may have left it out. */
const parentOf = ({ spec }: IPAddress): Partial<ParentRef> | undefined => spec?.parentRef;

const segmentErrors = (value: string, field: string): FieldError[] =>
  isPathSegmentName(value).map((text) => invalid(field, value, text));

function validate(address: IPAddress): FieldError[] {
  const parent = parentOf(address);
  if (!parent) return [required(FIELD)];
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  return [
    ...(group ? dns1123SubdomainErrors(group, `${FIELD}.group`) : []),
    ...(resource ? segmentErrors(resource, `${FIELD}.resource`) : [required(`${FIELD}.resource`)]),
    ...(name ? segmentErrors(name, `${FIELD}.name`) : [required(`${FIELD}.name`)]),
    ...(namespace ? segmentErrors(namespace, `${FIELD}.namespace`) : []),
  ];
}

function formatParent(parent: Partial<ParentRef> | undefined): string {
  if (!parent) return '<none>';
  const { group, resource = '', namespace, name = '' } = parent;
  const qualified = (group ? `${resource}.${group}` : resource).toLowerCase();
  return [qualified, ...(namespace ? [namespace] : []), name].join('/');
}

export const ipAddress = defineResource<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  singular: 'ipaddress',
  shortNames: ['ip'],
  scope: 'Cluster',
  schema: 'V1IPAddress',
  validateName: nameIsAddress,
  validate,
  update: {
    validateUpdate: (next, previous) => [
      ...validate(next),
      ...immutableStructErrors(parentOf(next), parentOf(previous), FIELD, null),
    ],
  },
  poolAllocation: {
    allocate: () => undefined,
    // The Service that such an object stands for holds the address itself; others set it aside.
    held: (address) => ({
      clusterIPs: isServiceAddress(address) ? [] : [address.metadata.name ?? ''],
      nodePorts: [],
    }),
    demand: () => ({ clusterIPs: { count: 0, named: [] }, nodePorts: { count: 0, named: [] } }),
  },
  table: {
    columns: [
      nameColumn,
      column(
        'ParentRef',
        'string',
        'parentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.',
      ),
    ],
    cells: (address) => [address.metadata.name ?? '', formatParent(parentOf(address))],
  },
});
