/** A media type of request bodies. */
export interface BodyMediaType {
  readonly name: string;
  /** Which of schema/decode's readers takes such bodies. */
  readonly format: 'json' | 'yaml' | 'protobuf';
}

/** A media type that answers are written in too. JSON text is the form in between. */
export interface MediaType extends BodyMediaType {
  readonly type: string;
  readonly subtype: string;
  /** Whether watches are written in it. */
  readonly streams: boolean;
  /** JSON text as an answer's body. */
  writeBody(json: string, isPretty: boolean): string | Uint8Array<ArrayBuffer>;
}
