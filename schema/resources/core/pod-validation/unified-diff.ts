import { pushAll } from '../../../meta/push-all.ts';
/**
 * The text that shows what a forbidden update would have changed: a unified diff of both sides as
 * indented JSON. Source: apimachinery util/diff. Upstream prints every field, also the empty ones.
 */

const CONTEXT_LINES = 3;
/** Longer sides are not compared line by line: the work grows with the square. */
const DIFF_LINES_MAX = 2000;

/** Empty when both sides print the same. */
export function unifiedJsonDiff(before: unknown, after: unknown): string {
  const a = JSON.stringify(before, undefined, 1).split('\n');
  const b = JSON.stringify(after, undefined, 1).split('\n');
  return hunks(edits(a, b)).join('');
}

interface Edit {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
  /** Line numbers on both sides, from 0. */
  readonly a: number;
  readonly b: number;
}

/** The lines both sides share at their ends stay out of the quadratic part. */
function edits(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const result: Edit[] = [];
  const keep = (from: number, count: number, shift: number): void => {
    for (let i = from; i < from + count; i++) result.push({ kind: ' ', line: a[i] as string, a: i, b: i + shift });
  };
  keep(0, start, 0);
  pushAll(result, middleEdits(a.slice(start, a.length - end), b.slice(start, b.length - end), start));
  keep(a.length - end, end, b.length - a.length);
  return result;
}

function middleEdits(a: readonly string[], b: readonly string[], offset: number): Edit[] {
  const common = a.length + b.length > DIFF_LINES_MAX ? undefined : longestCommon(a, b);
  const result: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const at = { a: i + offset, b: j + offset };
    if (common && i < a.length && j < b.length && a[i] === b[j]) {
      result.push({ kind: ' ', line: a[i++] as string, ...at });
      j++;
    } else if (i < a.length && (j >= b.length || !common || commonAt(common, i + 1, j) >= commonAt(common, i, j + 1))) {
      result.push({ kind: '-', line: a[i++] as string, ...at });
    } else result.push({ kind: '+', line: b[j++] as string, ...at });
  }
  return result;
}

const commonAt = (table: readonly Uint16Array[], i: number, j: number): number => table[i]?.[j] ?? 0;

/** `table[i][j]`: how many lines `a` from i and `b` from j have in common, in order. */
function longestCommon(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i] as Uint16Array;
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] =
        a[i] === b[j]
          ? commonAt(table, i + 1, j + 1) + 1
          : Math.max(commonAt(table, i + 1, j), commonAt(table, i, j + 1));
    }
  }
  return table;
}

function hunks(all: readonly Edit[]): string[] {
  const isNear = all.map(() => false);
  all.forEach((edit, i) => {
    if (edit.kind === ' ') return;
    for (let k = Math.max(0, i - CONTEXT_LINES); k <= Math.min(all.length - 1, i + CONTEXT_LINES); k++)
      isNear[k] = true;
  });
  const result: string[] = [];
  for (let i = 0; i < all.length; i++) {
    if (!isNear[i]) continue;
    let end = i;
    while (end < all.length && isNear[end]) end++;
    result.push(formatHunk(all.slice(i, end)));
    i = end;
  }
  return result;
}

function formatHunk(part: readonly Edit[]): string {
  const first = part[0] as Edit;
  const range = (start: number, length: number): string =>
    length === 1 ? `${start + 1}` : `${length === 0 ? start : start + 1},${length}`;
  const linesOfA = part.filter((edit) => edit.kind !== '+').length;
  const linesOfB = part.filter((edit) => edit.kind !== '-').length;
  const body = part.map((edit) => `${edit.kind}${edit.line}\n`).join('');
  return `@@ -${range(first.a, linesOfA)} +${range(first.b, linesOfB)} @@\n${body}`;
}
