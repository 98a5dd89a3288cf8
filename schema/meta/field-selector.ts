/** Field selectors, as in `?fieldSelector=`. Source: apimachinery pkg/fields. */

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All requirements must hold; none holds for everything. */
export type FieldSelector = readonly FieldRequirement[];

export type ParsedFieldSelector =
  | { readonly ok: true; readonly value: FieldSelector }
  | { readonly ok: false; readonly error: string };

/** Splits at commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  let isEscaped = false;
  for (let i = 0; i < text.length; i++) {
    if (isEscaped) isEscaped = false;
    else if (text[i] === '\\') isEscaped = true;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

type Unescaped = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly error: string };

function unescapeValue(text: string): Unescaped {
  let value = '';
  let isEscaped = false;
  for (const character of text) {
    const isSpecial = character === '\\' || character === ',' || character === '=';
    if (isEscaped && !isSpecial) {
      return { ok: false, error: `invalid field selector: invalid escape sequence: \\${character}` };
    }
    if (isEscaped || !isSpecial) {
      value += character;
      isEscaped = false;
    } else if (character === '\\') {
      isEscaped = true;
    } else {
      // Upstream prints the character's number here.
      return { ok: false, error: `invalid field selector: unescaped character in value: ${character.codePointAt(0)}` };
    }
  }
  return isEscaped ? { ok: false, error: 'invalid field selector: invalid escape sequence: \\' } : { ok: true, value };
}

const TERM = /^([^]*?)(!=|==|=)([^]*)$/;

/** Parses a field selector; the error is upstream's text. Terms come sorted, as upstream sorts them. */
export function parseFieldSelector(text: string): ParsedFieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const parts = TERM.exec(term);
    if (!parts) return { ok: false, error: `invalid selector: '${text}'; can't understand '${term}'` };
    const value = unescapeValue(parts[3] as string);
    if (!value.ok) return value;
    // Upstream drops what demands an empty value of no field.
    if (parts[1] === '' && value.value === '') continue;
    requirements.push({ field: parts[1] as string, operator: parts[2] === '!=' ? '!=' : '=', value: value.value });
  }
  return { ok: true, value: requirements };
}

/** Whether an object with these selectable fields is selected; an unknown field counts as empty. */
export function fieldsMatch(selector: FieldSelector, fields: Record<string, string>): boolean {
  return selector.every(({ field, operator, value }) => {
    const actual = Object.hasOwn(fields, field) ? fields[field] : '';
    return operator === '=' ? actual === value : actual !== value;
  });
}

/** The value a selector demands of `field`, if it demands one: lets a list read a single object. */
export const exactFieldValue = (selector: FieldSelector, field: string): string | undefined =>
  selector.find((requirement) => requirement.field === field && requirement.operator === '=')?.value;

/** The string form. */
export const formatFieldSelector = (selector: FieldSelector): string =>
  selector.map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`).join(',');
