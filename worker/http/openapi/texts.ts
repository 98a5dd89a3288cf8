/** Descriptions and enumerations of the API's types: a megabyte, of which nothing stays in memory. */
import { OPENAPI_TEXTS } from '../../../schema/generated/openapi-texts.ts';

export interface OpenApiTexts {
  /** Descriptions of fields by type; the type's own under the empty name. */
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Values by `Type.field`. */
  readonly enums: Readonly<Record<string, readonly string[]>>;
}

/** Unpacks them anew: keep the result no longer than a document takes to write. */
export async function unpackTexts(): Promise<OpenApiTexts> {
  const packed = Uint8Array.from(atob(OPENAPI_TEXTS), (character) => character.charCodeAt(0));
  return new Response(unpacked(packed)).json();
}

export const NO_TEXTS: OpenApiTexts = { types: {}, enums: {} };

/** The content of a gzip file. */
export const unpacked = (packed: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> =>
  new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
