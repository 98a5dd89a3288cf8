/** Counters and histograms in memory, written in Prometheus' text format. */

export type Labels = Readonly<Record<string, string>>;

/** Of one metric; what comes with further label values is not counted by itself. */
export const SERIES_MAX = 2_000;

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelText = (labels: Labels): string =>
  Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escaped(labels[name] ?? '')}"`)
    .join(',');

const head = (name: string, help: string, type: string): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** A family of series; `text` is what a scrape gets of it. */
interface Family {
  text(): string;
}

/** Series by their labels' text, up to the limit. */
class Series<T> {
  readonly all = new Map<string, T>();
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  of(labels: Labels): T | undefined {
    const key = labelText(labels);
    const known = this.all.get(key);
    if (known || this.all.size >= SERIES_MAX) return known;
    const made = this.#make();
    this.all.set(key, made);
    return made;
  }
}

/** One series of a counter. */
export interface Count {
  count: number;
}

export class Counter implements Family {
  readonly #name: string;
  readonly #help: string;
  readonly #series = new Series<Count>(() => ({ count: 0 }));

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  /** To be kept by those who count often: finding it takes longer than counting. Undefined: there are too many. */
  series(labels: Labels): Count | undefined {
    return this.#series.of(labels);
  }

  text(): string {
    const lines = [...this.#series.all].map(([labels, { count }]) => `${this.#name}{${labels}} ${count}\n`);
    return head(this.#name, this.#help, 'counter') + lines.join('');
  }
}

/** One series of a histogram. */
export interface Distribution {
  readonly buckets: number[];
  sum: number;
  count: number;
}

export class Histogram implements Family {
  readonly #name: string;
  readonly #help: string;
  /** Upper bounds, rising. */
  readonly #bounds: readonly number[];
  readonly #series: Series<Distribution>;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#series = new Series(() => ({ buckets: bounds.map(() => 0), sum: 0, count: 0 }));
  }

  /** As `Counter.series`. */
  series(labels: Labels): Distribution | undefined {
    return this.#series.of(labels);
  }

  observe(series: Distribution, value: number): void {
    series.sum += value;
    series.count += 1;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) series.buckets[at] = (series.buckets[at] ?? 0) + 1;
  }

  text(): string {
    const lines = [...this.#series.all].map(([labels, { buckets, sum, count }]) => {
      let below = 0;
      const bucketLines = this.#bounds.map((bound, i) => {
        below += buckets[i] ?? 0;
        return `${this.#name}_bucket{${labels},le="${bound}"} ${below}\n`;
      });
      bucketLines.push(`${this.#name}_bucket{${labels},le="+Inf"} ${count}\n`);
      return `${bucketLines.join('')}${this.#name}_sum{${labels}} ${sum}\n${this.#name}_count{${labels}} ${count}\n`;
    });
    return head(this.#name, this.#help, 'histogram') + lines.join('');
  }
}
