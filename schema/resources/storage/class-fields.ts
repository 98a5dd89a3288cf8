/** What classes of storage share: who provides it and its opaque parameters. Source: pkg/apis/storage/validation. */
import { type FieldError, invalid, required, tooLong } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { isQualifiedName } from '../../meta/name-rules.ts';

const PARAMETERS_MAX = 512;
const PARAMETERS_BYTES_MAX = 256 * 1024;

/** Errors of a driver's name, which is compared without case. */
export function provisionerErrors(provisioner: string, field: string): FieldError[] {
  if (!provisioner) return [required(field)];
  const name = provisioner.toLowerCase();
  return isQualifiedName(name).map((text) => invalid(field, name, text));
}

export function parameterErrors(parameters: Readonly<Record<string, string>>): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > PARAMETERS_MAX) return [tooLong('parameters', PARAMETERS_MAX)];
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  return [
    ...(Object.hasOwn(parameters, '') ? [invalid('parameters', '', 'field can not be empty.')] : []),
    ...(bytes > PARAMETERS_BYTES_MAX ? [tooLong('parameters', PARAMETERS_BYTES_MAX)] : []),
  ];
}
