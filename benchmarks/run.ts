/** `npm run bench -- NAME… [--json]`: runs the named benchmarks, all without a name. */
import { audit } from './audit.ts';
import { type Benchmark, keeps, printTable } from './benchmark.ts';
import { bundle } from './bundle.ts';
import { create } from './create.ts';
import { deploy1000 } from './deploy-1000.ts';
import { formats } from './formats.ts';
import { list } from './list.ts';
import { memory } from './memory.ts';
import { poll } from './poll.ts';
import { secrets } from './secrets.ts';
import { ssa } from './ssa.ts';
import { validate } from './validate.ts';
import { watch } from './watch.ts';

const BENCHMARKS: readonly Benchmark[] = [
  create,
  list,
  watch,
  deploy1000,
  poll,
  memory,
  secrets,
  audit,
  formats,
  validate,
  ssa,
  bundle,
];

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = names.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
if (unknown !== undefined) {
  console.error(`no benchmark ${JSON.stringify(unknown)}; there are: ${BENCHMARKS.map((b) => b.name).join(', ')}`);
  process.exit(2);
}
const reports = [];
for (const benchmark of names.length ? BENCHMARKS.filter((b) => names.includes(b.name)) : BENCHMARKS) {
  const figures = await benchmark.run();
  if (process.argv.includes('--json'))
    reports.push({
      name: benchmark.name,
      about: benchmark.about,
      figures: figures.map((f) => ({ ...f, kept: keeps(f) })),
    });
  else printTable(benchmark, figures);
}
if (process.argv.includes('--json')) console.log(JSON.stringify(reports, null, 2));
