/** Ingress. Source: pkg/registry/networking/ingress, pkg/apis/networking/validation. */
import { pushAll } from '../../meta/push-all.ts';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { goQuote } from '../../meta/go-format.ts';
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isValidPortName,
  isValidPortNum,
  isWildcardDNS1123Subdomain,
  nameIsDNSSubdomain,
} from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { dns1123SubdomainErrors } from '../field-checks.ts';
import { ipWarnings, parseIpSloppy, validateLegacyIp } from '../ip-address.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { typedReferenceErrors } from './typed-reference.ts';

export type Ingress = Typed<IIngress>;
type Spec = NonNullable<Ingress['spec']>;
type Rule = NonNullable<Spec['rules']>[number];
type Path = NonNullable<Rule['http']>['paths'][number];
type Backend = NonNullable<Spec['defaultBackend']>;

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_SUFFIXES = ['/..', '/.'];
const NOT_AN_ADDRESS = 'must be a DNS name, not an IP address';

const specOf = ({ spec }: Ingress): Spec => spec ?? {};

function hostErrors(host: string, field: string): FieldError[] {
  const rule = host.includes('*') ? isWildcardDNS1123Subdomain : isDNS1123Subdomain;
  return rule(host).map((text) => invalid(field, host, text));
}

function serviceErrors(service: NonNullable<Backend['service']>, field: string): FieldError[] {
  const name = service.name ?? '';
  const portName = service.port?.name ?? '';
  const portNumber = service.port?.number ?? 0;
  const at = `${field}.service`;
  const errors = name
    ? isDNS1123Label(name).map((text) => invalid(`${at}.name`, name, text))
    : [required(`${at}.name`)];
  if (portName && portNumber) return [...errors, invalid(field, '', 'cannot set both port name & port number')];
  if (portName)
    return [...errors, ...isValidPortName(portName).map((text) => invalid(`${at}.port.name`, portName, text))];
  if (portNumber)
    return [...errors, ...isValidPortNum(portNumber).map((text) => invalid(`${at}.port.number`, portNumber, text))];
  return [...errors, required(field, 'port name or number is required')];
}

function backendErrors({ resource, service }: Backend, field: string): FieldError[] {
  if (resource && service) return [invalid(field, '', 'cannot set both resource and service backends')];
  if (resource) return typedReferenceErrors(resource, `${field}.resource`);
  return service ? serviceErrors(service, field) : [invalid(field, '', 'resource or service backend is required')];
}

function exactPathErrors(path: string, field: string): FieldError[] {
  const texts = path.startsWith('/') ? [] : ['must be an absolute path'];
  pushAll(
    texts,
    BAD_SEQUENCES.filter((part) => path.includes(part)).map((part) => `must not contain '${part}'`),
  );
  pushAll(
    texts,
    BAD_SUFFIXES.filter((end) => path.endsWith(end)).map((end) => `cannot end with '${end}'`),
  );
  return texts.map((text) => invalid(field, path, text));
}

function pathErrors({ path = '', pathType, backend }: Path, field: string): FieldError[] {
  if (pathType === undefined) return [required(`${field}.pathType`, 'pathType must be specified')];
  const errors: FieldError[] = [];
  if (pathType === 'Exact' || pathType === 'Prefix') pushAll(errors, exactPathErrors(path, `${field}.path`));
  else if (!PATH_TYPES.includes(pathType)) errors.push(notSupported(`${field}.pathType`, pathType, PATH_TYPES));
  else if (path && !path.startsWith('/')) errors.push(invalid(`${field}.path`, path, 'must be an absolute path'));
  return [...errors, ...backendErrors(backend ?? {}, `${field}.backend`)];
}

function httpErrors({ http }: Rule, field: string): FieldError[] {
  if (!http) return [];
  const paths = http.paths ?? [];
  const at = `${field}.http.paths`;
  return paths.length === 0 ? [required(at)] : paths.flatMap((path, i) => pathErrors(path, `${at}[${i}]`));
}

interface Allowances {
  readonly invalidSecretName: boolean;
  readonly invalidWildcardRule: boolean;
}

const STRICT: Allowances = { invalidSecretName: false, invalidWildcardRule: false };

function ruleErrors(rule: Rule, field: string, allowed: Allowances): FieldError[] {
  const host = rule.host ?? '';
  const isWildcard = host.includes('*');
  return [
    ...(host && parseIpSloppy(host) ? [invalid(`${field}.host`, host, NOT_AN_ADDRESS)] : []),
    ...(host ? hostErrors(host, `${field}.host`) : []),
    ...(isWildcard && allowed.invalidWildcardRule ? [] : httpErrors(rule, field)),
  ];
}

