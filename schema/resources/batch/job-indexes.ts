/** Lists of completion indexes: `1,3-5,7`. Source: pkg/apis/batch/validation validateIndexesFormat. */
import { goQuote } from '../../meta/go-format.ts';

type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

interface Interval {
  readonly first: number;
  readonly last: number;
}

function parseIndex(text: string, completions: number): Parsed<number> {
  if (!/^[+-]?\d+$/.test(text))
    return { ok: false, error: `cannot convert string to integer for index: ${goQuote(text)}` };
  if (Number(text) >= completions) return { ok: false, error: `too large index: ${goQuote(text)}` };
  return { ok: true, value: Number(text) };
}

function parseInterval(text: string, completions: number): Parsed<Interval> {
  const limits = text.split('-');
  if (limits.length > 2) {
    const rule = "the requirement that an index interval can have at most two parts separated by '-'";
    return { ok: false, error: `the fragment ${goQuote(text)} violates ${rule}` };
  }
  const first = parseIndex(limits[0] as string, completions);
  if (!first.ok) return first;
  if (limits.length === 1) return { ok: true, value: { first: first.value, last: first.value } };
  const last = parseIndex(limits[1] as string, completions);
  if (!last.ok) return last;
  if (first.value >= last.value) {
    return { ok: false, error: `non-increasing order, previous: ${first.value}, current: ${last.value}` };
  }
  return { ok: true, value: { first: first.value, last: last.value } };
}

/** How many indexes the list names, or upstream's error. */
export function countIndexes(list: string, completions: number): Parsed<number> {
  if (list === '') return { ok: true, value: 0 };
  let previous: number | undefined;
  let total = 0;
  for (const text of list.split(',')) {
    const interval = parseInterval(text, completions);
    if (!interval.ok) return interval;
    const { first, last } = interval.value;
    if (previous !== undefined && previous >= first) {
      return { ok: false, error: `non-increasing order, previous: ${previous}, current: ${first}` };
    }
    total += last - first + 1;
    previous = last;
  }
  return { ok: true, value: total };
}

function intervalsOf(list: string, completions: number): Interval[] {
  return list.split(',').flatMap((text) => {
    const interval = parseInterval(text, completions);
    // What does not parse is reported where the list's form is checked.
    return interval.ok ? [interval.value] : [];
  });
}

/** The first index that both lists name. */
export function firstOverlap(completed: string, failed: string, completions: number): number | undefined {
  if (completed === '' || failed === '') return undefined;
  const others = intervalsOf(failed, completions);
  let i = 0;
  for (const { first, last } of intervalsOf(completed, completions)) {
    while (i < others.length && (others[i] as Interval).last < first) i++;
    const other = others[i];
    if (other && other.first <= last) return Math.max(first, other.first);
  }
  return undefined;
}
