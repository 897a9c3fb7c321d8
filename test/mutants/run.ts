/**
 * `npm run mutants`: plants each fault that Stryker knows into the sources, one at a time, and asks the tests.
 *
 *   (nothing)   into all of them, and writes what it found to measured.json, which docs/correctness.md repeats
 *   --changed   into those that are not as they were in the last full run, or what fits of them into 10 minutes
 *   FILE...     into these
 *
 * It fails for a survivor that survivors.json does not explain, and for an entry there that is out of date; a full
 * run also below the score at which stryker.config.json breaks.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { changedSince } from './changed.ts';
import { entries, table } from './report.ts';
import {
  compare,
  hashOf,
  type Measured,
  type Mutant,
  mutantsFrom,
  type Report,
  type Survivor,
  scoreOf,
  tally,
} from './results.ts';

const MINUTES = 10;
const MEASURED = 'test/mutants/measured.json';
const REPORT = 'reports/mutation/mutation.json';
const SURVIVORS = 'test/mutants/survivors.json';

const read = (file: string): string => readFileSync(file, 'utf8');
const json = <T>(file: string): T => JSON.parse(read(file)) as T;

const { mutate } = json<{ mutate: string[] }>('stryker.config.json');
const sources = Object.fromEntries(globSync(mutate).map((file) => [file, read(file)]));

/** Undefined if Stryker did not come to an end. */
function test(files: readonly string[] = []): { mutants: Mutant[]; passed: boolean } | undefined {
  rmSync(REPORT, { force: true });
  const { status } = spawnSync('stryker', ['run', ...(files.length > 0 ? ['--mutate', files.join()] : [])], {
    stdio: 'inherit',
  });
  if (!existsSync(REPORT)) return undefined;
  return { mutants: mutantsFrom(json<Report>(REPORT)), passed: status === 0 };
}

function judge(mutants: readonly Mutant[]): boolean {
  const { unexplained, outdated } = compare(mutants, json<Survivor[]>(SURVIVORS));
  if (unexplained.length > 0)
    console.error(`These survive, and ${SURVIVORS} does not say why:\n${entries(unexplained)}`);
  if (outdated.length > 0)
    console.error(`These stand in ${SURVIVORS}, and do not survive:\n${entries(outdated)}`);
  return unexplained.length + outdated.length === 0;
}

function save(mutants: readonly Mutant[], minutes: number): void {
  const counts = tally(mutants);
  const files = Object.keys(sources)
    .sort()
    .map((file) => {
      const own = tally(mutants.filter((mutant) => mutant.file === file));
      return [file, { sha256: hashOf(sources[file] as string), ...own }] as const;
    });
  const measured: Measured = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    minutes: Math.round(minutes * 10) / 10,
    ...counts,
    score: Math.round(scoreOf(counts) * 100) / 100,
    files: Object.fromEntries(files),
  };
  writeFileSync(MEASURED, `${JSON.stringify(measured, undefined, 2)}\n`);
}

function chosen(changed: boolean, named: readonly string[]): readonly string[] | undefined {
  if (!changed) return named.length > 0 ? named : undefined;
  if (!existsSync(MEASURED)) throw new Error(`There is no ${MEASURED} yet: run it once without --changed`);
  const { taken, left } = changedSince(json<Measured>(MEASURED), sources, MINUTES);
  if (taken.length === 0)
    console.log('No source has changed since the last full run: there is nothing to do.');
  else console.log(`Changed since the last full run:\n  ${taken.join('\n  ')}`);
  if (left.length > 0) console.log(`Changed too, and LEFT OUT for want of time:\n  ${left.join('\n  ')}`);
  return taken;
}

const { values, positionals } = parseArgs({
  options: { changed: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const files = chosen(values.changed, positionals);
if (files === undefined || files.length > 0) {
  const start = Date.now();
  const result = test(files);
  if (result === undefined) process.exit(1);
  const minutes = (Date.now() - start) / 60_000;
  const { mutants } = result;
  console.log(`\n${table(mutants)}\n\n${mutants.length} mutants in ${minutes.toFixed(1)} minutes`);
  const explained = judge(mutants);
  // Of some files the score says little: there, each survivor counts.
  const passed = explained && (result.passed || files !== undefined);
  if (files === undefined) save(mutants, minutes);
  process.exitCode = Number(!passed);
}
