/**
 * The changes the hub released last, of all namespaces, in revision order: what watches replay. Bounded
 * in bytes; what is older comes from the shards' own history.
 */
import type { Change } from '../../schema/protocol/change.ts';

export const MERGED_LOG_BYTES_MAX = 24 * 1024 * 1024;
/** Of a change beside its texts. */
const CHANGE_BYTES = 300;

const bytesOf = (change: Change): number => CHANGE_BYTES + change.text.length + (change.previous?.text.length ?? 0);

export class MergedLog {
  readonly #bytesMax: number;
  #changes: Change[] = [];
  /** Entries before it have been dropped; the array is cut when they are many. */
  #head = 0;
  #bytes = 0;
  #floor: number;
  #through: number;

  /** Empty, and complete for what comes after `floor`. */
  constructor(floor: number, bytesMax = MERGED_LOG_BYTES_MAX) {
    this.#bytesMax = bytesMax;
    this.#floor = floor;
    this.#through = floor;
  }

  /** Every change after it, up to `through`, is here. */
  get floor(): number {
    return this.#floor;
  }

  get through(): number {
    return this.#through;
  }

  /** `changes` ascending, all above `through` of the last call. */
  append(changes: readonly Change[], through: number): void {
    for (const change of changes) {
      this.#changes.push(change);
      this.#bytes += bytesOf(change);
    }
    this.#through = through;
    this.#trim();
  }

  /** Adds older history: all changes with `floor < revision <= ` the present floor. What does not fit is left out. */
  prepend(changes: readonly Change[], floor: number): void {
    let from = changes.length;
    let lowest = this.#floor;
    while (from > 0) {
      const change = changes[from - 1] as Change;
      const bytes = bytesOf(change);
      if (this.#bytes + bytes > this.#bytesMax) break;
      this.#bytes += bytes;
      from -= 1;
      lowest = change.revision - 1;
    }
    this.#changes = [...changes.slice(from), ...this.#changes.slice(this.#head)];
    this.#head = 0;
    this.#floor = from === 0 ? floor : lowest;
  }

  /** Changes with `after < revision`, oldest first; undefined when they no longer are all here. */
  since(after: number): readonly Change[] | undefined {
    if (after < this.#floor) return undefined;
    let low = this.#head;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle] as Change).revision <= after) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low);
  }

  #trim(): void {
    while (this.#bytes > this.#bytesMax && this.#head < this.#changes.length) {
      const dropped = this.#changes[this.#head] as Change;
      this.#bytes -= bytesOf(dropped);
      this.#floor = dropped.revision;
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#head);
      this.#head = 0;
    }
  }
}
