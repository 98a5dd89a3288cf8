/** Secret. Source: pkg/registry/core/secret, pkg/apis/core/validation, pkg/apis/core/v1 conversion. */
import type { ISecret } from 'kubernetes-models/v1/Secret';
import { base64ByteLength, decodeBase64Bytes, encodeBase64Text } from '../../meta/base64.ts';
import { type FieldError, invalid, required, tooLong } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { DATA_BYTES_MAX, dataKeyErrors, immutableDataErrors } from './data-fields.ts';
import { goJsonObjectError } from './go-json-error.ts';

export type Secret = Typed<ISecret>;

const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

const missingKey = (secret: Secret, key: string): FieldError[] =>
  Object.hasOwn(secret.data ?? {}, key) ? [] : [required(`data[${key}]`)];

function dockerConfigErrors(secret: Secret, key: string): FieldError[] {
  const missing = missingKey(secret, key);
  if (missing.length > 0) return missing;
  const error = goJsonObjectError(decodeBase64Bytes(secret.data?.[key] ?? ''));
  return error === undefined ? [] : [invalid(`data[${key}]`, '<secret contents redacted>', error)];
}

function basicAuthErrors(secret: Secret): FieldError[] {
  const missing = [...missingKey(secret, 'username'), ...missingKey(secret, 'password')];
  return missing.length === 2 ? missing : [];
}

/** What each known type asks of the data; other types are free. */
const TYPE_RULES: Readonly<Record<string, (secret: Secret) => FieldError[]>> = {
  'kubernetes.io/service-account-token': ({ metadata }) =>
    metadata.annotations?.[SERVICE_ACCOUNT_NAME] ? [] : [required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)],
  'kubernetes.io/dockercfg': (secret) => dockerConfigErrors(secret, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': (secret) => dockerConfigErrors(secret, '.dockerconfigjson'),
  'kubernetes.io/basic-auth': basicAuthErrors,
  'kubernetes.io/ssh-auth': ({ data }) => (data?.['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')]),
  'kubernetes.io/tls': (secret) => [...missingKey(secret, 'tls.crt'), ...missingKey(secret, 'tls.key')],
};

function validateSecret(secret: Secret): FieldError[] {
  const data = Object.entries(secret.data ?? {});
  const errors = data.flatMap(([key]) => dataKeyErrors('data', key));
  const totalBytes = data.reduce((sum, [, value]) => sum + base64ByteLength(value), 0);
  if (totalBytes > DATA_BYTES_MAX) errors.push(tooLong('data', DATA_BYTES_MAX));
  const type = secret.type ?? '';
  const rule = Object.hasOwn(TYPE_RULES, type) ? TYPE_RULES[type] : undefined;
  return rule ? [...errors, ...rule(secret)] : errors;
}

const hasPem = (base64: string | undefined): boolean => decodeBase64Bytes(base64 ?? '').includes('-----BEGIN ');

function warnings(secret: Secret): string[] {
  if (secret.type !== 'kubernetes.io/tls') return [];
  if (!hasPem(secret.data?.['tls.crt'])) return ['tls: failed to find any PEM data in certificate input'];
  return hasPem(secret.data?.['tls.key']) ? [] : ['tls: failed to find any PEM data in key input'];
}

export const secret = defineResource<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  scope: 'Namespaced',
  schema: 'V1Secret',
  validateName: nameIsDNSSubdomain,
  defaults(secret) {
    secret.type ||= 'Opaque';
    const { stringData } = secret;
    delete secret.stringData;
    if (!stringData || Object.keys(stringData).length === 0) return;
    secret.data ??= {};
    for (const [key, value] of Object.entries(stringData)) secret.data[key] = encodeBase64Text(value);
  },
  validate: validateSecret,
  update: {
    prepareForUpdate(next, previous) {
      next.type ||= previous.type;
    },
    validateUpdate: (next, previous) => [
      ...validateImmutableField(next.type, previous.type, 'type'),
      ...immutableDataErrors(next, previous, ['data']),
      ...validateSecret(next),
    ],
    warnings,
  },
  selectableFieldNames: ['type'],
  selectableFields: ({ type }) => ({ type: type ?? '' }),
  table: {
    columns: [
      nameColumn,
      column(
        'Type',
        'string',
        'Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types',
      ),
      column(
        'Data',
        'string',
        "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4",
      ),
      ageColumn,
    ],
    cells: (secret, now) => [
      secret.metadata.name ?? '',
      secret.type ?? '',
      Object.keys(secret.data ?? {}).length,
      age(secret, now),
    ],
  },
});
