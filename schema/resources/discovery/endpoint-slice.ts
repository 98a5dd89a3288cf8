/** EndpointSlice. Source: pkg/registry/discovery/endpointslice, pkg/apis/discovery/validation. */
import { firstIndexOf } from '../../meta/first-index.ts';
import { pushAll } from '../../meta/push-all.ts';
import type { IEndpointSlice } from 'kubernetes-models/discovery.k8s.io/v1/EndpointSlice';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../meta/field-error.ts';
import { validateLabels } from '../../meta/label-selector.ts';
import { isDNS1123Label, isDNS1123Subdomain, isValidLabelValue, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import {
  dns1123LabelErrors,
  immutableStructErrors,
  oneOfErrors,
  PROTOCOLS,
  qualifiedNameErrors,
} from '../field-checks.ts';
import { ipWarnings, isIPv4Text, isIPv6Text, validateEndpointIp, validateIp, validateLegacyIp } from '../ip-address.ts';
import { age, ageColumn, column, listWithMore, nameColumn } from '../printing.ts';

export type EndpointSlice = Typed<IEndpointSlice>;
type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];
type Port = NonNullable<EndpointSlice['ports']>[number];
type Hints = NonNullable<Endpoint['hints']>;

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const PROTOCOL_NAMES = PROTOCOLS;
const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const TOPOLOGY_LABELS_MAX = 16;
const HINTS_MAX = 8;
const HOSTNAME_LABEL = 'kubernetes.io/hostname';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const CONTROLLERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

function fullyQualifiedNameErrors(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const faults = isDNS1123Subdomain(name);
  if (faults.length > 0) return [invalid(field, name, faults.join(','))];
  const labels = name.split('.');
  if (labels.length < 2)
    return [invalid(field, name, 'should be a domain with at least two segments separated by dots')];
  const wrong = labels.find((label) => isDNS1123Label(label).length > 0);
  return wrong === undefined ? [] : [invalid(field, wrong, isDNS1123Label(wrong).join(','))];
}

function addressErrors(address: string, addressType: string, listField: string, i: number): FieldError[] {
  const field = `${listField}[${i}]`;
  if (addressType === 'FQDN') return fullyQualifiedNameErrors(address, field);
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return [];
  const errors = addressType === 'IPv4' ? validateLegacyIp(address, field) : validateIp(address, field);
  if (errors.length > 0) return errors;
  const isRightFamily = addressType === 'IPv4' ? isIPv4Text(address) : isIPv6Text(address);
  return [
    ...(isRightFamily ? [] : [invalid(listField, address, `must be an ${addressType} address`)]),
    ...validateEndpointIp(address, field),
  ];
}

function duplicateNames(names: readonly string[], field: string): (FieldError | undefined)[] {
  return names.map((name, i) => (firstIndexOf(names, name) < i ? duplicate(`${field}[${i}].name`, name) : undefined));
}

function hintListErrors(names: readonly string[], field: string, rule: (name: string) => string[]): FieldError[] {
  const repeated = duplicateNames(names, field);
  return names.flatMap((name, i) => [
    ...(repeated[i] ? [repeated[i]] : []),
    ...rule(name).map((text) => invalid(`${field}[${i}].name`, name, text)),
  ]);
}

function hintErrors({ forZones = [], forNodes = [] }: Hints, field: string): FieldError[] {
  if (forZones.length > HINTS_MAX) return [tooMany(`${field}.forZones`, forZones.length, HINTS_MAX)];
  const zoneErrors = hintListErrors(
    forZones.map(({ name }: { name?: string }) => name ?? ''),
    `${field}.forZones`,
    isValidLabelValue,
  );
  if (forNodes.length > HINTS_MAX) return [...zoneErrors, tooMany(`${field}.forNodes`, forNodes.length, HINTS_MAX)];
  return [
    ...zoneErrors,
    ...hintListErrors(
      forNodes.map(({ name }: { name?: string }) => name ?? ''),
      `${field}.forNodes`,
      isDNS1123Subdomain,
    ),
  ];
}

function endpointErrors(endpoint: Partial<Endpoint>, addressType: string, field: string): FieldError[] {
  const { addresses = [], nodeName, deprecatedTopology = {}, hostname, hints } = endpoint;
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(`${field}.addresses`));
  if (addresses.length > ADDRESSES_MAX) errors.push(tooMany(`${field}.addresses`, addresses.length, ADDRESSES_MAX));
  pushAll(
    errors,
    addresses.flatMap((address, i) => addressErrors(address, addressType, `${field}.addresses`, i)),
  );
  if (nodeName !== undefined) {
    pushAll(
      errors,
      isDNS1123Subdomain(nodeName).map((text) => invalid(`${field}.nodeName`, nodeName, text)),
    );
  }
  const topologyLabels = Object.keys(deprecatedTopology).length;
  if (topologyLabels > TOPOLOGY_LABELS_MAX) {
    errors.push(tooMany(`${field}.deprecatedTopology`, topologyLabels, TOPOLOGY_LABELS_MAX));
  }
  pushAll(errors, validateLabels(deprecatedTopology, `${field}.deprecatedTopology`));
  if (hostname !== undefined) pushAll(errors, dns1123LabelErrors(hostname, `${field}.hostname`));
  return hints ? [...errors, ...hintErrors(hints, `${field}.hints`)] : errors;
}

