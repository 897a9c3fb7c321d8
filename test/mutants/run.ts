/** `npm run mutants`: plants each fault that Stryker knows into the sources, one at a time, and asks the tests. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { command, optionsFrom, UsageError } from '../support/command-line.ts';
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

const help = `Plants faults into the sources, one at a time, to see whether the tests notice each of them.

  npm run mutants
  npm run mutants -- --changed
  npm run mutants -- src/core/fuse.ts src/core/run.ts

  (nothing)      into all sources; writes what it found to test/mutants/measured.json, which docs/correctness.md repeats
  --changed      into those that are not as they were in the last full run, or what fits of them into 10 minutes
  FILE...        into these
  --help         this

Ends with 0 if all is well, with 2 on a bad option; with 1 for a survivor that test/mutants/survivors.json does not
explain, for an entry there that is out of date, and after a full run also below the score of stryker.config.json.`;

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
  const stryker = ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run'];
  const chosen = files.length > 0 ? ['--mutate', files.join()] : [];
  const { status } = spawnSync(process.execPath, [...stryker, ...chosen], { stdio: 'inherit' });
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

/** Undefined for all of them. */
function chosen(changed: boolean, named: readonly string[]): readonly string[] | undefined {
  // Stryker takes a name that fits nothing for none, and is content.
  const foreign = named.find((file) => !Object.hasOwn(sources, file));
  if (foreign !== undefined)
    throw new UsageError(`'${foreign}' is no file of ${mutate.join(', ')}, into which faults are planted`);
  if (changed && named.length > 0)
    throw new UsageError('--changed chooses the files itself: name none beside it');
  if (!changed) return named.length > 0 ? named : undefined;
  if (!existsSync(MEASURED))
    throw new UsageError(`There is no ${MEASURED} yet: run it once without --changed`);
  const { taken, left } = changedSince(json<Measured>(MEASURED), sources, MINUTES);
  if (taken.length === 0)
    console.log('No source has changed since the last full run: there is nothing to do.');
  else console.log(`Changed since the last full run:\n  ${taken.join('\n  ')}`);
  if (left.length > 0) console.log(`Changed too, and LEFT OUT for want of time:\n  ${left.join('\n  ')}`);
  return taken;
}

await command(() => {
  const args = process.argv.slice(2);
  const isName = (arg: string): boolean => !arg.startsWith('-');
  const options = optionsFrom(
    args.filter((arg) => !isName(arg)),
    [],
    ['changed'],
  );
  if (options.help) {
    console.log(help);
    return 0;
  }
  const files = chosen(options.changed !== undefined, args.filter(isName));
  if (files?.length === 0) return 0;
  const start = Date.now();
  const result = test(files);
  if (result === undefined) {
    console.error('Stryker did not come to an end: nothing is known of the mutants.');
    return 1;
  }
  const minutes = (Date.now() - start) / 60_000;
  const { mutants } = result;
  console.log(`\n${table(mutants)}\n\n${mutants.length} mutants in ${minutes.toFixed(1)} minutes`);
  const explained = judge(mutants);
  // Of some files the score says little: there, each survivor counts.
  if (files !== undefined) return Number(!explained);
  if (mutants.length === 0) {
    console.error('There was nothing to plant.');
    return 1;
  }
  save(mutants, minutes);
  return Number(!(explained && result.passed));
});
