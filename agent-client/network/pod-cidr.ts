/** Chooses a node's pod network. Pure. */

/** Nodes get /24 networks of it. */
export const CLUSTER_CIDR = '10.244.0.0/16';
const NODES_MAX = 256;

/**
 * A /24 of 10.244.0.0/16 by the node's name, the next one when the machine already has a route into it
 * (another node on the same machine).
 */
export function choosePodCidr(nodeName: string, taken: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const char of nodeName) hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193) >>> 0;
  const used = new Set(taken.map(thirdOctet));
  for (let step = 0; step < NODES_MAX; step++) {
    const octet = (hash + step) % NODES_MAX;
    if (!used.has(octet)) return `10.244.${octet}.0/24`;
  }
  return `10.244.${hash % NODES_MAX}.0/24`;
}

const thirdOctet = (address: string): number | undefined => {
  const match = /^10\.244\.(\d+)\./.exec(address);
  return match ? Number(match[1]) : undefined;
};

/** Destinations of /proc/net/route, which are little-endian hex. */
export function routeDestinations(table: string): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[1] ?? '')
    .filter((hex) => /^[0-9A-F]{8}$/i.test(hex))
    .map((hex) => [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.'));
}
