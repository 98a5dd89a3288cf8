/** Digests kept, so that a client's every request does not cost one; the oldest are forgotten. */
const DIGESTS_MAX = 4096;
const known = new Map<string, string>();

/** Hex SHA-256 of a token's UTF-8 bytes. */
export async function tokenDigest(token: string): Promise<string> {
  const earlier = known.get(token);
  if (earlier !== undefined) return earlier;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (known.size >= DIGESTS_MAX) known.delete(known.keys().next().value as string);
  known.set(token, hex);
  return hex;
}

/** Whether two strings are equal, in a time that depends on their lengths only. */
export function constantTimeEqual(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
