/** Where a request came from. Source: apimachinery util/net SourceIPs. */

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/;

const addressIn = (text: string | null): string[] => {
  const trimmed = (text ?? '').trim();
  return ADDRESS.test(trimmed) ? [trimmed] : [];
};

/** Forwarded-for addresses (which clients may make up), then the connection's own, where it is known. */
export function sourceAddresses(headers: Headers, remote: string | undefined): readonly string[] {
  const addresses = (headers.get('x-forwarded-for') ?? '').split(',').flatMap(addressIn);
  for (const address of addressIn(headers.get('x-real-ip'))) if (!addresses.includes(address)) addresses.push(address);
  for (const address of addressIn(remote ?? null)) if (addresses.at(-1) !== address) addresses.push(address);
  return addresses;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` or `[::ffff:192.0.2.1]:80` as an address alone. */
function withoutPort(text: string | undefined): string | undefined {
  const [, bracketed, plain] = /^\[([^\]]+)\](?::\d+)?$|^([^:]+)(?::\d+)?$/.exec(text ?? '') ?? [];
  return bracketed?.replace(/^::ffff:(?=[\d.]+$)/i, '') ?? plain ?? text;
}

/**
 * The address at the other end of the connection. Self-hosted workerd tells it in `cf`, where clients could
 * make the header up; Cloudflare tells it in the header, which clients cannot set there.
 */
export const connectionAddress = (headers: Headers, cf: unknown): string | undefined =>
  withoutPort((cf as { clientIp?: string } | undefined)?.clientIp) ?? headers.get('cf-connecting-ip') ?? undefined;
