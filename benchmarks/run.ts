/**
 * `npm run bench`: what Holdfast costs, beside a bare call, code written by hand, and the libraries that do the same.
 *
 *   --quick   a rough look, in well under 90 seconds
 *   --json    the result as JSON on stdout
 *   --save    write the result to benchmarks/results/ and its tables into docs/performance.md
 */
import { parseArgs } from 'node:util';
import { bench } from './bench.ts';
import type { Effort } from './measure.ts';
import { markdown } from './report.ts';
import { save } from './save.ts';

const FULL: Effort = { rounds: 240, batchMs: 10, warmUpMs: 500 };
const QUICK: Effort = { rounds: 60, batchMs: 4, warmUpMs: 200 };

function flags(): { quick: boolean; json: boolean; save: boolean } {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ options: { quick: flag, json: flag, save: flag } }).values;
  } catch (error) {
    console.error(`bench: ${(error as Error).message.split('.')[0]}; allowed are --quick, --json, --save`);
    process.exit(2);
  }
}

const { quick, json, save: saves } = flags();
try {
  const result = await bench(quick ? QUICK : FULL, (line) => console.error(line));
  console.log(json ? JSON.stringify(result, undefined, 2) : `\n${markdown(result)}`);
  if (saves) for (const file of save(result)) console.error(`wrote ${file}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
