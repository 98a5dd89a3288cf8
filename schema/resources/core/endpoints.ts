/** Endpoints, the older form of EndpointSlices. Source: pkg/registry/core/endpoint, pkg/apis/core/validation. */
import { pushAll } from '../../meta/push-all.ts';
import type { IEndpoints } from 'kubernetes-models/v1/Endpoints';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { isDNS1123Subdomain, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { dns1123LabelErrors, oneOfErrors, PROTOCOLS, portNumErrors, qualifiedNameErrors } from '../field-checks.ts';
import { ipWarnings, validateEndpointIp, validateLegacyIp } from '../ip-address.ts';
import { age, ageColumn, column, listWithMore, nameColumn } from '../printing.ts';

export type Endpoints = Typed<IEndpoints>;
type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];
type Port = NonNullable<Subset['ports']>[number];

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const CONTROLLER = 'endpoint-controller';

function addressErrors({ ip = '', hostname, nodeName }: Partial<Address>, field: string): FieldError[] {
  return [
    ...validateLegacyIp(ip, `${field}.ip`),
    ...(hostname ? dns1123LabelErrors(hostname, `${field}.hostname`) : []),
    ...(nodeName === undefined
      ? []
      : isDNS1123Subdomain(nodeName).map((text) => invalid(`${field}.nodeName`, nodeName, text))),
    ...validateEndpointIp(ip, `${field}.ip`),
  ];
}

function portErrors(port: Port, isNameRequired: boolean, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) pushAll(errors, dns1123LabelErrors(port.name, `${field}.name`));
  else if (isNameRequired) errors.push(required(`${field}.name`));
  return [
    ...errors,
    ...portNumErrors(port.port, `${field}.port`),
    ...oneOfErrors(port.protocol, `${field}.protocol`, PROTOCOLS),
    ...(port.appProtocol === undefined ? [] : qualifiedNameErrors(port.appProtocol, `${field}.appProtocol`)),
  ];
}

function subsetErrors(subset: Subset, field: string): FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const errors: FieldError[] = [];
  if (addresses.length + notReadyAddresses.length === 0) {
    errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'));
  }
  return [
    ...errors,
    ...addresses.flatMap((address, i) => addressErrors(address, `${field}.addresses[${i}]`)),
    ...notReadyAddresses.flatMap((address, i) => addressErrors(address, `${field}.notReadyAddresses[${i}]`)),
    ...ports.flatMap((port, i) => portErrors(port, ports.length > 1, `${field}.ports[${i}]`)),
  ];
}

const validateEndpoints = ({ subsets = [] }: Endpoints): FieldError[] =>
  subsets.flatMap((subset, i) => subsetErrors(subset, `subsets[${i}]`));

function warnings({ metadata, subsets = [] }: Endpoints): string[] {
  if (metadata.labels?.[MANAGED_BY] === CONTROLLER) return [];
  const of = (addresses: readonly Address[] | undefined, field: string): string[] =>
    (addresses ?? []).flatMap(({ ip }, i) => ipWarnings(ip, `${field}[${i}].ip`));
  return subsets.flatMap((subset, i) => [
    ...of(subset.addresses, `subsets[${i}].addresses`),
    ...of(subset.notReadyAddresses, `subsets[${i}].notReadyAddresses`),
  ]);
}

const hostPort = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

function formatEndpoints(subsets: readonly Subset[]): string {
  const list = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  );
  return subsets.length === 0 ? '<none>' : listWithMore(list, '');
}

export const endpoints = defineResource<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  scope: 'Namespaced',
  schema: 'V1Endpoints',
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  validateName: nameIsDNSSubdomain,
  defaults({ subsets = [] }) {
    for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
      for (const address of [...addresses, ...notReadyAddresses]) address.ip ??= '';
      for (const port of ports) {
        port.port ??= 0;
        port.protocol ||= 'TCP';
      }
    }
  },
  validate: validateEndpoints,
  update: {
    validateUpdate(next, previous) {
      const errors = validateEndpoints(next);
      // Subsets stored under older, laxer rules may stay.
      return errors.length > 0 && semanticEqual(next.subsets, previous.subsets) ? [] : errors;
    },
    warnings,
  },
  allowCreateOnUpdate: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Endpoints',
        'string',
        'The set of all endpoints is the union of all subsets. Addresses are placed into subsets according to the IPs they share. A single address with multiple ports, some of which are ready and some of which are not (because they come from different containers) will result in the address being displayed in different subsets for the different ports. No address will appear in both Addresses and NotReadyAddresses in the same subset. Sets of addresses and ports that comprise a service.',
      ),
      ageColumn,
    ],
    cells: (endpoints, now) => [
      endpoints.metadata.name ?? '',
      formatEndpoints(endpoints.subsets ?? []),
      age(endpoints, now),
    ],
  },
});
