/**
 * `npm run bench:memory`: what breakers, calls in flight and waiters take, very many of each.
 *
 *   --quick   a tenth of each, but for the breakers that are weighed
 *   --json    the result as JSON on stdout
 *   --save    write the result to benchmarks/results/, and its table into docs/performance.md
 */
import { flagsFrom } from '../flags.ts';
import { describeMachine } from '../machine.ts';
import { judged } from '../report.ts';
import { json, write } from '../save.ts';
import { measureAll, type Sizes } from './figures.ts';
import { type Memory, memoryMarkdown } from './report.ts';

const FULL: Sizes = { breakers: 1_000, made: 100_000, inFlight: 1_000_000, waiters: 1_000_000 };
const QUICK: Sizes = { breakers: 1_000, made: 10_000, inFlight: 100_000, waiters: 100_000 };

const given = flagsFrom('bench:memory', process.argv.slice(2), ['quick', 'json', 'save']);
const machine = describeMachine();
const figures = await measureAll(given.quick ? QUICK : FULL, (line) => console.error(line));
const memory: Memory = { machine, figures: figures.map((figure) => judged(figure, figure.measured)) };
const markdown = memoryMarkdown(memory);
console.log(given.json ? json(memory) : `\n${markdown}`);
const files = { 'memory.json': json(memory), 'memory.md': markdown };
if (given.save) for (const file of write(files, machine.node, 'bench:memory')) console.error(`wrote ${file}`);
