/** YAML bodies into JSON values, as upstream turns YAML into JSON before it decodes. */
import { LineCounter, parseDocument, type YAMLError } from 'yaml';
import { YAML_SCALARS } from './yaml-scalars.ts';
import { YamlValueError, YamlValues } from './yaml-values.ts';

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

function errorText(error: YAMLError, lines: LineCounter): string {
  const { line } = lines.linePos(error.pos[0]);
  const message = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  const words = WORDS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
  // Upstream tells no line of what its scanner, rather than its parser, refuses.
  return /^(?:found|block sequence entries|exceeded)/.test(words) ? `yaml: ${words}` : `yaml: line ${line}: ${words}`;
}

/** Parses YAML text of bounded depth and aliasing. Of several documents the first counts, as upstream has it. */
export function parseYaml(text: string): DecodedYaml {
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, {
      version: '1.1',
      schema: 'failsafe',
      customTags: [...YAML_SCALARS],
      // Each would take time that grows with the square of keys or of errors.
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      strict: false,
      logLevel: 'silent',
      lineCounter,
    });
    const fatal = document.errors.find((error) => error.code !== 'MULTIPLE_DOCS');
    if (fatal) return failed(errorText(fatal, lineCounter));
    const values = new YamlValues(lineCounter);
    return { ok: true, value: values.valueOf(document.contents), duplicates: values.duplicates };
  } catch (error) {
    if (error instanceof YamlValueError) return failed(error.message);
    // The library runs out of stack on nesting beyond any use.
    if (error instanceof RangeError) return failed('yaml: exceeded max depth');
    throw error;
  }
}
