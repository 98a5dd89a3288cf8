/** Checks of single fields that many kinds share. Source: pkg/apis/core/validation. */
import { semanticEqual } from '../meta/deep-equal.ts';
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import type { IntOrString } from '../meta/int-or-string.ts';
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidPortName,
  isValidPortNum,
} from '../meta/name-rules.ts';
import { FIELD_IMMUTABLE } from '../meta/object-meta-validation.ts';
import { formatQuantity, type Quantity, quantityFromJson, quantityMilliValue, quantitySign } from '../meta/quantity.ts';
import { isIntegerResource } from './core/pod-resource-list.ts';

const messages = (value: unknown, field: string, texts: readonly string[]): FieldError[] =>
  texts.map((text) => invalid(field, value, text));

export const dns1123LabelErrors = (value: string, field: string): FieldError[] =>
  messages(value, field, isDNS1123Label(value));

export const dns1123SubdomainErrors = (value: string, field: string): FieldError[] =>
  messages(value, field, isDNS1123Subdomain(value));

export const qualifiedNameErrors = (value: string, field: string): FieldError[] =>
  messages(value, field, isQualifiedName(value));

/** A port number, or an absent one counted as 0. */
export const portNumErrors = (value: number | undefined, field: string): FieldError[] =>
  messages(value ?? 0, field, isValidPortNum(value ?? 0));

/** A port by number or by its container port's name; absent counts as 0. */
export const portNumOrNameErrors = (value: IntOrString | undefined, field: string): FieldError[] =>
  typeof value === 'string' ? messages(value, field, isValidPortName(value)) : portNumErrors(value, field);

/** Errors of a field that must hold one of `supported`; empty counts as missing. `supported` is sorted, as upstream's sets print. */
export function oneOfErrors(value: string | undefined, field: string, supported: readonly string[]): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const;

/** `value` parsed; undefined (and nothing to report: decoding did) when it is no quantity. */
export function quantityAt(value: unknown): Quantity | undefined {
  const parsed = quantityFromJson(value);
  return parsed.ok ? parsed.value : undefined;
}

/** Errors of a quantity that may not be negative. */
export function nonnegativeQuantityErrors(value: unknown, field: string): FieldError[] {
  const quantity = quantityAt(value);
  if (!quantity || quantitySign(quantity) >= 0) return [];
  return [invalid(field, formatQuantity(quantity), 'must be greater than or equal to 0')];
}

/** Errors of an amount of a named resource: not negative, and whole where the resource is counted. */
export function resourceQuantityErrors(resource: string, value: unknown, field: string): FieldError[] {
  const errors = nonnegativeQuantityErrors(value, field);
  const quantity = quantityAt(value);
  if (quantity && isIntegerResource(resource) && quantityMilliValue(quantity) % 1000 !== 0) {
    errors.push(invalid(field, formatQuantity(quantity), 'must be an integer'));
  }
  return errors;
}

/**
 * Errors of a struct that differs from what was stored. `printed` is the new value as upstream's
 * internal type prints, whose members carry Go's field names.
 */
export const immutableStructErrors = (
  next: unknown,
  previous: unknown,
  field: string,
  printed: unknown,
): FieldError[] => (semanticEqual(previous, next) ? [] : [invalid(field, printed, FIELD_IMMUTABLE)]);
