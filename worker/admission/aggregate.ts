/** Several texts as upstream prints one error of many: `[a, b]`; one stands alone, repeats once. Source: apimachinery util/errors Aggregate. */
export function aggregated(texts: readonly string[]): string {
  const distinct = [...new Set(texts)];
  return distinct.length === 1 ? (distinct[0] as string) : `[${distinct.join(', ')}]`;
}
