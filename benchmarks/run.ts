/**
 * `npm run bench`: what Holdfast costs, beside a bare call, code written by hand, and the libraries that do the same.
 *
 *   --quick     a rough look, in under 90 seconds
 *   --json      the result as JSON on stdout
 *   --save      write the result to benchmarks/results/, and its tables into docs/performance.md
 *   --compare   a rough look; fails if a ratio to code by hand has grown by more than half over the committed one
 */
import { bench, type Thoroughness } from './bench.ts';
import { compare } from './compare.ts';
import { flagsFrom, refuse } from './flags.ts';
import { markdown } from './markdown.ts';
import type { Result } from './report.ts';
import { committed, json, save } from './save.ts';

const FULL: Thoroughness = { rounds: 240, batchMs: 10, warmUpMs: 500, samples: 25 };
const QUICK: Thoroughness = { rounds: 60, batchMs: 4, warmUpMs: 150, samples: 9 };

/** What there is to compare with: looked for beforehand, since all else takes long. */
function before(): Result {
  const { node } = process.versions;
  return committed(node) ?? refuse('bench', `there is no committed result of Node ${node} to compare with`);
}

const given = flagsFrom('bench', process.argv.slice(2), ['quick', 'json', 'save', 'compare']);
const earlier = given.compare ? before() : undefined;
try {
  const result = await bench(given.quick || given.compare ? QUICK : FULL, (line) => console.error(line));
  console.log(given.json ? json(result) : `\n${markdown(result)}`);
  if (given.save) for (const file of save(result)) console.error(`wrote ${file}`);
  if (earlier !== undefined) {
    const { faults, summary } = compare(result, earlier);
    for (const line of [...faults, summary]) console.error(line);
    process.exitCode = Math.min(1, faults.length);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
