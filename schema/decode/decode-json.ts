/** JSON bodies into objects. The hot path is one JSON.parse and one walk; errors are worded afterwards. */
import { DEPTH_ERROR, JSON_DEPTH_MAX, type JsonShape, jsonShape, jsonSyntaxError } from './json-text.ts';

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown; readonly shape: JsonShape }
  /** `error` in Go's words: `invalid character 'x' looking for beginning of value`. */
  | { readonly ok: false; readonly error: string };

/** Parses a JSON text of bounded depth. */
export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, error: jsonSyntaxError(text) };
  }
  const shape = jsonShape(text);
  return shape.depth > JSON_DEPTH_MAX ? { ok: false, error: DEPTH_ERROR } : { ok: true, value, shape };
}
