/**
 * Writes `schema/generated/` (git-ignored) from the type descriptions of two packages:
 * `@kubernetes/client-node` gives every type's fields, formats and which are required;
 * `kubernetes-models` tells quantities from strings and lists enumerations.
 * What the packages lack of the Kubernetes version we serve is in `schema-additions.ts`.
 *
 * `field-table.ts` is what everything imports. `schema-names.ts` and `openapi-texts.ts` are for OpenAPI only:
 * descriptions are a megabyte, so they travel compressed and are unpacked only while a document is made.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ADDED_FIELDS, ADDED_PACKAGES, REMOVED_FIELDS, TAKEN_OVER } from './schema-additions.ts';

const ROOT = path.join(import.meta.dirname, '..');
const CLIENT_MODELS = path.join(ROOT, 'node_modules/@kubernetes/client-node/dist/gen/models');
const KUBERNETES_MODELS = path.join(ROOT, 'node_modules/kubernetes-models');
const APIMACHINERY_MODELS = path.join(ROOT, 'node_modules/@kubernetes-models/apimachinery');
const OUTPUT = path.join(ROOT, 'schema/generated');

/** Fewer would mean that the packages changed their layout. */
const TYPES_MIN = 700;
const QUANTITY_FIELDS_MIN = 20;

interface Field {
  readonly name: string;
  /** A code of the field table; see `schema/decode/field-table.ts`. */
  readonly type: string;
  readonly required: boolean;
}

interface Type {
  readonly name: string;
  readonly fields: readonly Field[];
}

const SCALARS: Record<string, string> = {
  'string|': 's',
  'string|byte': 'y',
  'string|int-or-string': 'o',
  'string|date-time': 't',
  'IntOrString|int-or-string': 'o',
  'IntOrString|': 'o',
  'number|int32': 'i',
  'number|int64': 'l',
  'number|double': 'd',
  'number|': 'd',
  'boolean|': 'b',
  'any|': 'a',
  'any|object': 'a',
  'Date|date-time': 't',
  'V1MicroTime|date-time-micro': 'm',
  'Date|': 't',
};

