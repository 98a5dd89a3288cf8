/** What OpenAPI v3 and Swagger 2.0 write differently. */
export type JsonSchema = Record<string, unknown>;

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'integer' | 'boolean';
}

/** An operation's body and answers, by the names of schemas. */
export interface Exchange {
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** Schema of the body, and whether there must be one. */
  readonly body: { readonly schema: string; readonly isRequired: boolean } | undefined;
  /** Status codes with their schemas; `string`: text. */
  readonly answers: readonly (readonly [code: string, schema: string])[];
}

export interface Dialect {
  /** A schema by its name. */
  reference(name: string): JsonSchema;
  /** What a property that is a reference says beyond it. */
  withReference(name: string, more: JsonSchema): JsonSchema;
  readonly intOrString: JsonSchema;
  readonly quantity: JsonSchema;
  parameter(parameter: Parameter): JsonSchema;
  /** The parts of an operation that carry bodies; `parameters` come before them. */
  exchange(exchange: Exchange, parameters: readonly JsonSchema[]): JsonSchema;
}

const DESCRIPTIONS: Readonly<Record<string, string>> = { '200': 'OK', '201': 'Created', '202': 'Accepted' };

const answersOf = ({ answers }: Exchange, content: (schema: string) => JsonSchema): JsonSchema => ({
  ...Object.fromEntries(
    answers.map(([code, schema]) => [code, { description: DESCRIPTIONS[code], ...content(schema) }]),
  ),
  '401': { description: 'Unauthorized' },
});

const V3_PREFIX = '#/components/schemas/';
const V2_PREFIX = '#/definitions/';

const schemaOf = (dialect: Pick<Dialect, 'reference'>, name: string): JsonSchema =>
  name === 'string' ? { type: 'string' } : dialect.reference(name);

export const openApiV3: Dialect = {
  reference: (name) => ({ $ref: `${V3_PREFIX}${name}` }),
  withReference: (name, more) =>
    Object.keys(more).length === 0
      ? { $ref: `${V3_PREFIX}${name}` }
      : { ...more, allOf: [{ $ref: `${V3_PREFIX}${name}` }] },
  intOrString: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  parameter: ({ name, in: place, type }) => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  }),
  exchange: (exchange, parameters) => {
    const content = (types: readonly string[], name: string): JsonSchema => ({
      content: Object.fromEntries(types.map((type) => [type, { schema: schemaOf(openApiV3, name) }])),
    });
    const { body, consumes, produces } = exchange;
    return {
      ...(parameters.length > 0 ? { parameters } : {}),
      ...(body
        ? { requestBody: { ...content(consumes, body.schema), ...(body.isRequired ? { required: true } : {}) } }
        : {}),
      responses: answersOf(exchange, (name) => content(produces, name)),
    };
  },
};

export const swagger2: Dialect = {
  reference: (name) => ({ $ref: `${V2_PREFIX}${name}` }),
  withReference: (name, more) => ({ ...more, $ref: `${V2_PREFIX}${name}` }),
  intOrString: { format: 'int-or-string', type: 'string' },
  quantity: { type: 'string' },
  parameter: ({ name, in: place, type }) => ({
    name,
    in: place,
    type,
    uniqueItems: true,
    ...(place === 'path' ? { required: true } : {}),
  }),
  exchange: (exchange, parameters) => {
    const { body, consumes, produces } = exchange;
    const inBody = body
      ? [
          {
            in: 'body',
            name: 'body',
            ...(body.isRequired ? { required: true } : {}),
            schema: schemaOf(swagger2, body.schema),
          },
        ]
      : [];
    const all = [...inBody, ...parameters];
    return {
      consumes,
      produces,
      schemes: ['https'],
      ...(all.length > 0 ? { parameters: all } : {}),
      responses: answersOf(exchange, (name) => ({ schema: schemaOf(swagger2, name) })),
    };
  },
};
