/** The result of a run, for people. */
import { type Mutant, scoreOf, type Tally, tally } from './results.ts';

const COLUMNS = ['mutants', 'killed', 'timeout', 'survived', 'uncovered', 'invalid'] as const;

const row = (name: string, cells: readonly string[]): string =>
  name.padEnd(30) + cells.map((cell) => cell.padStart(11)).join('');

const counted = (name: string, counts: Tally): string =>
  row(name, [...COLUMNS.map((column) => `${counts[column]}`), `${scoreOf(counts).toFixed(2)} %`]);

const folderOf = ({ file }: Mutant): string => file.slice(0, file.lastIndexOf('/'));

/** The score of each folder, and of all. */
export function table(mutants: readonly Mutant[]): string {
  const folders = [...new Set(mutants.map(folderOf))].sort();
  return [
    row('', [...COLUMNS, 'score']),
    ...folders.map((folder) =>
      counted(folder, tally(mutants.filter((mutant) => folderOf(mutant) === folder))),
    ),
    counted('all', tally(mutants)),
  ].join('\n');
}

/** Mutants as they stand in survivors.json, where the reason is still to be said. */
export const entries = (mutants: readonly Omit<Mutant, 'fate'>[]): string =>
  JSON.stringify(
    mutants.map(({ file, was, mutant }) => ({ file, was, mutant, why: '' })),
    undefined,
    2,
  );
