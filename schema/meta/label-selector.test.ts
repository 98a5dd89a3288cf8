import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldErrorsText } from './field-error.ts';
import {
  formatLabelSelectorObject,
  formatLabels,
  labelSelectorFromSet,
  labelSelectorOf,
  labelsMatch,
  parseLabelSelector,
  validateLabelSelector,
} from './label-selector.ts';

function parsed(text: string): string {
  const selector = parseLabelSelector(text);
  return selector.ok ? formatLabels(selector.value) : selector.error;
}

function matches(text: string, labels: Record<string, string> | undefined): boolean {
  const selector = parseLabelSelector(text);
  if (!selector.ok) throw new Error(selector.error);
  return labelsMatch(selector.value, labels);
}

const KEY_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('the string form', () => {
  test.each([
    ['', ''],
    [' a = b , c ', 'a=b,c'],
    ['x in (c,b,a,b)', 'x in (a,b,c)'],
    ['z,!y,x notin (a)', 'x notin (a),!y,z'],
    ['a==b,c!=d', 'a==b,c!=d'],
    ['a in (,)', 'a in ()'],
    ['a in ()', 'a in ()'],
    ['a in (b,)', 'a in (,b)'],
    ['a=', 'a='],
    ['a>1,b<5', 'a>1,b<5'],
    ['in in (in,notin)', 'in in (in,notin)'],
  ])('%s is %s', (text, expected) => {
    expect(parsed(text)).toBe(expected);
  });

  test.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a=(', "unable to parse requirement: found '(', expected: identifier"],
    ['-a', `unable to parse requirement: <nil>: Invalid value: "-a": ${KEY_RULE}`],
    [
      'a>x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])('%s is refused', (text, error) => {
    expect(parsed(text)).toBe(error);
  });
});

describe('matching', () => {
  test.each([
    ['', { a: '1' }, true],
    ['', undefined, true],
    ['a=1', { a: '1' }, true],
    ['a=1', { a: '2' }, false],
    ['a!=1', {}, true],
    ['a!=1', { a: '1' }, false],
    ['a in (1,2)', { a: '2' }, true],
    ['a notin (1)', {}, true],
    ['a', {}, false],
    ['!a', {}, true],
    ['a>5', { a: '7' }, true],
    ['a>5', { a: '5' }, false],
    ['a>5', { a: 'x' }, false],
    ['a<5', { a: '-9223372036854775808' }, true],
    ['toString', {}, false],
    ['!toString', {}, true],
  ])('%s on %j: %s', (text, labels, expected) => {
    expect(matches(text, labels as Record<string, string>)).toBe(expected);
  });
});

describe('the object form', () => {
  test('absent selects nothing, empty everything', () => {
    const [absent, empty] = [labelSelectorOf(undefined), labelSelectorOf({})];
    expect(absent.ok && labelsMatch(absent.value, { a: '1' })).toBe(false);
    expect(empty.ok && labelsMatch(empty.value, { a: '1' })).toBe(true);
  });

  test('labels and expressions all count', () => {
    const object = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    };
    expect(formatLabelSelectorObject(object)).toBe('app=web,!old,tier in (a,b)');
    expect(formatLabelSelectorObject({})).toBe('<none>');
    expect(formatLabelSelectorObject({ matchExpressions: [{ key: 'a', operator: 'Gt' }] })).toBe('<error>');
  });

  test('a set of labels', () => {
    expect(labelsMatch(labelSelectorFromSet({ a: '1' }), { a: '1', b: '2' })).toBe(true);
    expect(labelsMatch(labelSelectorFromSet({ a: '1', b: '3' }), { a: '1', b: '2' })).toBe(false);
  });

  test('every error is told', () => {
    const object = {
      matchLabels: { '-': 'x' },
      matchExpressions: [
        { key: 'k', operator: 'In' },
        { key: 'k', operator: 'Exists', values: ['v'] },
        { key: 'k', operator: 'Gt', values: ['-'] },
      ],
    };
    const fields = validateLabelSelector(object, 'spec.selector').map(({ field }) => field);
    expect(fields).toEqual([
      'spec.selector.matchLabels',
      'spec.selector.matchExpressions[0].values',
      'spec.selector.matchExpressions[1].values',
      'spec.selector.matchExpressions[2].operator',
      'spec.selector.matchExpressions[2].values[0]',
    ]);
    expect(fieldErrorsText(validateLabelSelector({ matchExpressions: [{ key: 'k', operator: 'In' }] }, 's'))).toBe(
      "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    );
  });
});

describe('whatever comes', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'ab=!<>(), inot1-é"'.split('')), maxLength: 40 });

  test('parsing never throws, and the string form parses to itself', () => {
    fc.assert(
      fc.property(fc.oneof(noise, fc.string()), (text) => {
        const selector = parseLabelSelector(text);
        if (selector.ok) expect(parsed(formatLabels(selector.value))).toBe(formatLabels(selector.value));
      }),
      { numRuns: 2000 },
    );
  });
});
