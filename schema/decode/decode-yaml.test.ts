import { expect, test } from 'vitest';
import { parseYaml } from './decode-yaml.ts';

const valueOf = (text: string): unknown => {
  const parsed = parseYaml(text);
  return parsed.ok ? parsed.value : parsed.error;
};

test.each([
  ['0644', 420],
  ['0o17', 15],
  ['0x1F', 31],
  ['1_000', 1000],
  ['08', 8],
  ['1e3', 1000],
  ['.5', 0.5],
  ['-_1', -1],
  ['12:30', '12:30'],
  ['2020-01-01', '2020-01-01'],
  ['yes', true],
  ['y', true],
  ['off', false],
  ['tRUE', 'tRUE'],
  ['~', null],
  ['', null],
  ['1.2.3', '1.2.3'],
  ['99999999999999999999', 1e20],
  ['"1"', '1'],
])('%s is read as upstream reads it', (text, expected) => {
  expect(valueOf(`a: ${text}`)).toEqual({ a: expected });
});

test('keys become strings', () => {
  expect(valueOf('1: a\nyes: b\n1.5: c')).toEqual({ '1': 'a', true: 'b', '1.5': 'c' });
});

test('anchors and merges are resolved', () => {
  expect(valueOf('a: &x {b: 1}\nc:\n  <<: *x\n  d: 2')).toEqual({ a: { b: 1 }, c: { b: 1, d: 2 } });
});

test('only the first document counts', () => {
  expect(valueOf('a: 1\n---\nb: 2')).toEqual({ a: 1 });
});

test.each([
  ['a: [b', "yaml: line 1: did not find expected ',' or ']'"],
  ['a: *y', "yaml: unknown anchor 'y' referenced"],
  ['a: "x', 'yaml: found unexpected end of stream'],
  ['\ta: 1', 'yaml: found character that cannot start any token'],
  ['a: .inf', 'json: unsupported value: +Inf'],
])('%s is refused', (text, error) => {
  expect(valueOf(text)).toBe(error);
});

test('lists that double by anchors end at a limit', () => {
  const bomb = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`),
  ];
  expect(valueOf(bomb.join('\n'))).toBe('yaml: document contains excessive aliasing');
});

test('what an alias stands for is a copy, not shared', () => {
  const value = valueOf('a: &x {b: 1}\nc: *x') as { a: { b?: number }; c: object };
  delete value.a.b;
  expect(value.c).toEqual({ b: 1 });
});

test('an alias stands for the last anchor of its name before it', () => {
  expect(valueOf('a: &x 1\nb: *x\nc: &x 2\nd: *x')).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  expect(valueOf('a: &x [*x]')).toBe("yaml: unknown anchor 'x' referenced");
});

test('a quoted << is a key like any other', () => {
  expect(valueOf('"<<": 1')).toEqual({ '<<': 1 });
  expect(valueOf('<<: 1')).toBe('yaml: map merge requires map or sequence of maps as the value');
});

test('many keys, aliases or errors take no more than one walk', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `k${i}: &a${i} v\nl${i}: *a${i}`).join('\n');
  expect(Object.keys(valueOf(many) as object)).toHaveLength(40_000);
  expect(valueOf(`a: ${'&x '.repeat(20_000)}`)).toBe('yaml: line 1: A node can have at most one anchor');
});

test('nesting without end is refused, not a crash', () => {
  expect(valueOf('['.repeat(50_000))).toMatch(/^yaml: /);
  expect(valueOf(`a: ${'['.repeat(2_000)}${']'.repeat(2_000)}`)).toBe('yaml: exceeded max depth');
});
