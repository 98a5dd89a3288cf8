/** JSON texts read so that members given twice are kept, which JSON.parse does not. */
import { stringEnd } from './json-text.ts';

/** Members in order, repeated ones included; lists; anything else is a leaf. */
export type JsonNode =
  | { readonly members: readonly (readonly [string, JsonNode])[] }
  | { readonly items: readonly JsonNode[] }
  | undefined;

/** Reads a text known to be valid JSON. */
class TreeReader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): JsonNode {
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

  private members(): [string, JsonNode][] {
    const members: [string, JsonNode][] = [];
    this.at++;
    while (!this.closes('}')) {
      const key = this.string();
      this.skip(/[\s:]/y);
      members.push([key, this.value()]);
    }
    return members;
  }

  private items(): JsonNode[] {
    const items: JsonNode[] = [];
    this.at++;
    while (!this.closes(']')) items.push(this.value());
    return items;
  }
}

/** Reads a text known to be valid JSON of bounded depth. */
export const readJsonTree = (text: string): JsonNode => new TreeReader(text).value();
