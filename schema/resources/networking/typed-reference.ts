/** References by group, kind and name. Source: pkg/apis/networking/validation validateIngressTypedLocalObjectReference. */
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { isPathSegmentName } from '../../meta/name-rules.ts';
import { dns1123SubdomainErrors } from '../field-checks.ts';

const segmentErrors = (value: string, field: string): FieldError[] =>
  value === '' ? [required(field)] : isPathSegmentName(value).map((text) => invalid(field, value, text));

export const typedReferenceErrors = (
  { apiGroup, kind = '', name = '' }: { apiGroup?: string; kind?: string; name?: string },
  field: string,
): FieldError[] => [
  ...(apiGroup === undefined ? [] : dns1123SubdomainErrors(apiGroup, `${field}.apiGroup`)),
  ...segmentErrors(kind, `${field}.kind`),
  ...segmentErrors(name, `${field}.name`),
];
