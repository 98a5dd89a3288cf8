/**
 * The slow walk that finds members given twice, taken only when a text has more members than its
 * value. It reads the text anew, keeping every member, and goes over it along the field table.
 */
import { formatPath } from './check-fields.ts';
import { type FieldType, mustStructTypeOf, type StructType } from './field-table.ts';
import { stringEnd } from './json-text.ts';
import { goQuote } from '../meta/go-format.ts';

/** Upstream stops collecting here. */
const STRICT_ERRORS_MAX = 100;

/** Members in order, repeated ones included; lists; anything else is a leaf. */
type Node = { readonly members: readonly (readonly [string, Node])[] } | { readonly items: readonly Node[] } | undefined;

type PathEntry = string | number | { readonly key: string };

/** Reads a text known to be valid JSON. */
class TreeReader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): Node {
    this.skip(/[\s]/y);
    const character = this.text[this.at];
    if (character === '{') return { members: this.members() };
    if (character === '[') return { items: this.items() };
    if (character === '"') this.string();
    else this.skip(/[^\s,\]}]/y);
    return undefined;
  }

  private skip(one: RegExp): void {
    for (one.lastIndex = this.at; one.test(this.text); one.lastIndex = this.at) this.at++;
  }

  private string(): string {
    const end = stringEnd(this.text, this.at);
    const raw = this.text.slice(this.at, end + 1);
    this.at = end + 1;
    return JSON.parse(raw) as string;
  }

  /** Goes past blanks and one of the separators; true at the closing bracket. */
  private closes(bracket: string): boolean {
    this.skip(/[\s,:]/y);
    if (this.text[this.at] !== bracket) return false;
    this.at++;
    return true;
  }

  private members(): [string, Node][] {
    const members: [string, Node][] = [];
    this.at++;
    while (!this.closes('}')) {
      const key = this.string();
      this.skip(/[\s:]/y);
      members.push([key, this.value()]);
    }
    return members;
  }

  private items(): Node[] {
    const items: Node[] = [];
    this.at++;
    while (!this.closes(']')) items.push(this.value());
    return items;
  }
}

class StrictWalk {
  readonly errors = new Set<string>();
  private readonly path: PathEntry[] = [];

  private report(kind: 'unknown' | 'duplicate', key: string): void {
    if (this.errors.size < STRICT_ERRORS_MAX) this.errors.add(`${kind} field ${goQuote(formatPath([...this.path, key]))}`);
  }

  struct(node: Node, type: StructType): void {
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

  private value(node: Node, type: FieldType): void {
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
  }

  private map(members: readonly (readonly [string, Node])[], type: FieldType): void {
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
  const walk = new StrictWalk();
  walk.struct(new TreeReader(text).value(), mustStructTypeOf(type));
  return [...walk.errors];
}
