/**
 * The pools services draw from: addresses of the service network and node ports. Values are taken in
 * the upper part of a range first, so that low ones stay free for those who ask by name.
 * Source: registry/core/service ipallocator, portallocator (KEP-3070).
 */
import type { ValuePool } from '../../meta/resource.ts';
import { formatIp, networkAddress, parseCidrSloppy, parseIpSloppy } from '../ip-address.ts';

/** The network of service addresses. */
export const SERVICE_CIDR = '10.96.0.0/12';
/** The address of the `kubernetes` Service: the first of the network. */
export const KUBERNETES_SERVICE_IP = '10.96.0.1';
/** Ports that services may take on every node, both ends included. */
export const NODE_PORT_RANGE = { first: 30_000, last: 32_767 } as const;

/** A number in [0, 1), fresh each time. */
export type Random = () => number;

interface NumberRange {
  readonly first: number;
  readonly last: number;
  /** How many numbers at the start are given out only when the rest is taken. */
  readonly reserved: number;
}

/** The first free number from a random place in [first, last], going round; undefined when all are taken. */
function pick(first: number, last: number, isTaken: (value: number) => boolean, random: Random): number | undefined {
  const size = last - first + 1;
  const start = Math.floor(random() * size);
  for (let i = 0; i < size; i++) {
    const value = first + ((start + i) % size);
    if (!isTaken(value)) return value;
  }
  return undefined;
}

function pickInRange(range: NumberRange, isTaken: (value: number) => boolean, random: Random): number | undefined {
  const upper = range.first + range.reserved;
  return pick(upper, range.last, isTaken, random) ?? pick(range.first, upper - 1, isTaken, random);
}

/** `size / step`, within the bounds; 0 for ranges too small to divide. */
function reservedOf(size: number, step: number, most: number): number {
  const RESERVED_MIN = 16;
  return size <= RESERVED_MIN ? 0 : Math.min(most, Math.max(RESERVED_MIN, Math.floor(size / step)));
}

const toNumber = (ip: string): number | undefined => {
  const address = parseIpSloppy(ip);
  if (!address?.isV4) return undefined;
  return address.bytes.slice(12).reduce((sum, byte) => sum * 256 + byte, 0);
};

const toIp = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/**
 * Addresses of one IPv4 network. `used` holds the canonical texts of those taken; it belongs to the
 * caller and grows with what the pool gives out.
 */
export function addressPool(cidr: string, used: Set<string>, random: Random): ValuePool {
  const prefix = parseCidrSloppy(cidr);
  if (!prefix?.address.isV4) throw new Error(`not an IPv4 network: ${cidr}`);
  const size = 2 ** (32 - prefix.bits);
  const base = toNumber(formatIp(networkAddress(prefix))) as number;
  // Neither the network's own address nor its broadcast address.
  const range = { first: base + 1, last: base + size - 2, reserved: reservedOf(size, 16, 256) };
  return {
    claim(text) {
      const value = toNumber(text);
      if (value === undefined || value < base || value >= base + size) {
        return 'the provided network does not match the current range';
      }
      if (value < range.first || value > range.last) {
        return `the provided IP (${toIp(value)}) is not in the valid range. The range of valid IPs is ${cidr}`;
      }
      if (used.has(toIp(value))) return 'provided IP is already allocated';
      used.add(toIp(value));
      return undefined;
    },
    next() {
      const value = pickInRange(range, (candidate) => used.has(toIp(candidate)), random);
      if (value === undefined) return undefined;
      used.add(toIp(value));
      return toIp(value);
    },
  };
}

/** Ports of one range; `used` as in `addressPool`, in decimal. */
export function portPool(
  bounds: { readonly first: number; readonly last: number },
  used: Set<string>,
  random: Random,
): ValuePool {
  const size = bounds.last - bounds.first + 1;
  const range = { ...bounds, reserved: reservedOf(size, 32, 128) };
  return {
    claim(text) {
      const value = Number(text);
      if (value < bounds.first || value > bounds.last) {
        return `provided port is not in the valid range. The range of valid ports is ${bounds.first}-${bounds.last}`;
      }
      if (used.has(text)) return 'provided port is already allocated';
      used.add(text);
      return undefined;
    },
    next() {
      const value = pickInRange(range, (candidate) => used.has(String(candidate)), random);
      if (value === undefined) return undefined;
      used.add(String(value));
      return String(value);
    },
  };
}
