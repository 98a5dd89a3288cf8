/**
 * IP addresses and CIDRs as upstream's validation reads them: leniently first, then strictly.
 * Source: apimachinery util/validation/ip.go, k8s.io/utils/net, pkg/apis/core/validation.
 */
import { type FieldError, invalid } from '../meta/field-error.ts';

export interface IpAddress {
  /** 16 bytes; an IPv4 address is held in its mapped form, as Go's `net.IP` holds it. */
  readonly bytes: readonly number[];
  /** IPv4, however it was written. */
  readonly isV4: boolean;
  /** IPv4 written inside IPv6 (`::ffff:1.2.3.4`). */
  readonly isMapped: boolean;
  /** An IPv4 octet was written with leading zeros. */
  readonly hasLeadingZeros: boolean;
}

export interface IpPrefix {
  readonly address: IpAddress;
  /** Counted in the family the address was written in. */
  readonly bits: number;
  readonly hasLeadingZeros: boolean;
}

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

interface Octets {
  readonly octets: number[];
  readonly hasLeadingZeros: boolean;
}

function parseOctets(text: string): Octets | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,64}$/.test(part))) return undefined;
  const octets = parts.map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return { octets, hasLeadingZeros: parts.some((part) => part.length > 1 && part.startsWith('0')) };
}

/** The 16-bit groups of one side of `::`, an IPv4 tail included. */
function parseGroups(text: string): { bytes: number[]; hasLeadingZeros: boolean } | undefined {
  if (text === '') return { bytes: [], hasLeadingZeros: false };
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (part.includes('.') && i === parts.length - 1) {
      const tail = parseOctets(part);
      return tail && { bytes: [...bytes, ...tail.octets], hasLeadingZeros: tail.hasLeadingZeros };
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    const group = Number.parseInt(part, 16);
    bytes.push(group >> 8, group & 255);
  }
  return { bytes, hasLeadingZeros: false };
}

function parseV6(text: string): IpAddress | undefined {
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const head = parseGroups(sides[0] as string);
  const tail = sides.length === 2 ? parseGroups(sides[1] as string) : { bytes: [], hasLeadingZeros: false };
  if (!head || !tail) return undefined;
  const missing = 16 - head.bytes.length - tail.bytes.length;
  if (sides.length === 2 ? missing < 2 || (sides[0] as string).includes('.') : missing !== 0) return undefined;
  const bytes = [...head.bytes, ...Array<number>(missing).fill(0), ...tail.bytes];
  const isMapped = MAPPED_PREFIX.every((byte, i) => bytes[i] === byte);
  return { bytes, isV4: isMapped, isMapped, hasLeadingZeros: head.hasLeadingZeros || tail.hasLeadingZeros };
}

/** Reads an address, leading zeros in IPv4 octets allowed; undefined when it is none. */
export function parseIpSloppy(text: string): IpAddress | undefined {
  if (text.includes(':')) return parseV6(text);
  const parsed = parseOctets(text);
  return (
    parsed && {
      bytes: [...MAPPED_PREFIX, ...parsed.octets],
      isV4: true,
      isMapped: false,
      hasLeadingZeros: parsed.hasLeadingZeros,
    }
  );
}

export const isIPv4Text = (text: string): boolean => parseIpSloppy(text)?.isV4 === true;
export const isIPv6Text = (text: string): boolean => parseIpSloppy(text)?.isV4 === false;

/** The longest run of at least two zero groups, which RFC 5952 writes as `::`. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function formatV6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number));
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  const run = longestZeroRun(groups);
  if (run.start < 0) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

/** The canonical text; an IPv4 address is always dotted, as Go's `net.IP` prints it. */
export const formatIp = (address: IpAddress): string =>
  address.isV4 ? address.bytes.slice(12).join('.') : formatV6(address.bytes);

/** The canonical text keeping `::ffff:` of a mapped address, as Go's `netip.Addr` prints it. */
const formatWritten = (address: IpAddress): string =>
  address.isMapped ? `::ffff:${formatIp(address)}` : formatIp(address);

/** Reads `address/bits` leniently; undefined when it is no CIDR. */
export function parseCidrSloppy(text: string): IpPrefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIpSloppy(text.slice(0, slash));
  const bitsText = text.slice(slash + 1);
  if (!address || !/^\d{1,64}$/.test(bitsText)) return undefined;
  const bits = Number(bitsText);
  if (bits > (text.includes(':') ? 128 : 32)) return undefined;
  return {
    address,
    bits,
    hasLeadingZeros: address.hasLeadingZeros || (bitsText.length > 1 && bitsText.startsWith('0')),
  };
}

const bitsOf16 = ({ address, bits }: IpPrefix): number => (address.isV4 && !address.isMapped ? bits + 96 : bits);

/** The prefix's first address. */
export function networkAddress(prefix: IpPrefix): IpAddress {
  const bits = bitsOf16(prefix);
  const bytes = prefix.address.bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * i));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return { ...prefix.address, bytes, isV4: MAPPED_PREFIX.every((byte, i) => bytes[i] === byte) };
}

const isSameAddress = (a: IpAddress, b: IpAddress): boolean => a.bytes.every((byte, i) => byte === b.bytes[i]);

/** `network/bits` in canonical form. */
export function formatCidr(prefix: IpPrefix): string {
  const network = networkAddress(prefix);
  const bits = network.isV4 ? bitsOf16(prefix) - 96 : prefix.bits;
  return `${formatIp(network)}/${bits}`;
}

