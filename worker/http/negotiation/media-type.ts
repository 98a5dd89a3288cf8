/** How one media type is read and written. JSON text is the form in between. */
export interface MediaType {
  readonly name: string;
  readonly type: string;
  readonly subtype: string;
  /** Which of schema/decode's readers takes such bodies. */
  readonly format: 'json' | 'yaml';
  /** JSON text as an answer's body. */
  writeBody(json: string, isPretty: boolean): string;
}
