/** Content negotiation of answers. Source: apiserver endpoints/handlers/negotiation, munnerz/goautoneg. */
import { fail, notAcceptable, ok, type Result } from '../../../schema/meta/status.ts';
import type { MediaType } from './media-type.ts';
import { ANSWER_MEDIA_TYPES } from './media-types.ts';

/** The kind an answer is to be turned into: `as=Table;v=v1;g=meta.k8s.io`. */
export interface Conversion {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface Accepted {
  readonly mediaType: MediaType;
  readonly conversion: Conversion | undefined;
  readonly isPretty: boolean;
}

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly parameters: readonly (readonly [string, string])[];
}

/** What follows is cut off: no client accepts so much. */
const ACCEPT_CHARS_MAX = 4_096;

/** The clauses of an Accept header, best first. */
export function parseAccept(header: string): readonly Clause[] {
  const clauses = header.slice(0, ACCEPT_CHARS_MAX).split(',').flatMap(parseClause);
  // Sorted by insertion: upstream's order is not transitive, and this is how it sorts.
  for (let i = 1; i < clauses.length; i += 1) {
    for (let j = i; j > 0 && comesFirst(clauses[j] as Clause, clauses[j - 1] as Clause); j -= 1) {
      [clauses[j - 1], clauses[j]] = [clauses[j] as Clause, clauses[j - 1] as Clause];
    }
  }
  return clauses;
}

/** Source: goautoneg's order: the more specific of two may come first although it is of less quality. */
const comesFirst = (a: Clause, b: Clause): boolean =>
  a.quality > b.quality || (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*');

function parseClause(text: string): Clause[] {
  const [media = '', ...rest] = text.split(';').map((part) => part.trim());
  const slash = media.indexOf('/');
  const [type, subtype] =
    slash < 0 ? (media === '*' ? ['*', '*'] : ['', '']) : [media.slice(0, slash).trim(), media.slice(slash + 1).trim()];
  if (!type || !subtype) return [];
  const pairs = rest.flatMap((part): [string, string][] => {
    const equals = part.indexOf('=');
    return equals < 0 ? [] : [[part.slice(0, equals).trim(), part.slice(equals + 1).trim()]];
  });
  const quality = Number(pairs.findLast(([key]) => key === 'q')?.[1] ?? '1');
  const parameters = pairs.filter(([key]) => key !== 'q');
  // What is no number is no quality, as upstream has it.
  return [{ type, subtype, quality: Number.isFinite(quality) ? quality : 0, parameters }];
}

/** Which conversions an endpoint offers in a media type; `undefined` is the answer as it is. */
export type AllowsConversion = (conversion: Conversion | undefined, mediaType: MediaType) => boolean;

export const noConversion: AllowsConversion = (conversion) => conversion === undefined;

/** Picks the answer's form; 406 names the media types there are. */
export function negotiate(
  header: string | null,
  allows: AllowsConversion,
  offered: readonly MediaType[] = ANSWER_MEDIA_TYPES,
): Result<Accepted> {
  const first = offered[0] as MediaType;
  if (!header) return ok({ mediaType: first, conversion: undefined, isPretty: false });
  for (const clause of cachedClauses(header)) {
    for (const mediaType of offered) {
      if (!covers(clause, mediaType)) continue;
      const accepted = acceptClause(clause, mediaType, allows);
      if (accepted) return ok(accepted);
    }
  }
  return fail(
    notAcceptable(`only the following media types are accepted: ${offered.map((type) => type.name).join(', ')}`),
  );
}

/** Clients send few different headers, again and again. */
const parsedHeaders = new Map<string, readonly Clause[]>();
const PARSED_HEADERS_MAX = 256;

function cachedClauses(header: string): readonly Clause[] {
  const known = parsedHeaders.get(header);
  if (known) return known;
  if (parsedHeaders.size >= PARSED_HEADERS_MAX) parsedHeaders.clear();
  const clauses = parseAccept(header);
  parsedHeaders.set(header, clauses);
  return clauses;
}

const covers = (clause: Clause, mediaType: MediaType): boolean =>
  (clause.type === mediaType.type && (clause.subtype === mediaType.subtype || clause.subtype === '*')) ||
  (clause.type === '*' && clause.subtype === '*');

function acceptClause(clause: Clause, mediaType: MediaType, allows: AllowsConversion): Accepted | undefined {
  let isPretty = false;
  const conversion = { group: '', version: '', kind: '' };
  let converts = false;
  for (const [key, value] of clause.parameters) {
    switch (key) {
      case 'as':
        conversion.kind = value;
        converts = true;
        break;
      case 'g':
        conversion.group = value;
        converts = true;
        break;
      case 'v':
        conversion.version = value;
        converts = true;
        break;
      case 'stream':
        if (value !== '' && (value !== 'watch' || !mediaType.streams)) return undefined;
        break;
      case 'sv':
        if (value !== '' && value !== 'v1') return undefined;
        break;
      case 'pretty':
        isPretty = value === '1';
        break;
    }
  }
  const wanted = converts ? conversion : undefined;
  return allows(wanted, mediaType) ? { mediaType, conversion: wanted, isPretty } : undefined;
}
