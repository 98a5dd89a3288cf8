/**
 * Label selectors: the string form of `?labelSelector=` and the object form of specs.
 * Source: apimachinery pkg/labels and apis/meta/v1 LabelSelector.
 */
import { pushAll } from './push-all.ts';
import { type FieldError, forbiddenField, invalid, required } from './field-error.ts';
import { goJson, goQuote } from './go-format.ts';
import { isQualifiedName, isValidLabelValue } from './name-rules.ts';

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted, without duplicates when parsed from a string. */
  readonly values: readonly string[];
}

/** All requirements must hold; none holds for everything. `'nothing'` matches no object at all. */
export type LabelSelector = readonly LabelRequirement[] | 'nothing';

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** The object form, as in `spec.selector`. Source: meta/v1 LabelSelector. */
export interface LabelSelectorObject {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export const EVERYTHING: LabelSelector = [];

const OPERATORS_WITH_VALUES = 'in, notin, =, ==, !=, gt, lt';
const INTEGER = /^[+-]?\d+$/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function parseInt64(text: string): bigint | undefined {
  if (!INTEGER.test(text) || text.length > 64) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

const own = (labels: Record<string, string>, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

function requirementMatches(requirement: LabelRequirement, labels: Record<string, string>): boolean {
  const value = own(labels, requirement.key);
  switch (requirement.operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt':
      return comparesAs(requirement, value);
    default:
      return unreachable(requirement.operator);
  }
}

const unreachable = (operator: never): never => {
  throw new Error(`no such operator: ${String(operator)}`);
};

function comparesAs(requirement: LabelRequirement, text: string | undefined): boolean {
  const value = text === undefined ? undefined : parseInt64(text);
  const bound = requirement.values.length === 1 ? parseInt64(requirement.values[0] as string) : undefined;
  if (value === undefined || bound === undefined) return false;
  return requirement.operator === 'gt' ? value > bound : value < bound;
}

/** Whether an object with these labels is selected. */
export function labelsMatch(selector: LabelSelector, labels: Record<string, string> | undefined): boolean {
  if (selector === 'nothing') return false;
  const present = labels ?? {};
  return selector.every((requirement) => requirementMatches(requirement, present));
}

const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  const list = [...values].sort(byCodePoint).join(',');
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`;
    case 'gt':
      return `${key}>${list}`;
    case 'lt':
      return `${key}<${list}`;
    case '=':
    case '==':
    case '!=':
      return `${key}${operator}${list}`;
    default:
      return unreachable(operator);
  }
}

/** The string form; the empty string both for everything and for nothing. */
export const formatLabels = (selector: LabelSelector): string =>
  selector === 'nothing' ? '' : selector.map(formatRequirement).join(',');

/** How kubectl's SELECTOR column shows an object-form selector. */
export function formatLabelSelectorObject(selector: LabelSelectorObject | undefined): string {
  const parsed = labelSelectorOf(selector);
  return parsed.ok ? formatLabels(parsed.value) || '<none>' : '<error>';
}

function aggregated(errors: readonly string[]): string {
  const texts = [...new Set(errors)];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}

const OPERATOR_RULES: Record<LabelOperator, { readonly allows: (count: number) => boolean; readonly text: string }> = {
  in: { allows: (n) => n > 0, text: "for 'in', 'notin' operators, values set can't be empty" },
  notin: { allows: (n) => n > 0, text: "for 'in', 'notin' operators, values set can't be empty" },
  '=': { allows: (n) => n === 1, text: 'exact-match compatibility requires one single value' },
  '==': { allows: (n) => n === 1, text: 'exact-match compatibility requires one single value' },
  '!=': { allows: (n) => n === 1, text: 'exact-match compatibility requires one single value' },
  exists: { allows: (n) => n === 0, text: 'values set must be empty for exists and does not exist' },
  '!': { allows: (n) => n === 0, text: 'values set must be empty for exists and does not exist' },
  gt: { allows: (n) => n === 1, text: "for 'Gt', 'Lt' operators, exactly one value is required" },
  lt: { allows: (n) => n === 1, text: "for 'Gt', 'Lt' operators, exactly one value is required" },
};

/** Checks a requirement's key and values; the error is upstream's text. */
export function newRequirement(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): Parsed<LabelRequirement> {
  const errors: string[] = [];
  const keyErrors = isQualifiedName(key);
  if (keyErrors.length) errors.push(`key: Invalid value: ${goQuote(key)}: ${keyErrors.join('; ')}`);
  const rule = OPERATOR_RULES[operator];
  if (!rule.allows(values.length)) {
    errors.push(`values: Invalid value: ${values.length ? goJson(values) : 'null'}: ${rule.text}`);
  }
  if (operator === 'gt' || operator === 'lt') {
    values.forEach((value, i) => {
      if (parseInt64(value) !== undefined) return;
      errors.push(
        `values[${i}]: Invalid value: ${goQuote(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    });
  }
  values.forEach((value, i) => {
    const valueErrors = isValidLabelValue(value);
    if (valueErrors.length)
      errors.push(`values[${i}][${key}]: Invalid value: ${goQuote(value)}: ${valueErrors.join('; ')}`);
  });
  return errors.length ? { ok: false, error: aggregated(errors) } : { ok: true, value: { key, operator, values } };
}

type TokenKind =
  | 'error'
  | 'end'
  | ')'
  | ','
  | '!'
  | '=='
  | '='
  | '>'
  | 'identifier'
  | 'in'
  | '<'
  | '!='
  | 'notin'
  | '(';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const SYMBOLS = new Set<string>([')', ',', '!', '==', '=', '>', '<', '!=', '(']);
const SPECIAL = new Set<string>(['=', '!', '(', ')', ',', '>', '<']);
const BLANK = new Set<string>([' ', '\t', '\r', '\n']);

/** The symbol at `start`: the longest of those known. Every special character but none begins one. */
function symbolAt(text: string, start: number): Token {
  const two = text.slice(start, start + 2);
  if (two.length === 2 && SYMBOLS.has(two)) return { kind: two as TokenKind, text: two };
  const one = text[start] as string;
  return { kind: one as TokenKind, text: one };
}

function wordAt(text: string, start: number): Token {
  let end = start;
  while (end < text.length && !SPECIAL.has(text[end] as string) && !BLANK.has(text[end] as string)) end++;
  const word = text.slice(start, end);
  return { kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (BLANK.has(text[at] as string)) {
      at++;
      continue;
    }
    const token = SPECIAL.has(text[at] as string) ? symbolAt(text, at) : wordAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

/** Carries a syntax error's text out of the recursive descent; never leaves this module. */
class SelectorSyntaxError extends Error {}

const OPERATOR_OF: Partial<Record<TokenKind, LabelOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

class LabelSelectorParser {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  /** Where a value may stand, `in` and `notin` are ordinary words. */
  private static asValue(token: Token): Token {
    return token.kind === 'in' || token.kind === 'notin' ? { kind: 'identifier', text: token.text } : token;
  }

  private peek(): Token {
    return LabelSelectorParser.asValue(this.raw(this.at));
  }

  private take(): Token {
    return LabelSelectorParser.asValue(this.raw(this.at++));
  }

  private raw(index: number): Token {
    return this.tokens[Math.min(index, this.tokens.length - 1)] as Token;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const first = this.peek();
      if (first.kind === 'end') return requirements;
      if (first.kind !== 'identifier' && first.kind !== '!') {
        throw new SelectorSyntaxError(`found '${first.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.requirement());
      const next = this.take();
      if (next.kind === 'end') return requirements;
      if (next.kind !== ',') throw new SelectorSyntaxError(`found '${next.text}', expected: ',' or 'end of string'`);
      const following = this.peek();
      if (following.kind !== 'identifier' && following.kind !== '!') {
        throw new SelectorSyntaxError(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  private requirement(): LabelRequirement {
    const { key, operator } = this.keyAndOperator();
    const parsed = operator === undefined ? this.requirementWithValues(key) : newRequirement(key, operator, []);
    if (!parsed.ok) throw this.inRequirement(parsed.error);
    return parsed.value;
  }

  private inRequirement(text: string): SelectorSyntaxError {
    return new SelectorSyntaxError(`unable to parse requirement: ${text}`);
  }

  private keyAndOperator(): { key: string; operator: 'exists' | '!' | undefined } {
    let token = this.take();
    const isNegated = token.kind === '!';
    if (isNegated) token = this.take();
    if (token.kind !== 'identifier') throw this.inRequirement(`found '${token.text}', expected: identifier`);
    const errors = isQualifiedName(token.text);
    if (errors.length) {
      throw this.inRequirement(`<nil>: Invalid value: ${goQuote(token.text)}: ${errors.join('; ')}`);
    }
    if (isNegated) return { key: token.text, operator: '!' };
    const next = this.peek().kind;
    return { key: token.text, operator: next === 'end' || next === ',' ? 'exists' : undefined };
  }

  private requirementWithValues(key: string): Parsed<LabelRequirement> {
    const token = this.raw(this.at++);
    const operator = OPERATOR_OF[token.kind];
    if (!operator) throw this.inRequirement(`found '${token.text}', expected: ${OPERATORS_WITH_VALUES}`);
    const values = operator === 'in' || operator === 'notin' ? this.valueList() : [this.exactValue()];
    return newRequirement(key, operator, [...new Set(values)].sort(byCodePoint));
  }

  private exactValue(): string {
    const next = this.peek().kind;
    if (next === 'end' || next === ',') return '';
    const token = this.take();
    if (token.kind !== 'identifier') throw this.inRequirement(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  private valueList(): string[] {
    const open = this.take();
    if (open.kind !== '(') throw this.inRequirement(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.kind === ')') {
      this.take();
      return [''];
    }
    if (first.kind !== 'identifier' && first.kind !== ',') {
      throw this.inRequirement(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.identifiers();
    if (this.take().kind !== ')') throw this.inRequirement(`found '${first.text}', expected: ')'`);
    return values;
  }

  /** Reads up to, not including, the closing parenthesis. An empty place between commas is an empty value. */
  private identifiers(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.take();
      const next = this.peek();
      if (token.kind === 'identifier') {
        values.push(token.text);
        if (next.kind === ')') return values;
        if (next.kind !== ',') throw this.inRequirement(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ',') {
        if (values.length === 0 || next.kind === ',' || next.kind === ')') values.push('');
        if (next.kind === ')') return values;
      } else {
        throw this.inRequirement(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }
}

/**
 * Parses `?labelSelector=`. The error is upstream's text, e.g.
 * `unable to parse requirement: found ',', expected: in, notin, =, ==, !=, gt, lt`.
 */
export function parseLabelSelector(text: string): Parsed<LabelSelector> {
  try {
    const requirements = new LabelSelectorParser(text).parse();
    return { ok: true, value: requirements.sort((a, b) => byCodePoint(a.key, b.key)) };
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return { ok: false, error: error.message };
    throw error;
  }
}

const EXPRESSION_OPERATORS: Record<string, LabelOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * The selector an object-form selector means: absent selects nothing, empty everything.
 * Source: meta/v1 LabelSelectorAsSelector.
 */
export function labelSelectorOf(object: LabelSelectorObject | undefined | null): Parsed<LabelSelector> {
  if (!object) return { ok: true, value: 'nothing' };
  const parsed: Parsed<LabelRequirement>[] = Object.entries(object.matchLabels ?? {}).map(([key, value]) =>
    newRequirement(key, '=', [value]),
  );
  // A stored or submitted object may lack what the type says is always there.
  for (const { key = '', operator = '', values } of object.matchExpressions ?? []) {
    const known = Object.hasOwn(EXPRESSION_OPERATORS, operator) ? EXPRESSION_OPERATORS[operator] : undefined;
    parsed.push(
      known
        ? newRequirement(key, known, values ?? [])
        : { ok: false, error: `${goQuote(operator)} is not a valid label selector operator` },
    );
  }
  const requirements: LabelRequirement[] = [];
  for (const one of parsed) {
    if (!one.ok) return one;
    requirements.push(one.value);
  }
  return { ok: true, value: requirements.sort((a, b) => byCodePoint(a.key, b.key)) };
}

/** The selector for exactly these labels (a Service's `spec.selector`); none selects everything. */
export const labelSelectorFromSet = (labels: Record<string, string>): LabelSelector =>
  Object.entries(labels)
    .map(([key, value]): LabelRequirement => ({ key, operator: '=', values: [value] }))
    .sort((a, b) => byCodePoint(a.key, b.key));

/** Errors of a label's key, at `field`. */
export const validateLabelName = (name: string, field: string): FieldError[] =>
  isQualifiedName(name).map((message) => invalid(field, name, message));

/** Told of one map at most: each text is long, and a body may have some hundred thousand labels. */
const LABEL_ERRORS_MAX = 1_000;

/** Errors of a map of labels, at `field`. */
export function validateLabels(labels: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    pushAll(errors, validateLabelName(key, field));
    for (const message of isValidLabelValue(value)) errors.push(invalid(field, value, message));
    if (errors.length >= LABEL_ERRORS_MAX) break;
  }
  return errors;
}

export interface LabelSelectorValidationOptions {
  readonly allowInvalidLabelValueInSelector?: boolean;
  readonly allowUnknownOperatorInRequirement?: boolean;
}

type Expression = NonNullable<LabelSelectorObject['matchExpressions']>[number];

function expressionErrors(
  expression: Expression,
  field: string,
  options: LabelSelectorValidationOptions,
): FieldError[] {
  const { key, operator, values = [] } = expression;
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (!values.length)
      errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length) {
      errors.push(
        forbiddenField(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    }
  } else if (!options.allowUnknownOperatorInRequirement) {
    errors.push(invalid(`${field}.operator`, operator ?? '', 'not a valid selector operator'));
  }
  pushAll(errors, validateLabelName(key ?? '', `${field}.key`));
  if (options.allowInvalidLabelValueInSelector) return errors;
  const valueErrors = values.flatMap((value, i) =>
    isValidLabelValue(value).map((message) => invalid(`${field}.values[${i}]`, value, message)),
  );
  return [...errors, ...valueErrors];
}

/** All errors of an object-form selector. Source: meta/v1/validation ValidateLabelSelector. */
export function validateLabelSelector(
  selector: LabelSelectorObject | undefined | null,
  field: string,
  options: LabelSelectorValidationOptions = {},
): FieldError[] {
  if (!selector) return [];
  return [
    ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((expression, i) =>
      expressionErrors(expression, `${field}.matchExpressions[${i}]`, options),
    ),
  ];
}
