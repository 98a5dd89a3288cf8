/**
 * The slow walk that finds members given twice, taken only when a text has more members than its
 * value. It reads the text anew, keeping every member, and goes over it along the field table.
 */
import { goQuote } from '../meta/go-format.ts';
import { formatPath } from './check-fields.ts';
import { type FieldType, mustStructTypeOf, type StructType } from './field-table.ts';
import { type JsonNode, readJsonTree } from './json-tree.ts';

/** Upstream stops collecting here. */
const STRICT_ERRORS_MAX = 100;

type PathEntry = string | number | { readonly key: string };

const ANY: FieldType = { kind: 'any' };

class StrictWalk {
  readonly errors = new Set<string>();
  private readonly path: PathEntry[] = [];
  /** False where upstream keeps such values as raw bytes, unread. */
  private readonly readsAny: boolean;

  constructor(readsAny: boolean) {
    this.readsAny = readsAny;
  }

  private report(kind: 'unknown' | 'duplicate', key: string): void {
    if (this.errors.size < STRICT_ERRORS_MAX)
      this.errors.add(`${kind} field ${goQuote(formatPath([...this.path, key]))}`);
  }

  struct(node: JsonNode, type: StructType): void {
    if (!node || !('members' in node)) return;
    const seen = new Set<string>();
    for (const [key, value] of node.members) {
      const field = type.fields.get(key);
      if (!field) {
        this.report('unknown', key);
        continue;
      }
      if (seen.has(key)) this.report('duplicate', key);
      seen.add(key);
      this.path.push(key);
      this.value(value, field);
      this.path.pop();
    }
  }

  items(node: JsonNode, type: StructType): void {
    if (!node || !('items' in node)) return;
    node.items.forEach((item, i) => {
      this.path.push(i);
      this.struct(item, type);
      this.path.pop();
    });
  }

  private value(node: JsonNode, type: FieldType): void {
    if (!node) return;
    if (type.kind === 'struct') return this.struct(node, mustStructTypeOf(type.type));
    if (type.kind === 'list' && 'items' in node) {
      node.items.forEach((item, i) => {
        this.path.push(i);
        this.value(item, type.item);
        this.path.pop();
      });
    }
    if (type.kind === 'map' && 'members' in node) this.map(node.members, type.value);
    if (type.kind === 'any' && this.readsAny) this.any(node);
  }

  /** Within values of no type, only repeated members can be wrong. */
  any(node: JsonNode): void {
    if (node && 'members' in node) this.map(node.members, ANY);
    if (!node || !('items' in node)) return;
    node.items.forEach((item, i) => {
      this.path.push(i);
      this.any(item);
      this.path.pop();
    });
  }

  private map(members: readonly (readonly [string, JsonNode])[], type: FieldType): void {
    const seen = new Set<string>();
    for (const [key, value] of members) {
      if (seen.has(key)) this.report('duplicate', key);
      seen.add(key);
      this.path.push({ key });
      this.value(value, type);
      this.path.pop();
    }
  }
}

/**
 * All strict errors of a JSON text, in its order: `unknown field "spec.foo"`,
 * `duplicate field "spec.replicas"`. The text must be valid JSON.
 */
export function strictFieldErrors(text: string, type: string): string[] {
  const walk = new StrictWalk(false);
  walk.struct(readJsonTree(text), mustStructTypeOf(type));
  return [...walk.errors];
}

/** The same for a text of no type: only repeated members are errors. */
export function duplicateFieldErrors(text: string): string[] {
  const walk = new StrictWalk(true);
  walk.any(readJsonTree(text));
  return [...walk.errors];
}

/** The same for a list of objects of one made-up struct, as a JSON patch is: `unknown field "[0].foo"`. */
export function strictItemErrors(text: string, fields: ReadonlyMap<string, FieldType>): string[] {
  const walk = new StrictWalk(true);
  walk.items(readJsonTree(text), { name: '', fields, required: new Set() });
  return [...walk.errors];
}

/** Whether a text with `members` members gives one of its value's members twice. */
export const hasRepeatedMembers = (value: unknown, members: number): boolean => countMembers(value) !== members;

function countMembers(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  const items: unknown[] = Object.values(value);
  return items.reduce((sum: number, item) => sum + countMembers(item), Array.isArray(value) ? 0 : items.length);
}
