/**
 * `npm run prove`: walks every state of the machines, finds the faults that are seeded in broken ones, and checks
 * every property on fresh cases. Afterwards docs/correctness.md must say what was measured.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { summary } from '../mutants/report.ts';
import type { Measured } from '../mutants/results.ts';
import { properties } from '../properties/all.ts';
import { command, optionsFrom, UsageError, wholeNumber } from '../support/command-line.ts';
import { agree } from '../support/page.ts';
import { crew } from './crew.ts';
import { Evidence } from './evidence.ts';
import { explorationTasks, propertyTasks, type Task } from './tasks.ts';

const CASES = 50_000;
const WORKERS = 2;
// The workers leave no core for the collector's own threads, which would only get in their way.
const WORKER_FLAGS = ['--single-threaded-gc', '--max-old-space-size=4096'];

const help = `Walks every state of the small machines, and checks every property of the library on fresh cases.

  npm run prove
  npm run prove -- --property 7
  npm run prove -- --property 7 --seed 1234 --path 17:3:0

  --cases N      cases for each property, ${CASES} unless said otherwise
  --seed N       where the cases start; a fresh one, which is printed, unless said otherwise
  --property N   this property only
  --path P       with --property and --seed: the one case at this path, shrunk anew if it fails
  --update       writes what was measured into docs/correctness.md, if nothing fails, instead of comparing them
  --help         this

Ends with 0 if all is as claimed, with 1 if not, with 2 on a bad option.`;

/** What the last full run of `npm run mutants` found. */
function mutants(): string {
  const file = new URL('../mutants/measured.json', import.meta.url);
  return summary(JSON.parse(readFileSync(file, 'utf8')) as Measured);
}

/** What is asked for: everything, one property, or one case of it. */
function tasksFor(cases: number, seed: number, number?: number, path?: string): Task[] {
  const checks = propertyTasks(cases, seed);
  if (number === undefined) return [...explorationTasks(), ...checks];
  const property = properties.findIndex((each) => each.number === number);
  if (property < 0) throw new UsageError(`--property must be from 1 to ${properties.length}, got ${number}`);
  if (path !== undefined) return [{ kind: 'check', property, cases, seed, path }];
  return checks.filter((task) => task.kind === 'check' && task.property === property);
}

async function prove(tasks: readonly Task[], seed: number): Promise<Evidence> {
  const start = performance.now();
  const elapsed = (): string => `${((performance.now() - start) / 1_000).toFixed(0)} s`;
  const evidence = new Evidence(tasks);
  console.log(`seed ${seed}, ${WORKERS} processes`);
  const progress = setInterval(() => console.log(`${elapsed()}: ${evidence.progress}`), 10_000);
  await crew(tasks, {
    workers: WORKERS,
    execArgv: [...process.execArgv, ...WORKER_FLAGS],
    silenceMs: 240_000,
    onResult: (task, result) => evidence.add(task, result),
    onError: (task, error) => evidence.fail(task, error),
  });
  clearInterval(progress);
  console.log(`${elapsed()}: ${evidence.progress}`);
  return evidence;
}

await command(async () => {
  const { update, ...given } = optionsFrom(
    process.argv.slice(2),
    ['cases', 'seed', 'property', 'path'],
    ['update'],
  );
  if (given.help) {
    console.log(help);
    return 0;
  }
  if (given.path !== undefined && (given.property === undefined || given.seed === undefined))
    throw new UsageError('--path needs --property and --seed');
  if (given.path !== undefined && !/^\d+(:\d+)*$/.test(given.path))
    throw new UsageError(`--path must be numbers with colons in between, such as 17:3:0, got ${given.path}`);
  if (update !== undefined && (given.property ?? given.cases) !== undefined)
    throw new UsageError('--update needs all of it: neither --property nor --cases');
  const cases = wholeNumber('cases', given.cases, CASES, 1);
  const seed = wholeNumber('seed', given.seed, Math.floor(Math.random() * 2 ** 31), 0);
  const only = given.property === undefined ? undefined : wholeNumber('property', given.property, 0, 1);
  const evidence = await prove(tasksFor(cases, seed, only, given.path), seed);
  evidence.close();

  const measured = [
    ['machines', evidence.machineTable],
    ['seeded faults', evidence.faultTable],
    ['properties', evidence.propertyTable],
  ] as const;
  const whole = only === undefined && cases === CASES;
  const tables = only === undefined ? measured : measured.slice(2);
  const report = [...tables.map(([, table]) => table), evidence.reachedTable].join('\n\n');
  // What was measured while something failed is nothing to be published, or to be compared.
  const sound = whole && evidence.faults.length === 0;
  const said = [...measured, ['mutants', mutants()] as const];
  const pages = sound ? said.map(([name, table]) => agree(name, table, update !== undefined)) : [];
  const differences = pages.filter((each) => each !== undefined);
  const failures = [...evidence.faults, ...differences];
  console.log(`\n${report}\n`);
  if (!sound) console.log('Not all was proven, so docs/correctness.md was not compared.');
  for (const failure of failures) console.error(`\n${failure}`);
  // What a part of it gives must not stand in the place of the whole.
  if (whole) {
    mkdirSync('reports', { recursive: true });
    writeFileSync('reports/prove.txt', `${[report, ...failures].join('\n\n')}\n`);
  }
  const passed = evidence.passed + pages.length - differences.length;
  console.log(`\n${passed} passed, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
});
