/** How discovery tells in which version a resource is stored, without saying it. Source: apiserver endpoints/discovery/storageversionhash.go. */

export interface StoredKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const HASH_BYTES = 8;

const known = new Map<string, string>();

/** Base64 of the first bytes of SHA-256 over `group/version/kind`. */
export async function storageVersionHash({ group, version, kind }: StoredKind): Promise<string> {
  const text = `${group}/${version}/${kind}`;
  const earlier = known.get(text);
  if (earlier !== undefined) return earlier;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const hash = btoa(String.fromCharCode(...digest.subarray(0, HASH_BYTES)));
  known.set(text, hash);
  return hash;
}
