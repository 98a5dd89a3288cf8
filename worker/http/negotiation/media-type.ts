/** How one media type is read and written. JSON text is the form in between. */
export interface MediaType {
  readonly name: string;
  readonly type: string;
  readonly subtype: string;
  /** A request body as JSON text; the error is upstream's. */
  readBody(body: string): { readonly ok: true; readonly json: string } | { readonly ok: false; readonly error: string };
  /** JSON text as an answer's body. */
  writeBody(json: string, isPretty: boolean): string;
}
