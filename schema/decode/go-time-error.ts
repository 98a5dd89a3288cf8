/** The errors Go's time.Parse gives for what is no RFC 3339 time; clients see them in decoding errors. */
import { goQuote } from '../meta/go-format.ts';

interface Layout {
  readonly text: string;
  /** Parts of the layout with what they accept. */
  readonly parts: readonly { readonly layout: string; readonly accepts: RegExp }[];
}

const DATE_AND_HOUR = [
  { layout: '2006', accepts: /^\d{4}/ },
  { layout: '-', accepts: /^-/ },
  { layout: '01', accepts: /^\d{2}/ },
  { layout: '-', accepts: /^-/ },
  { layout: '02', accepts: /^\d{2}/ },
  { layout: 'T', accepts: /^T/ },
  { layout: '15', accepts: /^\d{2}/ },
  { layout: ':', accepts: /^:/ },
  { layout: '04', accepts: /^\d{2}/ },
  { layout: ':', accepts: /^:/ },
];
const ZONE = { layout: 'Z07:00', accepts: /^(?:Z|[+-]\d{2}:\d{2})/ };

export const RFC3339_LAYOUT: Layout = {
  text: '2006-01-02T15:04:05Z07:00',
  parts: [...DATE_AND_HOUR, { layout: '05', accepts: /^\d{2}(?:[.,]\d+)?/ }, ZONE],
};
export const RFC3339_MICRO_LAYOUT: Layout = {
  text: '2006-01-02T15:04:05.000000Z07:00',
  parts: [...DATE_AND_HOUR, { layout: '05', accepts: /^\d{2}/ }, { layout: '.000000', accepts: /^[.,]\d{6}/ }, ZONE],
};

const RANGES = [
  { name: 'month', start: 5, low: 1, high: 12 },
  { name: 'hour', start: 11, low: 0, high: 23 },
  { name: 'minute', start: 14, low: 0, high: 59 },
  { name: 'second', start: 17, low: 0, high: 59 },
];

/** `parsing time "x" as "2006-…": cannot parse "x" as "2006"`. */
export function goTimeError(text: string, layout: Layout): string {
  let rest = text;
  for (const part of layout.parts) {
    const match = part.accepts.exec(rest);
    if (!match) {
      return `parsing time ${goQuote(text)} as ${goQuote(layout.text)}: cannot parse ${goQuote(rest)} as ${goQuote(part.layout)}`;
    }
    rest = rest.slice(match[0].length);
  }
  if (rest) return `parsing time ${goQuote(text)}: extra text: ${goQuote(rest)}`;
  const outside = RANGES.find(({ start, low, high }) => {
    const value = Number(text.slice(start, start + 2));
    return value < low || value > high;
  });
  return `parsing time ${goQuote(text)}: ${outside?.name ?? 'day'} out of range`;
}
