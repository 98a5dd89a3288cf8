/** Sets of completion indexes in their text form, `0-2,5`. Source: pkg/controller/job indexed_job_utils.go. */

export function parseIndexes(text: string | undefined, completions: number): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (const part of text ? text.split(',') : []) {
    const [first, last = first] = part.split('-').map(Number);
    for (let i = first as number; i <= Math.min(last as number, completions - 1); i++) indexes.add(i);
  }
  return indexes;
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end += 1;
    parts.push(rangeText(sorted[i] as number, sorted[end] as number));
    i = end + 1;
  }
  return parts.join(',');
}

function rangeText(first: number, last: number): string {
  if (first === last) return String(first);
  return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
}
