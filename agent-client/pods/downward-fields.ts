/** Values of the downward API: pod fields and container resources. Source: pkg/fieldpath, pkg/api/v1/resource. */
import {
  newMilliQuantity,
  newQuantity,
  type Quantity,
  quantityMilliValue,
  quantityOf,
  quantitySign,
  quantityValue,
} from '../../schema/meta/quantity.ts';
import { type Container, type Pod, podSpec } from './pod.ts';

/** What the pod object may not say yet, known on the node. */
export interface NodeFacts {
  readonly nodeName: string;
  readonly hostIPs: readonly string[];
  readonly podIPs: readonly string[];
  /** Node.status.allocatable. */
  readonly allocatable: Readonly<Record<string, string>>;
}

const formatMap = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** The value of a fieldRef path; undefined when the path is not one of the downward API's. */
export function podField(pod: Pod, path: string, facts: NodeFacts): string | undefined {
  const subscript = SUBSCRIPT.exec(path);
  if (subscript) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[subscript[2] as string] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return podSpec(pod).nodeName || facts.nodeName;
    case 'spec.serviceAccountName':
      return podSpec(pod).serviceAccountName ?? '';
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
    default:
      return undefined;
  }
}

/** `limits.cpu` and the like in units of `divisor`, rounded up; limits that are not set are the node's allocatable. */
export function resourceField(
  container: Container,
  resource: string,
  divisor: unknown,
  facts: NodeFacts,
): string | undefined {
  const [list, ...rest] = resource.split('.');
  const name = rest.join('.');
  if ((list !== 'limits' && list !== 'requests') || !name) return undefined;
  const own = list === 'limits' ? container.resources?.limits?.[name] : container.resources?.requests?.[name];
  let amount: Quantity = quantityOf(own);
  if (quantitySign(amount) === 0 && (list === 'limits' || name === 'cpu' || name === 'memory')) {
    amount = list === 'limits' ? quantityOf(facts.allocatable[name]) : amount;
  }
  const unit =
    divisor === undefined || divisor === null || divisor === '' ? newQuantity(0, 'DecimalSI') : quantityOf(divisor);
  return String(inUnits(amount, unit, name === 'cpu'));
}

function inUnits(amount: Quantity, unit: Quantity, milli: boolean): number {
  if (milli) {
    const divisor = quantitySign(unit) === 0 ? newMilliQuantity(1000, 'DecimalSI') : unit;
    return Math.ceil(quantityMilliValue(amount) / quantityMilliValue(divisor));
  }
  const divisor = quantitySign(unit) === 0 ? 1 : quantityValue(unit);
  return Math.ceil(quantityValue(amount) / divisor);
}
