/**
 * The values of a parsed YAML document. The library's own conversion takes time that grows with
 * the square of a document's keys and aliases; this one is a single walk, with limits.
 */
import { pushAll } from '../meta/push-all.ts';
import { type Alias, isAlias, isMap, isScalar, isSeq, type LineCounter, type Pair, type YAMLMap } from 'yaml';
import { setMember } from './check-fields.ts';
import { JSON_DEPTH_MAX } from './json-text.ts';

/** Nodes that aliases may add to a document; more is an attack by ever doubling lists. */
export const YAML_ALIASED_NODES_MAX = 100_000;
/** Repeated keys told at most. */
const DUPLICATES_MAX = 100;

/** Carries upstream's text for a document that has no JSON form. */
export class YamlValueError extends Error {}

type Members = Record<string, unknown>;

const infinity = (value: number): string => (value > 0 ? '+Inf' : '-Inf');

function scalarValue(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value ?? null;
  throw new YamlValueError(`json: unsupported value: ${Number.isNaN(value) ? 'NaN' : infinity(value)}`);
}

export class YamlValues {
  /** One line each: `line 5: key "replicas" already set in map`. */
  readonly duplicates: string[] = [];
  private readonly anchors = new Map<string, unknown>();
  private readonly lines: LineCounter;
  private aliasedNodes = 0;

  constructor(lines: LineCounter) {
    this.lines = lines;
  }

  /** The value of a node; an absent one is null. */
  valueOf(node: unknown, depth = 1): unknown {
    if (depth > JSON_DEPTH_MAX) throw new YamlValueError('yaml: exceeded max depth');
    if (isAlias(node)) return this.aliased(node, depth);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.anchors.delete(anchor);
    let value: unknown = null;
    if (isScalar(node)) value = scalarValue(node.value);
    else if (isMap(node)) value = this.mapValue(node, depth);
    else if (isSeq(node)) value = node.items.map((item) => this.valueOf(item, depth + 1));
    if (anchor !== undefined) this.anchors.set(anchor, value);
    return value;
  }

  private aliased(alias: Alias, depth: number): unknown {
    if (!this.anchors.has(alias.source)) throw new YamlValueError(`yaml: unknown anchor '${alias.source}' referenced`);
    return this.copy(this.anchors.get(alias.source), depth);
  }

  private copy(value: unknown, depth: number): unknown {
    if (++this.aliasedNodes > YAML_ALIASED_NODES_MAX)
      throw new YamlValueError('yaml: document contains excessive aliasing');
    if (depth > JSON_DEPTH_MAX) throw new YamlValueError('yaml: exceeded max depth');
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((item) => this.copy(item, depth + 1));
    const copied: Members = {};
    for (const [key, item] of Object.entries(value)) setMember(copied, key, this.copy(item, depth + 1));
    return copied;
  }

  private mapValue(map: YAMLMap, depth: number): Members {
    const members: Members = {};
    const merged: Members[] = [];
    for (const pair of map.items) {
      if (isMergeKey(pair)) {
        pushAll(merged, this.mergedMaps(this.valueOf(pair.value, depth + 1)));
        continue;
      }
      const key = this.keyOf(pair);
      if (Object.hasOwn(members, key)) this.reportDuplicate(pair, key);
      setMember(members, key, this.valueOf(pair.value, depth + 1));
    }
    for (const source of merged) {
      for (const [key, value] of Object.entries(source))
        if (!Object.hasOwn(members, key)) setMember(members, key, value);
    }
    return members;
  }

  private mergedMaps(value: unknown): Members[] {
    const maps: unknown[] = Array.isArray(value) ? value : [value];
    if (maps.every((map) => map !== null && typeof map === 'object' && !Array.isArray(map))) return maps as Members[];
    throw new YamlValueError('yaml: map merge requires map or sequence of maps as the value');
  }

  private keyOf({ key }: Pair): string {
    const value = isScalar(key) || isAlias(key) ? this.valueOf(key) : key;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new YamlValueError('yaml: unsupported map key');
  }

  private reportDuplicate({ key }: Pair, name: string): void {
    if (this.duplicates.length >= DUPLICATES_MAX) return;
    const offset = isScalar(key) || isAlias(key) ? (key.range?.[0] ?? 0) : 0;
    this.duplicates.push(`line ${this.lines.linePos(offset).line}: key ${JSON.stringify(name)} already set in map`);
  }
}

/** `<<` written plainly: quoted it is a key like any other. */
const isMergeKey = ({ key }: Pair): boolean => isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
