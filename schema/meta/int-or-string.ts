/** Fields that hold a count or a percentage. Source: apimachinery util/intstr. */
import { goQuote } from './go-format.ts';

export type IntOrString = number | string;

export type ScaledValue =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly error: string };

/**
 * A count as it is, a percentage as that part of `total`, rounded up or down.
 * The error has upstream's text. Source: GetScaledValueFromIntOrPercent.
 */
export function scaledIntOrPercent(
  value: IntOrString | undefined | null,
  total: number,
  roundUp: boolean,
): ScaledValue {
  if (value === undefined || value === null) return { ok: false, error: 'nil value for IntOrString' };
  if (typeof value === 'number') return { ok: true, value };
  if (!value.endsWith('%')) {
    return { ok: false, error: 'invalid value for IntOrString: invalid type: string is not a percentage' };
  }
  const number = value.slice(0, -1);
  if (!/^[+-]?\d+$/.test(number) || !Number.isSafeInteger(Number(number))) {
    const isRange = /^[+-]?\d+$/.test(number);
    const why = `strconv.Atoi: parsing ${goQuote(number)}: ${isRange ? 'value out of range' : 'invalid syntax'}`;
    return { ok: false, error: `invalid value for IntOrString: invalid value ${goQuote(value)}: ${why}` };
  }
  const scaled = (Number(number) * total) / 100;
  // Adding zero turns -0 into 0.
  return { ok: true, value: (roundUp ? Math.ceil(scaled) : Math.floor(scaled)) + 0 };
}

/** The number a field means where names of ports are allowed too; a word counts as 0. */
export const intValue = (value: IntOrString): number =>
  typeof value === 'number' ? value : /^[+-]?\d+$/.test(value) ? Number(value) : 0;
