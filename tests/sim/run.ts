/** `npm run test:sim -- --seeds N --steps M [--first S]`: runs the simulator over many seeds; prints the first that fails. */
import { parseArgs } from 'node:util';
import { type Summary, World } from './world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    steps: { type: 'string', default: '5000' },
    first: { type: 'string', default: '1' },
  },
});
const [seeds, steps, first] = [values.seeds, values.steps, values.first].map(Number) as [number, number, number];

const total: Record<string, number> = {};
for (let seed = first; seed < first + seeds; seed++) {
  try {
    const summary: Summary = await new World(seed).run(steps);
    for (const [name, value] of Object.entries(summary)) total[name] = (total[name] ?? 0) + value;
  } catch (error) {
    console.error(`seed ${seed} fails (again: npm run test:sim -- --first ${seed} --seeds 1 --steps ${steps})`);
    console.error(error);
    process.exit(1);
  }
}
console.log(`${seeds} seeds of ${steps} steps hold R1 to R6:`, total);
