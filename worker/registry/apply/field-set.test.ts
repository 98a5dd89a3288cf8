import { describe, expect, it } from 'vitest';
import {
  canonical,
  compareElements,
  difference,
  type FieldSet,
  hasPath,
  intersection,
  pathsOf,
  pathText,
  readFieldSet,
  union,
  withoutPaths,
} from './field-set.ts';

const set = (value: object): FieldSet => value as FieldSet;

describe('sets of fields', () => {
  const a = set({ 'f:spec': { 'f:x': {}, 'f:y': { '.': {}, 'f:z': {} } } });
  const b = set({ 'f:spec': { 'f:y': {} } });

  it('unite', () => {
    expect(union(b, set({ 'f:spec': { 'f:y': { 'f:q': {} } } }))).toEqual({
      'f:spec': { 'f:y': { '.': {}, 'f:q': {} } },
    });
  });

  it('differ by fields, not by what is below them', () => {
    expect(difference(a, b)).toEqual({ 'f:spec': { 'f:x': {}, 'f:y': { 'f:z': {} } } });
    expect(difference(b, a)).toEqual({});
  });

  it('intersect', () => {
    expect(intersection(a, b)).toEqual({ 'f:spec': { 'f:y': {} } });
  });

  it('lose a field with all below it', () => {
    expect(withoutPaths(a, [['f:spec', 'f:y']])).toEqual({ 'f:spec': { 'f:x': {} } });
    expect(withoutPaths(a, [['f:spec']])).toEqual({});
  });

  it('know their members', () => {
    expect(hasPath(a, ['f:spec', 'f:y'])).toBe(true);
    expect(hasPath(a, ['f:spec'])).toBe(false);
    expect(pathsOf(a).map(pathText)).toEqual(['.spec.x', '.spec.y', '.spec.y.z']);
  });

  it('are written in upstream\u2019s order', () => {
    const elements = ['v:2', 'k:{"p":443}', 'f:b', 'v:"a"', 'k:{"p":80}', '.', 'v:10', 'f:a', 'v:true'];
    expect(elements.sort(compareElements)).toEqual([
      '.',
      'f:a',
      'f:b',
      'k:{"p":80}',
      'k:{"p":443}',
      'v:2',
      'v:10',
      'v:"a"',
      'v:true',
    ]);
    expect(JSON.stringify(canonical(set({ 'f:b': {}, 'f:a': { 'f:d': {}, 'f:c': {} } })))).toBe(
      '{"f:a":{"f:c":{},"f:d":{}},"f:b":{}}',
    );
  });

  it('are read from clients with care', () => {
    expect(readFieldSet({ 'f:a': {}, 'x:new': {}, 'k:{"b":1, "a":2}': {} })).toEqual({
      'f:a': {},
      'k:{"a":2,"b":1}': {},
    });
    expect(readFieldSet({ 'f:a': 1 })).toBeUndefined();
    expect(readFieldSet({ nothing: {} })).toBeUndefined();
    expect(readFieldSet({ 'v:{': {} })).toBeUndefined();
    expect(readFieldSet([])).toBeUndefined();
  });

  it('show items by their keys', () => {
    expect(pathText(['f:ports', 'k:{"containerPort":80,"protocol":"TCP"}', 'f:name'])).toBe(
      '.ports[containerPort=80,protocol="TCP"].name',
    );
    expect(pathText(['f:finalizers', 'v:"a/b"'])).toBe('.finalizers[="a/b"]');
  });
});