/** The field table's code of one of client-node's types, e.g. `{ [key: string]: Array<string>; }` → `{}[]s`. */
function codeOf(type: string, format: string): string {
  const array = /^Array<(.*)>$/.exec(type);
  if (array) return `[]${codeOf(array[1] ?? '', format)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (map) return `{}${codeOf(map[1] ?? '', format)}`;
  const scalar = SCALARS[`${type}|${format}`];
  if (scalar) return scalar;
  if (/^[A-Z]\w*$/.test(type) && (format === '' || format === 'date-time-micro')) return format ? 'm' : type;
  throw new Error(`client-node has a type this script does not know: ${type} (${format})`);
}

/** client-node wraps these in a class of its own. */
const MICRO_TIME = 'V1MicroTime';

function readAttributes(source: string, name: string): { baseName: string; type: string; format: string }[] {
  const start = source.indexOf('.attributeTypeMap = [');
  if (start < 0) throw new Error(`${name} lists no attributes`);
  const open = source.indexOf('[', start);
  return JSON.parse(source.slice(open, source.indexOf('];', open) + 1));
}

/** Names client-node's declaration marks as always present. */
function requiredNames(declaration: string): Set<string> {
  return new Set([...declaration.matchAll(/^ {4}'([^']+)': /gm)].map(([, name = '']) => name));
}

interface DescribedType {
  readonly type: Type;
  readonly descriptions: Record<string, string>;
}

function readType(name: string): DescribedType {
  const source = readFileSync(path.join(CLIENT_MODELS, `${name}.js`), 'utf8');
  const declaration = readFileSync(path.join(CLIENT_MODELS, `${name}.d.ts`), 'utf8');
  const required = requiredNames(declaration);
  const fields = readAttributes(source, name).map(({ baseName, type, format }) => ({
    name: baseName,
    type: type === MICRO_TIME ? 'm' : codeOf(type, format),
    required: required.has(baseName),
  }));
  return { type: { name, fields }, descriptions: readDescriptions(declaration) };
}

/** A type's counterpart in the newer version; `V1beta2DeviceTaint` in it becomes `V1DeviceTaint`. */
function takenOver(name: string, from: string): DescribedType {
  const { type, descriptions } = readType(from);
  const [, newer = '', older = ''] = /^(V\d+)\w* (V\d+[a-z]+\d+)/.exec(`${name} ${from}`) ?? [];
  const fields = type.fields.map((field) => ({ ...field, type: field.type.replace(older, newer) }));
  return { type: { name, fields }, descriptions };
}

const unindent = (comment: string): string =>
  comment
    .replace(/^\s*\* ?/gm, '')
    .replace(/\\([*'/])/g, '$1')
    .replace(/\n@deprecated$/, '')
    .trim();

/** Descriptions by field; the type's own under the empty name. */
function readDescriptions(declaration: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const match of declaration.matchAll(
    /\/\*\*\n((?: *\*(?!\/).*\n)+) *\*\/\n(?: {4}['"]([^'"]+)['"]\??:|export (?:interface|declare class|type)\b)/g,
  )) {
    found[match[2] ?? ''] = unindent(match[1] ?? '');
  }
  return found;
}

/** The classes `all.js` lists; stale files of older versions lie beside them. */
function listedTypes(): string[] {
  const listing = readFileSync(path.join(CLIENT_MODELS, 'all.js'), 'utf8');
  return [...listing.matchAll(/'\.\.\/models\/(\w+)\.js'/g)]
    .map(([, name = '']) => name)
    .sort((a, b) => (a < b ? -1 : 1));
}

interface Facts {
  readonly quantities: ReadonlySet<string>;
  readonly enums: ReadonlyMap<string, readonly string[]>;
  readonly descriptions: Readonly<Record<string, string>>;
  readonly names: string;
}

/** `V1beta1Foo` and `CoreV1Foo` → version and kind, the part both packages share. */
function versionAndKind(clientName: string): string {
  const parts = /^(?:[A-Z][a-z]+)?V(\d+(?:alpha\d+|beta\d+)?)([A-Z]\w*)$/.exec(clientName);
  return parts ? `v${parts[1]}/${parts[2]}` : clientName;
}

/** Both packages agree on names but for kind and apiVersion, which one of them inherits. */
const namesKey = (names: readonly string[]): string =>
  names
    .filter((name) => name !== 'kind' && name !== 'apiVersion')
    .sort()
    .join();

function readFacts(declaration: string): Facts {
  const body = /export interface \w+(?: extends TypeMeta)? \{\n([^]*?)\n\}\n/.exec(declaration)?.[1] ?? '';
  const quantities = new Set<string>();
  const enums = new Map<string, readonly string[]>();
  const names: string[] = [];
  for (const field of body.matchAll(/^ {4}"([^"]+)"\??: ((?:.|\n(?! {4}"| {4}\/\*\*))*);$/gm)) {
    const [, name = '', type = ''] = field;
    names.push(name);
    if (type.includes('ApiResourceQuantity')) quantities.add(name);
    if (name !== 'kind' && name !== 'apiVersion' && /^"[^"]*"(?: \| "[^"]*")*$/.test(type))
      enums.set(
        name,
        [...type.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text),
      );
  }
  return { quantities, enums, descriptions: readDescriptions(declaration), names: namesKey(names) };
}

const META_FOLDER = path.join(APIMACHINERY_MODELS, 'apis/meta/v1');

/** Facts of `kubernetes-models` by version and kind; several groups may share one. */
function readAllFacts(): Map<string, Facts[]> {
  const facts = new Map<string, Facts[]>();
  for (const file of readdirSync(META_FOLDER).filter((f) => f.endsWith('.d.ts') && f !== 'index.d.ts')) {
    facts.set(`v1/${file.slice(0, -5)}`, [readFacts(readFileSync(path.join(META_FOLDER, file), 'utf8'))]);
  }
  const folders = readdirSync(KUBERNETES_MODELS, { withFileTypes: true }).filter(
    (e) => e.isDirectory() && e.name !== '_schemas',
  );
  for (const folder of folders) {
    const at = path.join(KUBERNETES_MODELS, folder.name);
    const versions =
      folder.name === 'v1' ? [['v1', at] as const] : readdirSync(at).map((v) => [v, path.join(at, v)] as const);
    for (const [version, directory] of versions) {
      if (!/^v\d/.test(version)) continue;
      for (const file of readdirSync(directory).filter((f) => f.endsWith('.d.ts') && f !== 'index.d.ts')) {
        const key = `${version}/${file.slice(0, -5)}`;
        facts.set(key, [...(facts.get(key) ?? []), readFacts(readFileSync(path.join(directory, file), 'utf8'))]);
      }
    }
  }
  return facts;
}

/** The facts of exactly this type: of the same-named ones, the one with the same fields. */
function factsOf(type: Type, facts: Map<string, Facts[]>): Facts | undefined {
  const names = namesKey(type.fields.map((field) => field.name));
  return facts.get(versionAndKind(type.name))?.find((candidate) => candidate.names === names);
}

/** Types of apimachinery that are one code of the field table; in OpenAPI they have a schema of their own. */
const SCALAR_TYPES: Readonly<Record<string, string>> = {
  FieldsV1: 'apis/meta/v1/FieldsV1',
  IntOrString: 'util/intstr/IntOrString',
  MicroTime: 'apis/meta/v1/MicroTime',
  Patch: 'apis/meta/v1/Patch',
  Quantity: 'api/resource/Quantity',
  RawExtension: 'runtime/RawExtension',
  Time: 'apis/meta/v1/Time',
};

const describeScalars = (): [string, Record<string, string>][] =>
  Object.entries(SCALAR_TYPES).map(([name, file]) => [
    name,
    readDescriptions(readFileSync(path.join(APIMACHINERY_MODELS, `${file}.d.ts`), 'utf8')),
  ]);

/** `IoK8sApiAppsV1DaemonSet` → `io.k8s.api.apps.v1` and `V1DaemonSet`. */
function packageAndType(file: string): readonly [string, string] | undefined {
  const meta = /^IoK8sApimachineryPkgApisMeta(V1\w+)$/.exec(file);
  if (meta) return ['io.k8s.apimachinery.pkg.apis.meta.v1', meta[1] as string];
  const aggregator = /^IoK8sKubeAggregatorPkgApisApiregistration(V1\w+)$/.exec(file);
  if (aggregator) return ['io.k8s.kube-aggregator.pkg.apis.apiregistration.v1', aggregator[1] as string];
  const extensions = /^IoK8sApiextensionsApiserverPkgApisApiextensions(V1\w+)$/.exec(file);
  if (extensions) return ['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1', extensions[1] as string];
  const parts = /^IoK8sApi([A-Z][a-z]+)(V\d+(?:(?:alpha|beta)\d+)?)([A-Z]\w*)$/.exec(file);
  if (!parts) return undefined;
  const [, group = '', version = '', name] = parts;
  return [`io.k8s.api.${group.toLowerCase()}.${version.toLowerCase()}`, `${version}${name}`];
}

/** The Go package of each type. What the packages do not know belongs to where it is referred to. */
function packagesOf(types: readonly Type[]): ReadonlyMap<string, string> {
  const files = [KUBERNETES_MODELS, APIMACHINERY_MODELS].flatMap((folder) =>
    readdirSync(path.join(folder, '_schemas')).filter((file) => file.endsWith('.d.ts')),
  );
  const candidates = new Map<string, string[]>();
  for (const file of files) {
    const found = packageAndType(file.slice(0, -5));
    if (found) candidates.set(found[1], [...(candidates.get(found[1]) ?? []), found[0]]);
  }
  const packages = new Map(
    Object.entries(ADDED_PACKAGES).flatMap(([home, names]) => names.split(/\s+/).map((name) => [name, home] as const)),
  );
  for (const { name } of types) {
    const [, prefix = '', rest = name] = /^([A-Z][a-z]+)?(V\d.*)$/.exec(name) ?? [];
    const of = candidates.get(rest)?.filter((one) => prefix === '' || one.includes(`.${prefix.toLowerCase()}.`));
    if (of?.[0]) packages.set(name, of[0]);
  }
  for (let left = types.length; left > 0; left = settleReferred(types, packages)) {
    // Once more: what was settled now may refer to others.
  }
  return packages;
}

function settleReferred(types: readonly Type[], packages: Map<string, string>): number {
  let settled = 0;
  for (const { name, fields } of types) {
    const home = packages.get(name);
    for (const { type } of home ? fields : []) {
      const referred = type.replace(/^(?:\[\]|\{\})+/, '');
      if (!/^[A-Z]/.test(referred) || packages.has(referred)) continue;
      packages.set(referred, home as string);
      settled += 1;
    }
  }
  return settled;
}

/** Lines of `schema-names.ts`: the types of each package. */
function packageLines(packages: ReadonlyMap<string, string>): string {
  const byPackage = new Map<string, string[]>();
  for (const [type, home] of packages) byPackage.set(home, [...(byPackage.get(home) ?? []), type]);
  return [...byPackage]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([home, names]) => `  '${home}': '${names.sort().join(' ')}',`)
    .join('\n');
}

const withQuantities = (type: Type, facts: Facts | undefined): Type => ({
  ...type,
  fields: type.fields.map((field) =>
    facts?.quantities.has(field.name) ? { ...field, type: field.type.replace(/s$/, 'q') } : field,
  ),
});

/** The additions win: they also correct what the packages describe wrongly. */
function withAdditions(type: Type): Type {
  const added = ADDED_FIELDS[type.name] ?? {};
  const known = new Set(type.fields.map((field) => field.name));
  const kept = type.fields.filter((field) => !REMOVED_FIELDS.has(`${type.name}.${field.name}`));
  const corrected = kept.map((field) => ({ ...field, type: added[field.name] ?? field.type }));
  const extra = Object.entries(added).filter(([name]) => !known.has(name));
  return { ...type, fields: [...corrected, ...extra.map(([name, code]) => ({ name, type: code, required: false }))] };
}

const line = ({ name, fields }: Type): string =>
  `  ${name}: '${fields.map((f) => `${f.name}${f.required ? '!' : ''}:${f.type}`).join(' ')}',`;

const withoutVersion = (name: string): string => name.replace(/V\d+(?:(?:alpha|beta)\d+)?/, '');

/** Added types that are newer versions of one the packages know: described as that one. */
const describedAsEarlier = (
  added: readonly string[],
  described: readonly (readonly [string, Record<string, string>])[],
): [string, Record<string, string>][] =>
  added.flatMap((name) => {
    const earlier = described.find(([known]) => withoutVersion(known) === withoutVersion(name));
    return earlier ? [[name, earlier[1]]] : [];
  });

/** Replaces the file at once, so that a reader beside us never sees half of it. */
function write(file: string, text: string): void {
  const temporary = path.join(OUTPUT, `.${file}.${process.pid}`);
  writeFileSync(temporary, text);
  renameSync(temporary, path.join(OUTPUT, file));
}

function main(): void {
  const read = [...listedTypes().map(readType), ...Object.entries(TAKEN_OVER).map((pair) => takenOver(...pair))];
  const facts = readAllFacts();
  const listed = read.map(({ type }) => withAdditions(withQuantities(type, factsOf(type, facts))));
  const known = new Set(listed.map((type) => type.name));
  const added = Object.keys(ADDED_FIELDS)
    .filter((name) => !known.has(name))
    .map((name) => withAdditions({ name, fields: [] }));
  const types = [...listed, ...added].sort((a, b) => (a.name < b.name ? -1 : 1));
  const quantities = types.flatMap((type) => type.fields).filter((field) => field.type.endsWith('q'));
  if (types.length < TYPES_MIN || quantities.length < QUANTITY_FIELDS_MIN) {
    throw new Error(
      `the packages changed their layout: ${types.length} types, ${quantities.length} quantity fields found`,
    );
  }
  const enums = read.flatMap(({ type }) =>
    [...(factsOf(type, facts)?.enums ?? [])].map(([field, values]) => [`${type.name}.${field}`, values] as const),
  );
  mkdirSync(OUTPUT, { recursive: true });
  write(
    'field-table.ts',
    `// Made by scripts/generate-schema.ts.\n/** Fields by type, in the form schema/decode/field-table.ts reads. */\nexport const FIELD_TABLE: Readonly<Record<string, string>> = {\n${types.map(line).join('\n')}\n};\n`,
  );
  write(
    'schema-names.ts',
    `// Made by scripts/generate-schema.ts.\n/** Types of the field table by the Go package that defines them. */\nexport const TYPES_BY_PACKAGE: Readonly<Record<string, string>> = {\n${packageLines(packagesOf(types))}\n};\n`,
  );
  const described = read.map(({ type, descriptions }): [string, Record<string, string>] => {
    const better = factsOf(type, facts)?.descriptions;
    return [type.name, { ...descriptions, ...better }];
  });
  const texts = JSON.stringify({
    types: Object.fromEntries([
      ...described,
      ...describedAsEarlier(
        added.map(({ name }) => name),
        described,
      ),
      ...describeScalars(),
    ]),
    enums: Object.fromEntries(enums),
  });
  write(
    'openapi-texts.ts',
    `// Made by scripts/generate-schema.ts.\n/** JSON of OpenApiTexts (worker/http/openapi/texts.ts), compressed with gzip, in base64. */\nexport const OPENAPI_TEXTS: string =\n  '${gzipSync(texts, { level: 9 }).toString('base64')}';\n`,
  );
}

main();
