/** The result of a run, for people. */
import { table as markdown } from '../support/page.ts';
import { type Measured, type Mutant, scoreOf, sum, type Tally, tally } from './results.ts';

const COLUMNS = ['mutants', 'killed', 'timeout', 'survived', 'uncovered', 'invalid'] as const;

const row = (name: string, cells: readonly string[]): string =>
  name.padEnd(30) + cells.map((cell) => cell.padStart(11)).join('');

const counted = (name: string, counts: Tally): string =>
  row(name, [...COLUMNS.map((column) => `${counts[column]}`), `${scoreOf(counts).toFixed(2)} %`]);

const folderOf = ({ file }: Pick<Mutant, 'file'>): string => file.slice(0, file.lastIndexOf('/'));

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

/** What a full run measured, as docs/correctness.md has it: for each folder, and for all. */
export function summary(measured: Measured): string {
  const files = Object.entries(measured.files);
  const folders = [...new Set(files.map(([file]) => folderOf({ file })))].sort();
  const line = (name: string, counts: Tally): (string | number)[] => [
    name,
    counts.mutants,
    counts.killed,
    counts.timeout,
    counts.survived + counts.uncovered,
    `${scoreOf(counts).toFixed(2)} %`,
  ];
  return markdown(
    ['folder', 'mutants', 'killed', 'hung', 'survived', 'score'],
    [
      ...folders.map((folder) =>
        line(
          folder,
          sum(files.filter(([file]) => folderOf({ file }) === folder).map(([, counts]) => counts)),
        ),
      ),
      line('all', measured),
    ],
  );
}

/** Mutants as they stand in survivors.json, where the reason is still to be said. */
export const entries = (mutants: readonly Omit<Mutant, 'fate'>[]): string =>
  JSON.stringify(
    mutants.map(({ file, was, mutant }) => ({ file, was, mutant, why: '' })),
    undefined,
    2,
  );
