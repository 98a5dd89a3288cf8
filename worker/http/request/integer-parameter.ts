/** Whole numbers in a query. Source: apimachinery Convert_Slice_string_To_int64, Go's strconv.ParseInt. */
import { goQuote } from '../../../schema/meta/go-format.ts';
import { badRequest, fail, ok, type Result } from '../../../schema/meta/status.ts';

const INTEGER = /^[+-]?\d+$/;
const INT64_DIGITS_MAX = 19;

/** Whether digits with a sign are a number of 64 bits. */
function fitsInt64(text: string): boolean {
  const digits = text.replace(/^[+-]?0*/, '');
  return digits.length <= INT64_DIGITS_MAX && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** A parameter's number; undefined when it is not given. 400 in Go's words when it is none of 64 bits. */
export function integerParameter(query: URLSearchParams, name: string): Result<number | undefined> {
  const text = query.get(name);
  if (text === null) return ok(undefined);
  if (!INTEGER.test(text)) return fail(badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`));
  if (!fitsInt64(text)) return fail(badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`));
  return ok(Number(text));
}
