/**
 * A text without the characters of a set at its end. A regular expression (`/x+$/`) would look at each
 * run of them once from each of its characters: time that grows with the square of a text's length.
 */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}
