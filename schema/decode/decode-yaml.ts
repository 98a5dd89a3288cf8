/** YAML bodies into JSON values, as upstream turns YAML into JSON before it decodes. */
import { parseDocument, visit, type YAMLError } from 'yaml';
import { JSON_DEPTH_MAX } from './json-text.ts';
import { YAML_SCALARS } from './yaml-scalars.ts';

/** How often a document may use its anchors; more is an attack by ever doubling lists. */
export const YAML_ALIASES_MAX = 1_000;
/** Nodes that aliases may make of a document, as a multiple of what it holds as written. */
const YAML_NODES_MAX = 1_000_000;

export type DecodedYaml =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** One line each, e.g. `line 5: key "replicas" already set in map`. */
      readonly duplicates: readonly string[];
    }
  /** `error` in the form of upstream's YAML library: `yaml: line 2: …`. */
  | { readonly ok: false; readonly error: string };

const failed = (error: string): DecodedYaml => ({ ok: false, error });

/** Upstream's words for what its library and ours name differently; the first that fits counts. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/call stack size/, 'exceeded max depth'],
  [/[Mm]issing closing .*quote/, 'found unexpected end of stream'],
  [/end with a \]/, "did not find expected ',' or ']'"],
  [/end with a \}/, "did not find expected ',' or '}'"],
  [
    /Nested mappings are not allowed|Implicit map keys need to be on a single line/,
    'mapping values are not allowed in this context',
  ],
  [/cannot start with reserved character|Tabs are not allowed/, 'found character that cannot start any token'],
  [/Implicit keys need to be|followed by map values/, "could not find expected ':'"],
  [/block-seq-ind on same line/, 'block sequence entries are not allowed in this context'],
  [/must start at the same column/, 'did not find expected key'],
];

function errorText(error: YAMLError): string {
  const line = error.linePos?.[0].line ?? 1;
  const message = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  const words = WORDS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
  // Upstream tells no line of what its scanner, rather than its parser, refuses.
  return /^(?:found|block sequence entries|exceeded)/.test(words) ? `yaml: ${words}` : `yaml: line ${line}: ${words}`;
}

function duplicateText(error: YAMLError, text: string): string {
  const start = error.pos[0];
  const key = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^:\n]*))/.exec(text.slice(start, start + 1_000));
  const name = key?.[1] ?? key?.[2] ?? key?.[3] ?? '';
  return `line ${error.linePos?.[0].line ?? 1}: key ${JSON.stringify(name.trim())} already set in map`;
}

/** What JSON cannot carry, or too much of it; undefined when the value is fine. */
function unfit(value: unknown): string | undefined {
  let nodes = 0;
  const visitValue = (node: unknown, depth: number): string | undefined => {
    if (++nodes > YAML_NODES_MAX) return 'yaml: document contains excessive aliasing';
    if (depth > JSON_DEPTH_MAX) return 'yaml: exceeded max depth';
    if (typeof node === 'number' && !Number.isFinite(node)) {
      return `json: unsupported value: ${Number.isNaN(node) ? 'NaN' : node > 0 ? '+Inf' : '-Inf'}`;
    }
    if (node === null || typeof node !== 'object') return undefined;
    for (const item of Object.values(node)) {
      const problem = visitValue(item, depth + 1);
      if (problem) return problem;
    }
    return undefined;
  };
  return visitValue(value, 1);
}

/** The text of the first document: what follows is ignored, as upstream does. */
function parse(text: string): DecodedYaml {
  const document = parseDocument(text, {
    version: '1.1',
    schema: 'failsafe',
    customTags: ['merge', ...YAML_SCALARS],
    merge: true,
    strict: false,
    logLevel: 'silent',
    prettyErrors: true,
  });
  const errors = document.errors.filter((error) => error.code !== 'MULTIPLE_DOCS');
  const fatal = errors.find((error) => error.code !== 'DUPLICATE_KEY');
  if (fatal) return failed(errorText(fatal));
  const missing = missingAnchor(document);
  if (missing !== undefined) return failed(`yaml: unknown anchor '${missing}' referenced`);
  const value: unknown = document.toJS({ maxAliasCount: YAML_ALIASES_MAX });
  const problem = unfit(value);
  return problem ? failed(problem) : { ok: true, value, duplicates: errors.map((error) => duplicateText(error, text)) };
}

function missingAnchor(document: ReturnType<typeof parseDocument>): string | undefined {
  let missing: string | undefined;
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return undefined;
      missing = alias.source;
      return visit.BREAK;
    },
  });
  return missing;
}

/** Parses YAML text of bounded depth and aliasing. */
export function parseYaml(text: string): DecodedYaml {
  try {
    return parse(text);
  } catch (error) {
    // The library throws on aliasing beyond the limit, and runs out of stack on nesting beyond any use.
    if (error instanceof ReferenceError) return failed('yaml: document contains excessive aliasing');
    if (error instanceof RangeError) return failed('yaml: exceeded max depth');
    throw error;
  }
}