function tlsErrors({ tls = [] }: Spec, allowed: Allowances): FieldError[] {
  return tls.flatMap(({ hosts = [], secretName }, i) => {
    const field = `spec.tls[${i}]`;
    const secretErrors =
      secretName && !allowed.invalidSecretName ? dns1123SubdomainErrors(secretName, `${field}.secretName`) : [];
    return [...hosts.flatMap((host, j) => hostErrors(host, `${field}.hosts[${j}]`)), ...secretErrors];
  });
}

function validate(ingress: Ingress, allowed: Allowances): FieldError[] {
  const spec = specOf(ingress);
  const { rules = [], defaultBackend, ingressClassName } = spec;
  const isEmpty = rules.length === 0 && !defaultBackend;
  return [
    ...(isEmpty ? [invalid('spec', spec.rules, 'either `defaultBackend` or `rules` must be specified')] : []),
    ...(defaultBackend ? backendErrors(defaultBackend, 'spec.defaultBackend') : []),
    ...rules.flatMap((rule, i) => ruleErrors(rule, `spec.rules[${i}]`, allowed)),
    ...tlsErrors(spec, allowed),
    ...(ingressClassName === undefined ? [] : dns1123SubdomainErrors(ingressClassName, 'spec.ingressClassName')),
  ];
}

/** What was stored under older, laxer rules may stay. */
function allowancesOf(previous: Ingress): Allowances {
  const { tls = [], rules = [] } = specOf(previous);
  return {
    invalidSecretName: tls.some(({ secretName }) => secretName && isDNS1123Subdomain(secretName).length > 0),
    invalidWildcardRule: rules.some((rule) => rule.host?.includes('*') && httpErrors(rule, '').length > 0),
  };
}

function classErrors({ metadata, spec }: Ingress): FieldError[] {
  const annotation = metadata.annotations?.[CLASS_ANNOTATION];
  const name = spec?.ingressClassName;
  if (annotation === undefined || name === undefined || annotation === name) return [];
  return [
    invalid(`annotations.${CLASS_ANNOTATION}`, annotation, 'must match `ingressClassName` when both are specified'),
  ];
}

function validateStatus(next: Ingress, previous: Ingress): FieldError[] {
  const known = (previous.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return (next.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const field = `status.loadBalancer.ingress[${i}]`;
    const isAddress = hostname ? parseIpSloppy(hostname) !== undefined : false;
    return [
      ...(ip ? validateLegacyIp(ip, `${field}.ip`, known) : []),
      ...(hostname ? dns1123SubdomainErrors(hostname, `${field}.hostname`) : []),
      ...(isAddress ? [invalid(`${field}.hostname`, hostname, NOT_AN_ADDRESS)] : []),
    ];
  });
}

const HOSTS_SHOWN_MAX = 3;

/** The first three hosts; rules beyond them count, whether they name one or not. */
function formatHosts({ rules = [] }: Spec): string {
  const hosts: string[] = [];
  for (const { host } of rules) {
    if (hosts.length === HOSTS_SHOWN_MAX) return `${hosts.join(',')} + ${rules.length - HOSTS_SHOWN_MAX} more...`;
    if (host) hosts.push(host);
  }
  return hosts.join(',') || '*';
}

function formatAddress({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  return [...new Set(addresses.filter(Boolean))].sort().join(',');
}

export const ingress = defineResource<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  singular: 'ingress',
  shortNames: ['ing'],
  scope: 'Namespaced',
  schema: 'V1Ingress',
  validateName: nameIsDNSSubdomain,
  defaults(ingress) {
    ingress.spec ??= {};
    ingress.status ??= { loadBalancer: {} };
  },
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validate: (ingress) => [...validate(ingress, STRICT), ...classErrors(ingress)],
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: (next, previous) => validate(next, allowancesOf(previous)),
    warnings({ metadata, spec }, previous) {
      if (previous || metadata.annotations?.[CLASS_ANNOTATION] === undefined || spec?.ingressClassName !== undefined)
        return [];
      return [`annotation ${goQuote(CLASS_ANNOTATION)} is deprecated, please use 'spec.ingressClassName' instead`];
    },
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: validateStatus,
    warnings: ({ status }) =>
      (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) =>
        ip ? ipWarnings(ip, `status.loadBalancer.ingress[${i}]`) : [],
      ),
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Class',
        'string',
        'The name of the IngressClass resource that should be used for additional configuration',
      ),
      column('Hosts', 'string', 'Hosts that incoming requests are matched against before the ingress rule'),
      column('Address', 'string', 'Address is a list containing ingress points for the load-balancer'),
      column('Ports', 'string', 'Ports of TLS configurations that open'),
      ageColumn,
    ],
    cells: (ingress, now) => [
      ingress.metadata.name ?? '',
      specOf(ingress).ingressClassName ?? '<none>',
      formatHosts(specOf(ingress)),
      formatAddress(ingress),
      specOf(ingress).tls?.length ? '80, 443' : '80',
      age(ingress, now),
    ],
  },
});
