import type { UntypedObject } from '../../schema/meta/object-meta.ts';

/** A Secret's value as text; empty when the key is absent or not base64. */
export function secretValue(secret: UntypedObject, key: string): string {
  const encoded = (secret['data'] as Record<string, string> | undefined)?.[key];
  if (encoded === undefined) return '';
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)));
  } catch {
    // Anyone who may write Secrets may write nonsense; it then simply matches nothing.
    return '';
  }
}