function validateEndpoints({ endpoints, addressType }: EndpointSlice): FieldError[] {
  const list = endpoints ?? [];
  if (list.length > ENDPOINTS_MAX) return [tooMany('endpoints', list.length, ENDPOINTS_MAX)];
  return list.flatMap((endpoint, i) => endpointErrors(endpoint, addressType, `endpoints[${i}]`));
}

function portErrors(port: Port, isRepeated: boolean, field: string): FieldError[] {
  const name = port.name ?? '';
  const errors = name ? dns1123LabelErrors(name, `${field}.name`) : [];
  if (isRepeated) errors.push(duplicate(`${field}.name`, name));
  if (port.protocol === undefined) errors.push(required(`${field}.protocol`));
  else if (!PROTOCOL_NAMES.some((protocol) => protocol === port.protocol)) {
    errors.push(notSupported(`${field}.protocol`, port.protocol, PROTOCOL_NAMES));
  }
  return port.appProtocol === undefined
    ? errors
    : [...errors, ...qualifiedNameErrors(port.appProtocol, `${field}.appProtocol`)];
}

function validatePorts(ports: readonly Port[]): FieldError[] {
  if (ports.length > PORTS_MAX) return [tooMany('ports', ports.length, PORTS_MAX)];
  const names = ports.map(({ name }) => name ?? '');
  return ports.flatMap((port, i) => portErrors(port, names.indexOf(port.name ?? '') < i, `ports[${i}]`));
}

const validateHead = (slice: EndpointSlice): FieldError[] => [
  ...oneOfErrors(slice.addressType, 'addressType', ADDRESS_TYPES),
  ...validatePorts(slice.ports ?? []),
];

/** v1 has no topology: a node name kept there moves to nodeName, the rest goes. */
function dropTopology(next: EndpointSlice, previous: EndpointSlice | undefined): void {
  if (previous && semanticEqual(previous.endpoints, next.endpoints)) return;
  const knownNodes = new Set(
    (previous?.endpoints ?? []).map((endpoint) => endpoint.deprecatedTopology?.[HOSTNAME_LABEL]),
  );
  for (const endpoint of next.endpoints ?? []) {
    const node = endpoint.deprecatedTopology?.[HOSTNAME_LABEL];
    if (
      endpoint.nodeName === undefined &&
      node !== undefined &&
      knownNodes.has(node) &&
      isDNS1123Subdomain(node).length === 0
    ) {
      endpoint.nodeName = node;
    }
    delete endpoint.deprecatedTopology;
  }
}

function warnings({ metadata, addressType, endpoints }: EndpointSlice, previous: EndpointSlice | undefined): string[] {
  const texts = addressType === 'FQDN' && !previous ? ['spec.addressType: FQDN endpoints are deprecated'] : [];
  if (CONTROLLERS.includes(metadata.labels?.[MANAGED_BY] ?? '')) return texts;
  const ofEndpoints = (endpoints ?? []).flatMap(({ addresses }, i) =>
    addresses.flatMap((address, j) => ipWarnings(address, `endpoints[${i}].addresses[${j}]`)),
  );
  return [...texts, ...ofEndpoints];
}

const formatPort = ({ port, name }: Port): string => (port === undefined ? (name ?? '*') : String(port));

export const endpointSlice = defineResource<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  scope: 'Namespaced',
  schema: 'V1EndpointSlice',
  validateName: nameIsDNSSubdomain,
  defaults(slice) {
    for (const endpoint of slice.endpoints ?? []) {
      endpoint.addresses ??= [];
      endpoint.conditions ??= {};
    }
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  prepareForCreate: (slice) => dropTopology(slice, undefined),
  validate: (slice) => [...validateHead(slice), ...validateEndpoints(slice)],
  update: {
    prepareForUpdate(next, previous) {
      // Here labels count for the generation too.
      if (!semanticEqual(next.metadata.labels, previous.metadata.labels)) {
        next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
      }
      dropTopology(next, previous);
    },
    validateUpdate(next, previous) {
      const endpointsErrors = validateEndpoints(next);
      // Endpoints stored under older, laxer rules may stay.
      const isUnchanged = endpointsErrors.length > 0 && semanticEqual(next.endpoints, previous.endpoints);
      return [
        ...validateHead(next),
        ...(isUnchanged ? [] : endpointsErrors),
        ...immutableStructErrors(next.addressType, previous.addressType, 'addressType', null),
      ];
    },
    warnings,
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column(
        'AddressType',
        'string',
        'addressType specifies the type of address carried by this EndpointSlice. All addresses in this slice must be the same type. This field is immutable after creation. The following address types are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name. (Deprecated) The EndpointSlice controller only generates, and kube-proxy only processes, slices of addressType "IPv4" and "IPv6". No semantics are defined for the "FQDN" type.',
      ),
      column(
        'Ports',
        'string',
        'ports specifies the list of network ports exposed by each endpoint in this slice. Each port must have a unique name. Each slice may include a maximum of 100 ports. Services always have at least 1 port, so EndpointSlices generated by the EndpointSlice controller will likewise always have at least 1 port. EndpointSlices used for other purposes may have an empty ports list.',
      ),
      column(
        'Endpoints',
        'string',
        'endpoints is a list of unique endpoints in this slice. Each slice may include a maximum of 1000 endpoints.',
      ),
      ageColumn,
    ],
    cells: (slice, now) => [
      slice.metadata.name ?? '',
      slice.addressType ?? '',
      listWithMore((slice.ports ?? []).map(formatPort), '<unset>'),
      listWithMore(
        (slice.endpoints ?? []).flatMap(({ addresses }) => addresses),
        '<unset>',
      ),
      age(slice, now),
    ],
  },
});
