import { describe, expect, it } from 'vitest';
import { allowsObjectForms } from '../answers/object-forms.ts';
import { negotiate } from './accept.ts';

const KUBECTL =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

const outcome = (header: string | null): string => {
  const accepted = negotiate(header, allowsObjectForms);
  if (!accepted.ok) return `${accepted.status.code} ${accepted.status.message}`;
  const { mediaType, conversion } = accepted.value;
  return conversion ? `${mediaType.name} ${conversion.group}/${conversion.version} ${conversion.kind}` : mediaType.name;
};

describe('the form of an answer', () => {
  const rows: readonly (readonly [string | null, string])[] = [
    [null, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/yaml', 'application/yaml'],
    ['application/yaml;q=0.5, application/json', 'application/json'],
    ['text/html, application/yaml;q=0.1', 'application/yaml'],
    ['*/*, application/yaml', 'application/yaml'],
    ['application/*, application/yaml', 'application/yaml'],
    ['*/*;q=1, application/yaml;q=0.1', 'application/yaml'],
    ['application/yaml;q=0.1, */*', 'application/json'],
    ['application/yaml;q=x, application/json;q=0.1', 'application/json'],
    ['application/yaml;q=0', 'application/yaml'],
    ['*', 'application/json'],
    ['application/json;sv=v1', 'application/json'],
    ['application/yaml;stream=watch, application/json', 'application/json'],
    ['application/json;charset=utf-8;colour=red', 'application/json'],
    ['application/cbor, application/yaml', 'application/yaml'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io;q=0.1, application/yaml', 'application/yaml'],
    [KUBECTL, 'application/json meta.k8s.io/v1 Table'],
    ['application/json;as=Table;v=v2;g=meta.k8s.io,application/json', 'application/json'],
    [
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      'application/json meta.k8s.io/v1 PartialObjectMetadataList',
    ],
    ['application/vnd.kubernetes.protobuf,application/json', 'application/vnd.kubernetes.protobuf'],
    [
      'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io',
      'application/json meta.k8s.io/v1 Table',
    ],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
      'application/vnd.kubernetes.protobuf meta.k8s.io/v1 PartialObjectMetadata',
    ],
    ['application/json;stream=watch', 'application/json'],
    [
      'application/json;as=Nonsense;v=v1;g=meta.k8s.io',
      '406 only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    ],
    [
      'application/cbor',
      '406 only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    ],
    [
      'image/png',
      '406 only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    ],
  ];
  it.each(rows)('%s', (header, expected) => {
    expect(outcome(header)).toBe(expected);
  });
});
