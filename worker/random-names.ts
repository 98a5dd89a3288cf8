/** Random parts of names. Source: apimachinery util/rand SafeEncodeString's alphabet. */
const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** `length` letters that form no words; the platform's randomness. */
export function randomSuffix(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => SAFE_LETTERS[byte % SAFE_LETTERS.length]).join('');
}
