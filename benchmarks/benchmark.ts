/** What one line of a benchmark's report says. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What was expected before measuring, e.g. `>= 1200`. */
  readonly expected?: string;
}

export interface Benchmark {
  readonly name: string;
  /** What is measured, in a sentence. */
  readonly about: string;
  run(): Promise<readonly Figure[]>;
}

/** Whether a figure keeps what was expected of it; nothing when nothing was. */
export function keeps({ value, expected }: Figure): boolean | undefined {
  const match = expected && /^(<=|>=) ([\d.]+)$/.exec(expected);
  if (!match) return undefined;
  return match[1] === '<=' ? value <= Number(match[2]) : value >= Number(match[2]);
}

export function printTable(benchmark: Benchmark, figures: readonly Figure[]): void {
  console.log(`\n${benchmark.name}: ${benchmark.about}`);
  const rows = figures.map((figure) => [
    figure.name,
    `${figure.value} ${figure.unit}`,
    figure.expected ? `expected ${figure.expected}` : '',
    { true: 'ok', false: 'MISSED', undefined: '' }[String(keeps(figure)) as 'true' | 'false' | 'undefined'],
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  for (const row of rows)
    console.log(
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}`,
    );
}
