/** Labels a node may put on itself. Source: NodeRestriction, kubelet's well_known_labels.go. */

const OWN_LABELS: ReadonlySet<string> = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

const OWN_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'] as const;
const RESTRICTED_DOMAIN = 'node-restriction.kubernetes.io';
const KUBERNETES_DOMAINS = ['kubernetes.io', 'k8s.io'] as const;

const domainOf = (label: string): string => {
  const slash = label.indexOf('/');
  return slash < 0 ? '' : label.slice(0, slash);
};

const isIn = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);

function isForbidden(label: string): boolean {
  const domain = domainOf(label);
  if (isIn(domain, RESTRICTED_DOMAIN)) return true;
  if (!KUBERNETES_DOMAINS.some((parent) => isIn(domain, parent))) return false;
  return !OWN_LABELS.has(label) && !OWN_DOMAINS.some((own) => isIn(domain, own));
}

type Labels = Readonly<Record<string, string>>;

/** Labels that differ and are not the node's to change, sorted. */
export function forbiddenNodeLabels(next: Labels = {}, previous: Labels = {}): readonly string[] {
  return [...new Set([...Object.keys(next), ...Object.keys(previous)])]
    .filter((label) => next[label] !== previous[label] && isForbidden(label))
    .sort();
}
