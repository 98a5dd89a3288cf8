import type { Container } from './pod.ts';

/** A port given by number or by the name of one of the container's ports; 0 when there is none. */
export function resolvePort(container: Container, port: number | string | undefined): number {
  if (typeof port === 'number') return port;
  const named = (container.ports ?? []).find((p) => p.name === port);
  return named?.containerPort ?? (Number(port) || 0);
}
