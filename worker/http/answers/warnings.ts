/** `Warning` headers, bounded. Source: apiserver endpoints/filters/warning.go, RFC 7234 section 5.5. */

/** Above this in all, each text is cut. */
const WARNINGS_CHARACTERS_MAX = 4_096;
const CUT_WARNING_CHARACTERS = 256;

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0);

/** The headers' values, repeated texts once. */
export function warningHeaders(warnings: readonly string[]): string[] {
  if (warnings.length === 0) return [];
  const texts = [...new Set(warnings.filter(Boolean))];
  return (lengthOf(texts) <= WARNINGS_CHARACTERS_MAX ? texts : cut(texts)).map(headerOf);
}

function cut(texts: readonly string[]): string[] {
  const kept: string[] = [];
  for (const text of texts) {
    if (lengthOf(kept) >= WARNINGS_CHARACTERS_MAX) break;
    kept.push([...text].slice(0, CUT_WARNING_CHARACTERS).join(''));
  }
  return kept;
}

function headerOf(text: string): string {
  const printable = text.replace(/\p{Cc}/gu, ' ').replace(/[\\"]/g, '\\$&');
  return `299 - "${asLatin1(printable)}"`;
}

/** Header values are bytes: what is no ASCII goes as its UTF-8 bytes. */
function asLatin1(text: string): string {
  if (!/\P{ASCII}/u.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}
