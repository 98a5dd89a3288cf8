/** NetworkPolicy. Source: pkg/registry/networking/networkpolicy, pkg/apis/networking/validation, v1 defaults. */
import { pushAll } from '../../meta/push-all.ts';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { formatLabelSelectorObject, validateLabelSelector } from '../../meta/label-selector.ts';
import { isValidPortName, isValidPortNum, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { cidrWarnings, containsPrefix, parseCidrSloppy, validateLegacyCidr } from '../ip-address.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type NetworkPolicy = Typed<INetworkPolicy>;
type Spec = NonNullable<NetworkPolicy['spec']>;
type Rule = { ports?: NonNullable<NonNullable<Spec['ingress']>[number]['ports']>; peers: Peer[] };
type Peer = NonNullable<NonNullable<Spec['ingress']>[number]['from']>[number];
type Port = NonNullable<Rule['ports']>[number];
type IpBlock = NonNullable<Peer['ipBlock']>;

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

const specOf = ({ spec }: NetworkPolicy): Spec => spec ?? {};

/** Each rule with its path and the path of its peers. */
function rulesOf({ ingress = [], egress = [] }: Spec): { rule: Rule; field: string; peersField: string }[] {
  return [
    ...ingress.map(({ ports, from = [] }, i) => {
      const field = `spec.ingress[${i}]`;
      return { rule: { ports, peers: from }, field, peersField: `${field}.from` };
    }),
    ...egress.map(({ ports, to = [] }, i) => {
      const field = `spec.egress[${i}]`;
      return { rule: { ports, peers: to }, field, peersField: `${field}.to` };
    }),
  ];
}

function portErrors({ protocol, port, endPort }: Port, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS));
  }
  const at = `${field}.endPort`;
  if (port === undefined) {
    if (endPort !== undefined) errors.push(invalid(at, endPort, 'may not be specified when `port` is not specified'));
    return errors;
  }
  if (typeof port === 'string') {
    if (endPort !== undefined) errors.push(invalid(at, endPort, 'may not be specified when `port` is non-numeric'));
    return [...errors, ...isValidPortName(port).map((text) => invalid(`${field}.port`, port, text))];
  }
  pushAll(
    errors,
    isValidPortNum(port).map((text) => invalid(`${field}.port`, port, text)),
  );
  if (endPort === undefined) return errors;
  if (endPort < port) errors.push(invalid(at, endPort, 'must be greater than or equal to `port`'));
  return [...errors, ...isValidPortNum(endPort).map((text) => invalid(at, endPort, text))];
}

function ipBlockErrors(
  { cidr = '', except = [] }: Partial<IpBlock>,
  field: string,
  known: readonly string[],
): FieldError[] {
  if (cidr === '') return [required(`${field}.cidr`)];
  const errors = validateLegacyCidr(cidr, `${field}.cidr`, known);
  const whole = parseCidrSloppy(cidr);
  if (!whole) return errors;
  const exceptErrors = except.flatMap((text, i) => {
    const at = `${field}.except[${i}]`;
    const part = parseCidrSloppy(text);
    const isSubset = !part || containsPrefix(whole, part);
    return [
      ...validateLegacyCidr(text, at, known),
      ...(isSubset ? [] : [invalid(at, text, 'must be a strict subset of `cidr`')]),
    ];
  });
  return [...errors, ...exceptErrors];
}

interface Allowances {
  readonly allowInvalidLabelValueInSelector: boolean;
  /** CIDRs of the old object, which stay valid. */
  readonly cidrs: readonly string[];
}

function peerErrors(
  { podSelector, namespaceSelector, ipBlock }: Peer,
  field: string,
  allowed: Allowances,
): FieldError[] {
  const given = [podSelector, namespaceSelector, ipBlock].filter((part) => part !== undefined).length;
  const errors = [
    ...validateLabelSelector(podSelector, `${field}.podSelector`, allowed),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`, allowed),
    ...(ipBlock ? ipBlockErrors(ipBlock, `${field}.ipBlock`, allowed.cidrs) : []),
  ];
  if (given === 0) return [...errors, required(field, 'must specify a peer')];
  return given > 1 && ipBlock
    ? [...errors, forbiddenField(field, 'may not specify both ipBlock and another peer')]
    : errors;
}

function typeErrors({ policyTypes = [] }: Spec): FieldError[] {
  const field = 'spec.policyTypes';
  if (policyTypes.length > POLICY_TYPES.length) {
    return [invalid(field, policyTypes, 'may not specify more than two policyTypes')];
  }
  return policyTypes.flatMap((type, i) =>
    POLICY_TYPES.includes(type) ? [] : [notSupported(`${field}[${i}]`, type, POLICY_TYPES)],
  );
}

function validate(policy: NetworkPolicy, allowed: Allowances): FieldError[] {
  const spec = specOf(policy);
  return [
    ...validateLabelSelector(spec.podSelector, 'spec.podSelector', allowed),
    ...rulesOf(spec).flatMap(({ rule, field, peersField }) => [
      ...(rule.ports ?? []).flatMap((port, i) => portErrors(port, `${field}.ports[${i}]`)),
      ...rule.peers.flatMap((peer, i) => peerErrors(peer, `${peersField}[${i}]`, allowed)),
    ]),
    ...typeErrors(spec),
  ];
}

function allowancesOf(previous: NetworkPolicy): Allowances {
  const blocks = rulesOf(specOf(previous)).flatMap(({ rule }) =>
    rule.peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock] : [])),
  );
  return {
    allowInvalidLabelValueInSelector: validateLabelSelector(specOf(previous).podSelector, '').length > 0,
    cidrs: blocks.flatMap(({ cidr, except = [] }) => [cidr, ...except]),
  };
}

const warnings = (policy: NetworkPolicy): string[] =>
  rulesOf(specOf(policy)).flatMap(({ rule, peersField }) =>
    rule.peers.flatMap(({ ipBlock }, i) => {
      if (!ipBlock) return [];
      const field = `${peersField}[${i}].ipBlock`;
      const ofExcept = (ipBlock.except ?? []).flatMap((cidr, j) => cidrWarnings(cidr, `${field}.except[${j}]`));
      return [...(ipBlock.cidr ? cidrWarnings(ipBlock.cidr, `${field}.cidr`) : []), ...ofExcept];
    }),
  );

export const networkPolicy = defineResource<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  scope: 'Namespaced',
  schema: 'V1NetworkPolicy',
  validateName: nameIsDNSSubdomain,
  defaults(policy) {
    const spec = (policy.spec ??= {} as Spec);
    spec.podSelector ??= {};
    for (const { rule } of rulesOf(spec)) for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: (policy) => validate(policy, { allowInvalidLabelValueInSelector: false, cidrs: [] }),
  update: { validateUpdate: (next, previous) => validate(next, allowancesOf(previous)), warnings },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Pod-Selector',
        'string',
        "podSelector selects the pods to which this NetworkPolicy object applies. The array of rules is applied to any pods selected by this field. An empty selector matches all pods in the policy's namespace. Multiple network policies can select the same set of pods. In this case, the ingress rules for each are combined additively. This field is optional. If it is not specified, it defaults to an empty selector.",
      ),
      ageColumn,
    ],
    cells: (policy, now) => [
      policy.metadata.name ?? '',
      formatLabelSelectorObject(specOf(policy).podSelector ?? {}),
      age(policy, now),
    ],
  },
});
