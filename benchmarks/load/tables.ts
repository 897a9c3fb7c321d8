/** The result under load as tables that can be read as they stand. */
import { describe, figuresTable, range, table, tally, two } from '../markdown.ts';
import type { LoadResult, Table } from './report.ts';

function shown({ columns, rows }: Table): string {
  const heads = columns.flatMap(({ head, isRatio }) => (isRatio ? [head, '10% - 90%'] : [head]));
  return table(
    ['service', ...heads],
    rows.map(({ name, cells }) => [
      name,
      ...cells.flatMap((cell, i) => {
        const ranges = columns[i]?.isRatio ? [cell === null ? '' : range(cell)] : [];
        return [cell === null ? '' : two(cell.median), ...ranges];
      }),
    ]),
  );
}

export function loadMarkdown({ machine, effort, rates, tables, figures }: LoadResult): string {
  const { full, fixed, hang } = effort;
  const rounds = `Medians of ${full.rounds}, ${fixed.rounds} and ${hang.rounds} rounds.`;
  const parts = [
    `${describe(machine)} ${rounds} Plain answered at most ${Math.round(rates.highest).toLocaleString('en')} a second.`,
    ...tables.map((each) => `${each.title}:\n\n${shown(each)}`),
    figuresTable(figures),
    tally(figures),
  ];
  return `${parts.join('\n\n')}\n`;
}