function strictIpErrors(value: string, field: string): FieldError[] {
  const address = parseIpSloppy(value);
  if (!address) return [invalid(field, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  if (address.hasLeadingZeros) return [invalid(field, value, 'must not have leading 0s')];
  return address.isMapped ? [invalid(field, value, 'must not be an IPv4-mapped IPv6 address')] : [];
}

/** Errors of an address in a field older than strict validation; values of the old object stay valid. */
export const validateLegacyIp = (value: string, field: string, oldValues: readonly string[] = []): FieldError[] =>
  oldValues.includes(value) ? [] : strictIpErrors(value, field);

/** Errors of an address in a newer field, where only the canonical form passes. */
export function validateIp(value: string, field: string): FieldError[] {
  const errors = strictIpErrors(value, field);
  const address = parseIpSloppy(value);
  if (errors.length > 0 || !address || value === formatIp(address)) return errors;
  return [invalid(field, value, `must be in canonical form (${JSON.stringify(formatIp(address))})`)];
}

function strictCidrErrors(value: string, field: string): FieldError[] {
  const prefix = parseCidrSloppy(value);
  if (!prefix) return [invalid(field, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  if (prefix.hasLeadingZeros) return [invalid(field, value, 'must not have leading 0s in IP or prefix length')];
  if (prefix.address.isMapped) return [invalid(field, value, 'must not have an IPv4-mapped IPv6 address')];
  if (isSameAddress(prefix.address, networkAddress(prefix))) return [];
  return [invalid(field, value, 'must not have bits set beyond the prefix length')];
}

/** Errors of a CIDR in a field older than strict validation; values of the old object stay valid. */
export const validateLegacyCidr = (value: string, field: string, oldValues: readonly string[] = []): FieldError[] =>
  oldValues.includes(value) ? [] : strictCidrErrors(value, field);

/** Errors of a CIDR in a newer field, where only the canonical form passes. */
export function validateCidr(value: string, field: string): FieldError[] {
  const errors = strictCidrErrors(value, field);
  const prefix = parseCidrSloppy(value);
  if (errors.length > 0 || !prefix || value === formatCidr(prefix)) return errors;
  return [invalid(field, value, `must be in canonical form (${JSON.stringify(formatCidr(prefix))})`)];
}

/** Errors of an interface's address with its subnet's length: `10.9.8.7/24`, in canonical form only. */
export function interfaceAddressErrors(value: string, field: string): FieldError[] {
  const prefix = parseCidrSloppy(value);
  if (!prefix) {
    const text = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
    return [invalid(field, value, text)];
  }
  const { address, bits } = prefix;
  const canonical = `${formatIp(address)}/${address.isV4 && bits > 32 ? bits - 96 : bits}`;
  return value === canonical ? [] : [invalid(field, value, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** Errors of an address that cannot be an endpoint: unspecified, loopback, link-local. */
export function validateEndpointIp(value: string, field: string): FieldError[] {
  const address = parseIpSloppy(value);
  if (!address) return [invalid(field, value, 'must be a valid IP address')];
  const [a = 0, b = 0, c = 0] = address.isV4 ? address.bytes.slice(12) : address.bytes;
  const isZero = address.bytes.slice(address.isV4 ? 12 : 0).every((byte) => byte === 0);
  const isLoopback = address.isV4 ? a === 127 : address.bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
  const isLinkLocal = address.isV4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80;
  const isLinkLocalMulticast = address.isV4 ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 0x02;
  const errors: FieldError[] = [];
  if (isZero) errors.push(invalid(field, value, `may not be unspecified (${value})`));
  if (isLoopback) errors.push(invalid(field, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  if (isLinkLocal) errors.push(invalid(field, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  if (isLinkLocalMulticast) {
    errors.push(invalid(field, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  }
  return errors;
}

/** The `Warning` texts for an address that is valid only for its age. */
export function ipWarnings(value: string, field: string): string[] {
  const address = parseIpSloppy(value);
  if (!address) return [];
  if (address.hasLeadingZeros || address.isMapped) {
    return [
      `${field}: non-standard IP address ${JSON.stringify(value)} is invalid: use ${JSON.stringify(formatIp(address))}`,
    ];
  }
  if (address.isV4 || formatIp(address) === value) return [];
  return [
    `${field}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(formatIp(address))})`,
  ];
}

/** The `Warning` texts for a CIDR that is ambiguous or valid only for its age. */
export function cidrWarnings(value: string, field: string): string[] {
  const prefix = parseCidrSloppy(value);
  if (!prefix) return [];
  const quoted = JSON.stringify(value);
  const canonical = JSON.stringify(formatCidr(prefix));
  const warnings: string[] = [];
  if (!isSameAddress(prefix.address, networkAddress(prefix))) {
    const single = JSON.stringify(`${formatIp(prefix.address)}/${value.includes(':') ? 128 : 32}`);
    warnings.push(`${field}: CIDR value ${quoted} is ambiguous in this context (should be ${canonical} or ${single}?)`);
  }
  if (prefix.hasLeadingZeros || prefix.address.isMapped) {
    warnings.push(`${field}: non-standard CIDR value ${quoted} is invalid: use ${canonical}`);
  }
  const written = `${formatWritten(prefix.address)}/${prefix.bits}`;
  if (warnings.length === 0 && !prefix.address.isV4 && written !== value) {
    warnings.push(
      `${field}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${JSON.stringify(written)})`,
    );
  }
  return warnings;
}

/** Whether `part` lies within `whole` and is smaller. */
export function containsPrefix(whole: IpPrefix, part: IpPrefix): boolean {
  const bits = bitsOf16(whole);
  const start = networkAddress({ ...part, bits: Math.min(part.bits, whole.bits) });
  const isSameFamily = whole.address.isV4 === part.address.isV4;
  return isSameFamily && bits < bitsOf16(part) && isSameAddress(start, networkAddress(whole));
}
