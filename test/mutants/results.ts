/** What became of the mutants: counted, and compared with the list of those that no test can kill. */
import { createHash } from 'node:crypto';

interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is read of a mutant in Stryker's report. */
interface MutantResult {
  readonly status: string;
  readonly statusReason?: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** What is read of Stryker's report. */
export interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly MutantResult[] }>
  >;
}

/** How a mutant ended. `invalid`: it broke what runs the tests, and says nothing about them. */
type Fate = 'killed' | 'timeout' | 'survived' | 'uncovered' | 'invalid';

export type Tally = Record<'mutants' | Fate, number>;

/** One mutant, named by what it changes and not by where, so that lines above it may come and go. */
export interface Mutant {
  readonly file: string;
  /** The lines that it changes. */
  readonly was: string;
  /** The same lines with the change. */
  readonly mutant: string;
  readonly fate: Fate;
}

/** A mutant that survives, for a reason. */
export interface Survivor extends Omit<Mutant, 'fate'> {
  readonly why: string;
}

/** What the last full run found; `files` by path, with a hash of what was measured. */
export interface Measured extends Tally {
  readonly date: string;
  readonly node: string;
  readonly minutes: number;
  readonly score: number;
  readonly files: Readonly<Record<string, Tally & { readonly sha256: string }>>;
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export const squeezed = (text: string): string => text.trim().replace(/\s+/g, ' ');

/** All mutants of a report. */
export const mutantsFrom = ({ files }: Report): Mutant[] =>
  Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((result) => ({ file, ...changeIn(source, result), fate: fateOf(result) })),
  );

function changeIn(source: string, { location, replacement }: MutantResult): Pick<Mutant, 'was' | 'mutant'> {
  const { start, end } = location;
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const before = lines[0]!.slice(0, start.column - 1);
  const after = lines.at(-1)!.slice(end.column - 1);
  return { was: squeezed(lines.join('\n')), mutant: squeezed(before + replacement + after) };
}

function fateOf({ status, statusReason }: MutantResult): Fate {
  if (status === 'Timeout') return 'timeout';
  if (status === 'Survived') return 'survived';
  if (status === 'NoCoverage') return 'uncovered';
  if (status !== 'Killed') return 'invalid';
  // A test that waits in vain is a hang, whoever loses patience first.
  return statusReason?.startsWith('Test timed out in') ? 'timeout' : 'killed';
}

export function tally(mutants: readonly Mutant[]): Tally {
  const counts: Tally = {
    mutants: mutants.length,
    killed: 0,
    timeout: 0,
    survived: 0,
    uncovered: 0,
    invalid: 0,
  };
  for (const { fate } of mutants) counts[fate]++;
  return counts;
}

/** The counts of several files together. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = tally([]);
  for (const each of tallies)
    for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += each[key];
  return total;
}

/** The share of the mutants that were caught, in percent. */
export const scoreOf = ({ mutants, killed, timeout, invalid }: Tally): number =>
  (100 * (killed + timeout)) / (mutants - invalid);

const keyOf = ({ file, was, mutant }: Omit<Survivor, 'why'>): string => `${file}\n- ${was}\n+ ${mutant}`;

interface Comparison {
  /** They survive, and nobody has said why. */
  readonly unexplained: readonly Mutant[];
  /** They stand in the list, and are dead or gone. */
  readonly outdated: readonly Survivor[];
}

/** Holds the mutants of some files against the list: one entry for each survivor, as often as it stands in the code. */
export function compare(mutants: readonly Mutant[], listed: readonly Survivor[]): Comparison {
  const files = new Set(mutants.map(({ file }) => file));
  const open = listed.filter(({ file }) => files.has(file));
  const take = (mutant: Mutant): boolean => {
    const place = open.findIndex((each) => each.why !== '' && keyOf(each) === keyOf(mutant));
    if (place >= 0) open.splice(place, 1);
    return place >= 0;
  };
  const alive = mutants.filter(({ fate }) => fate === 'survived' || fate === 'uncovered');
  const unexplained = alive.filter((mutant) => !take(mutant));
  // On a busy machine one that cannot be killed may run out of time.
  mutants.filter(({ fate }) => fate === 'timeout').forEach(take);
  return { unexplained, outdated: open };
}
