import { describe, expect, it } from 'vitest';
import { encodeBase64Text } from '../../meta/base64.ts';
import { created, rowOf, updated } from '../kind-fixture.ts';
import { configMap } from './config-map.ts';
import { secret } from './secret.ts';
import { serviceAccount } from './service-account.ts';

const MIB = 1024 * 1024;

describe('ConfigMap', () => {
  it.each<[string, object, string[]]>([
    ['nothing', {}, []],
    ['data', { data: { 'a.b_c-d': '1' }, binaryData: { e: 'AA==' } }, []],
    [
      'a bad key',
      { data: { 'a/b': '' } },
      [
        "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ],
    ],
    [
      'a key in both',
      { data: { a: '' }, binaryData: { a: '' } },
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    ['1 MiB', { data: { a: 'x'.repeat(MIB) } }, []],
    [
      'more than 1 MiB',
      { data: { a: 'é'.repeat(MIB / 2) }, binaryData: { b: 'AA==' } },
      ['[]: Too long: may not be more than 1048576 bytes'],
    ],
  ])('takes or refuses %s', (_, fields, errors) => {
    expect(created(configMap, fields).errors).toEqual(errors);
  });

  it('cannot change once immutable', () => {
    const { object } = created(configMap, { immutable: true, data: { a: '1' } });
    expect(
      updated(configMap, object, (next) => {
        next.data = { a: '2' };
        next.binaryData = { b: '' };
        delete next.immutable;
      }).errors,
    ).toEqual([
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
      'binaryData: Forbidden: field is immutable when `immutable` is set',
    ]);
    expect(
      updated(configMap, object, (next) => {
        next.metadata.labels = { a: 'b' };
      }).errors,
    ).toEqual([]);
  });

  it('shows how many keys it has', () => {
    expect(rowOf(configMap, created(configMap, { data: { a: '' }, binaryData: { b: '' } }).object)).toEqual([
      'x',
      2,
      '60m',
    ]);
  });
});

describe('Secret', () => {
  it('keeps stringData as data', () => {
    const { object } = created(secret, { data: { a: 'MQ==', b: 'Mg==' }, stringData: { b: 'ü' } });
    expect(object).toMatchObject({ type: 'Opaque', data: { a: 'MQ==', b: 'w7w=' } });
    expect(object).not.toHaveProperty('stringData');
  });

  const json = (text: string): object => ({
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': encodeBase64Text(text) },
  });
  const redacted = 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": ';

  it.each<[string, object, string[]]>([
    ['an own type', { type: 'example.com/own' }, []],
    [
      'a token without account',
      { type: 'kubernetes.io/service-account-token' },
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    ['dockercfg without its key', { type: 'kubernetes.io/dockercfg' }, ['data[.dockercfg]: Required value']],
    ['docker JSON', json('{"auths":{"a":[1.5e3,-0,true,null,"\\u00e9"]}}'), []],
    ['nothing for JSON', json(''), [`${redacted}unexpected end of JSON input`]],
    ['JSON that breaks off', json('{"auths":'), [`${redacted}unexpected end of JSON input`]],
    ['no JSON at all', json('x'), [`${redacted}invalid character 'x' looking for beginning of value`]],
    ['JSON without colon', json('{"a" 1}'), [`${redacted}invalid character '1' after object key`]],
    ['JSON with more after it', json('{} {}'), [`${redacted}invalid character '{' after top-level value`]],
    [
      'a JSON list',
      json('[]'),
      [`${redacted}json: cannot unmarshal array into Go value of type map[string]interface {}`],
    ],
    [
      'basic auth without both',
      { type: 'kubernetes.io/basic-auth' },
      ['data[username]: Required value', 'data[password]: Required value'],
    ],
    ['basic auth with one', { type: 'kubernetes.io/basic-auth', data: { username: '' } }, []],
    [
      'an empty ssh key',
      { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } },
      ['data[ssh-privatekey]: Required value'],
    ],
    [
      'TLS without certificate',
      { type: 'kubernetes.io/tls', data: { 'tls.key': '' } },
      ['data[tls.crt]: Required value'],
    ],
    [
      'more than 1 MiB',
      { stringData: { a: 'x'.repeat(MIB + 1) } },
      ['data: Too long: may not be more than 1048576 bytes'],
    ],
  ])('takes or refuses %s', (_, fields, errors) => {
    expect(created(secret, fields).errors).toEqual(errors);
  });

  it('keeps its type and, once immutable, its data', () => {
    const { object } = created(secret, { immutable: true, type: 'example.com/a', data: { a: 'MQ==' } });
    expect(
      updated(secret, object, (next) => {
        next.type = 'example.com/b';
        next.data = {};
      }).errors,
    ).toEqual([
      'type: Invalid value: "example.com/b": field is immutable',
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
  });

  it('warns of TLS data that is no PEM', () => {
    const { object } = created(secret, { type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'x', 'tls.key': 'y' } });
    expect(secret.update.warnings?.(object, undefined)).toEqual([
      'tls: failed to find any PEM data in certificate input',
    ]);
  });

  it('shows its type', () => {
    expect(rowOf(secret, created(secret, { data: { a: '' } }).object)).toEqual(['x', 'Opaque', 1, '60m']);
    expect(secret.selectableFields?.(created(secret).object)).toEqual({ type: 'Opaque' });
  });
});

describe('ServiceAccount', () => {
  it('keeps only the names of secrets', () => {
    const { object, errors } = created(serviceAccount, { secrets: [{ name: 'a', namespace: 'elsewhere' }] });
    expect([object.secrets, errors]).toEqual([[{ name: 'a' }], []]);
    expect(rowOf(serviceAccount, object)).toEqual(['x', '60m']);
  });
});
