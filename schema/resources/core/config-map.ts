/** ConfigMap. Source: pkg/registry/core/configmap, pkg/apis/core/validation. */
import { pushAll } from '../../meta/push-all.ts';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { base64ByteLength } from '../../meta/base64.ts';
import { type FieldError, invalid, tooLong } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { isConfigMapKey, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { DATA_BYTES_MAX, dataKeyErrors, immutableDataErrors } from './data-fields.ts';

export type ConfigMap = Typed<IConfigMap>;

/** Upstream prints the path of the whole object like this. */
const WHOLE_OBJECT = '[]';

function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let totalBytes = 0;
  for (const [key, value] of Object.entries(data)) {
    const field = `data[${key}]`;
    pushAll(
      errors,
      isConfigMapKey(key).map((message) => invalid(field, key, message)),
    );
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(field, key, 'duplicate of key present in binaryData'));
    totalBytes += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    pushAll(errors, dataKeyErrors('binaryData', key));
    totalBytes += base64ByteLength(value);
  }
  if (totalBytes > DATA_BYTES_MAX) errors.push(tooLong(WHOLE_OBJECT, DATA_BYTES_MAX));
  return errors;
}

export const configMap = defineResource<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  scope: 'Namespaced',
  schema: 'V1ConfigMap',
  validateName: nameIsDNSSubdomain,
  validate: validateConfigMap,
  update: {
    validateUpdate: (next, previous) => [
      ...immutableDataErrors(next, previous, ['data', 'binaryData']),
      ...validateConfigMap(next),
    ],
  },
  table: {
    columns: [
      nameColumn,
      column(
        'Data',
        'string',
        "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
      ),
      ageColumn,
    ],
    cells: (configMap, now) => [
      configMap.metadata.name ?? '',
      Object.keys(configMap.data ?? {}).length + Object.keys(configMap.binaryData ?? {}).length,
      age(configMap, now),
    ],
  },
});
