/** Ports that stand in each other's way. Source: kubernetes pkg/api/pod/warnings.go (1.37). */
import { goQuote } from '../../meta/go-format.ts';
import { type Container, type PodSpec, visitContainers } from './pod-types.ts';

type Port = NonNullable<Container['ports']>[number];
interface PlacedPort {
  readonly path: string;
  readonly port: Port;
}

/** `path` is the spec's. */
export function portWarnings(spec: PodSpec, path: string): string[] {
  const ports: PlacedPort[] = [];
  visitContainers(spec, path, (container, at) => {
    container.ports?.forEach((port, i) => ports.push({ path: `${at}.ports[${i}]`, port }));
  });
  return ports.length === 0 ? [] : [...clashes(ports), ...sameNames(ports)];
}

/** Pairs of ports looked at for a pod: each with each would take minutes for as many as a body holds. */
const PAIRS_MAX = 100_000;
/** More warnings than the headers hold. */
const CLASHES_MAX = 256;

function clashes(ports: readonly PlacedPort[]): string[] {
  const warnings: string[] = [];
  const byPort = new Map<string, PlacedPort[]>();
  let pairs = 0;
  for (const placed of ports) {
    if (pairs > PAIRS_MAX || warnings.length > CLASHES_MAX) break;
    const { path, port } = placed;
    if (port.hostIP && !port.hostPort) warnings.push(`${path}: hostIP set without hostPort: ${goPort(port)}`);
    const key = `${port.containerPort ?? 0}/${port.protocol ?? ''}`;
    const others = byPort.get(key) ?? [];
    pairs += others.length;
    for (const other of others) {
      const clash = clashOf(port, other.port);
      if (clash) warnings.push(`${path}: ${clash} with ${other.path}`);
    }
    others.push(placed);
    byPort.set(key, others);
  }
  return warnings;
}

function clashOf(a: Port, b: Port): string | undefined {
  const [ipA, ipB] = [a.hostIP ?? '', b.hostIP ?? ''];
  const [portA, portB] = [a.hostPort ?? 0, b.hostPort ?? 0];
  if (ipA === ipB && portA === portB) return 'duplicate port definition';
  if (portA === 0 || portB === 0) return 'overlapping port definition';
  return portA === portB && (ipA === '') !== (ipB === '') ? 'dangerously ambiguous port definition' : undefined;
}

/** The struct as `%+v` prints it. */
const goPort = ({ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }: Port): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort ?? 0} Protocol:${protocol ?? ''} HostIP:${hostIP}}`;

function sameNames(ports: readonly PlacedPort[]): string[] {
  const warnings: string[] = [];
  const first = new Map<string, string>();
  for (const { path, port } of ports) {
    if (!port.name) continue;
    const other = first.get(port.name);
    if (other) {
      const why = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${path}: duplicate port name ${goQuote(port.name)} with ${other}, ${why}`);
    } else first.set(port.name, path);
  }
  return warnings;
}
