/**
 * The v2 document in protobuf, for clients that parse nothing else (kubectl before 1.25, Helm 3.6).
 * Source: the messages of gnostic's openapiv2/OpenAPIv2.proto.
 */
import { MessageWriter } from '../../../schema/encode/message-writer.ts';
import type { JsonSchema } from './dialect.ts';
import { type Entry, SWAGGER_HEAD, swaggerContent } from './documents.ts';
import type { OpenApiTexts } from './texts.ts';

type Value = (writer: MessageWriter, field: number, value: unknown) => void;
type Fields = Readonly<Record<string, readonly [field: number, write: Value]>>;

const text: Value = (writer, field, value) => writer.string(field, value as string);
const flag: Value = (writer, field, value) => writer.bool(field, value as boolean);

const each =
  (one: Value): Value =>
  (writer, field, value) => {
    for (const item of (value as readonly unknown[]).toReversed()) one(writer, field, item);
  };

/** A message that holds the value in its only field. */
const wrapped =
  (inner: number, one: Value): Value =>
  (writer, field, value) => {
    const end = writer.length;
    one(writer, inner, value);
    writer.message(field, end);
  };

/** Members of an object as repeated messages of name and value. */
const named =
  (one: Value): Value =>
  (writer, field, value) => {
    for (const entry of Object.entries(value as JsonSchema).toReversed()) writeNamed(writer, field, entry, one);
  };

function writeNamed(writer: MessageWriter, field: number, [name, value]: readonly [string, unknown], one: Value): void {
  const end = writer.length;
  one(writer, 2, value);
  writer.string(1, name);
  writer.message(field, end);
}

/** Any: JSON is YAML. */
const any: Value = wrapped(2, (writer, field, value) => writer.string(field, JSON.stringify(value)));

/** A message by its members; `extensions`: the field that takes the `x-` members. */
const message =
  (fields: () => Fields, extensions: number): Value =>
  (writer, field, value) => {
    const end = writer.length;
    const known = fields();
    for (const [name, member] of Object.entries(value as JsonSchema).toReversed()) {
      const entry = known[name];
      if (entry) entry[1](writer, entry[0], member);
      else if (name.startsWith('x-')) writeNamed(writer, extensions, [name, member], any);
    }
    writer.message(field, end);
  };

const schema: Value = message(() => SCHEMA, 31);
const SCHEMA: Fields = {
  $ref: [1, text],
  format: [2, text],
  description: [4, text],
  default: [5, any],
  required: [19, each(text)],
  enum: [20, each(any)],
  additionalProperties: [21, wrapped(1, schema)],
  type: [22, wrapped(1, text)],
  items: [23, wrapped(1, schema)],
  properties: [25, wrapped(1, named(schema))],
};

const BODY: Fields = { name: [2, text], in: [3, text], required: [4, flag], schema: [5, schema] };
const QUERY: Fields = { required: [1, flag], in: [2, text], name: [4, text], type: [6, text], uniqueItems: [20, flag] };
const PATH: Fields = { required: [1, flag], in: [2, text], name: [4, text], type: [5, text], uniqueItems: [19, flag] };

/** Parameter is one of a body's or one of several others. */
const PARAMETERS: Readonly<Record<string, Value>> = {
  body: wrapped(
    1,
    message(() => BODY, 6),
  ),
  query: wrapped(
    2,
    wrapped(
      3,
      message(() => QUERY, 23),
    ),
  ),
  path: wrapped(
    2,
    wrapped(
      4,
      message(() => PATH, 22),
    ),
  ),
};

const parameter: Value = wrapped(1, (writer, field, value) => {
  const write = PARAMETERS[(value as { in: string }).in] as Value;
  write(writer, field, value);
});

const RESPONSE: Fields = { description: [1, text], schema: [2, wrapped(1, schema)] };
const response: Value = wrapped(
  1,
  message(() => RESPONSE, 5),
);

const OPERATION: Fields = {
  tags: [1, each(text)],
  operationId: [5, text],
  produces: [6, each(text)],
  consumes: [7, each(text)],
  parameters: [8, each(parameter)],
  responses: [9, wrapped(1, named(response))],
  schemes: [10, each(text)],
};
const operation: Value = message(() => OPERATION, 13);

const PATH_ITEM: Fields = {
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
  parameters: [9, each(parameter)],
};
const pathItem: Value = message(() => PATH_ITEM, 10);

const INFO: Fields = { title: [1, text], version: [2, text] };
const API_KEY: Fields = { type: [1, text], name: [2, text], in: [3, text] };

function bytesOf(write: (writer: MessageWriter) => void): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  write(writer);
  return writer.finish();
}

/** A field whose content comes in pieces: its tag and length, then the pieces. */
function* fieldOf(number: number, pieces: readonly Uint8Array<ArrayBuffer>[]): Generator<Uint8Array<ArrayBuffer>> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  yield bytesOf((writer) => writer.header(number, length));
  yield* pieces;
}

const piecesOf = (entries: Iterable<Entry>, number: number, one: Value): Uint8Array<ArrayBuffer>[] =>
  Array.from(entries, (entry) => bytesOf((writer) => writeNamed(writer, number, entry, one)));

const info = message(() => INFO, 7);
const apiKey = wrapped(
  2,
  message(() => API_KEY, 5),
);
const scopes = message(() => ({}), 0);

/** The document, in pieces. */
export function* swaggerProtobuf(texts: OpenApiTexts): Generator<Uint8Array<ArrayBuffer>> {
  const content = swaggerContent(texts);
  yield bytesOf((writer) => {
    info(writer, 2, SWAGGER_HEAD.info);
    writer.string(1, SWAGGER_HEAD.swagger);
  });
  yield* fieldOf(8, piecesOf(content.paths(), 2, pathItem));
  yield* fieldOf(9, piecesOf(content.schemas(), 1, schema));
  yield bytesOf((writer) => {
    wrapped(1, named(apiKey))(writer, 13, SWAGGER_HEAD.securityDefinitions);
    each(wrapped(1, named(scopes)))(writer, 12, SWAGGER_HEAD.security);
  });
}
