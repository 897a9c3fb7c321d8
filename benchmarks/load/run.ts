/**
 * `npm run bench:load`: a service under real load, without policies, with Holdfast's, and with those of others.
 *
 *   --quick   a rough look, in under 90 seconds
 *   --json    the result as JSON on stdout
 *   --save    write the result to benchmarks/results/, and its tables into docs/performance.md
 */
import { flagsFrom } from '../flags.ts';
import { json, write } from '../save.ts';
import { bench } from './bench.ts';
import type { Effort } from './report.ts';
import { loadMarkdown } from './tables.ts';

const FULL: Effort = {
  full: { rounds: 40, warmMs: 100, ms: 400 },
  fixed: { rounds: 6, warmMs: 0, ms: 1_200 },
  hang: { rounds: 3, warmUp: { warmMs: 0, ms: 700 }, beforeMs: 2_500, hangMs: 10_000 },
};
const QUICK: Effort = {
  full: { rounds: 3, warmMs: 100, ms: 400 },
  fixed: { rounds: 1, warmMs: 0, ms: 800 },
  hang: { rounds: 1, warmUp: { warmMs: 0, ms: 300 }, beforeMs: 1_000, hangMs: 4_000 },
};

const given = flagsFrom('bench:load', process.argv.slice(2), ['quick', 'json', 'save']);
try {
  const result = await bench(given.quick ? QUICK : FULL, (line) => console.error(line));
  const markdown = loadMarkdown(result);
  console.log(given.json ? json(result) : `\n${markdown}`);
  const files = { 'load.json': json(result), 'load.md': markdown };
  if (given.save)
    for (const file of write(files, result.machine.node, 'bench:load')) console.error(`wrote ${file}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
