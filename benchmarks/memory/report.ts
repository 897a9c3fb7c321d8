/** What of the memory is kept, as data and as a table. */
import type { Figure } from '../figures.ts';
import type { Machine } from '../machine.ts';
import { describe, figuresTable, tally } from '../markdown.ts';
import type { Judged } from '../report.ts';

export interface Memory {
  readonly machine: Machine;
  readonly figures: readonly (Figure & Judged)[];
}

export const memoryMarkdown = ({ machine, figures }: Memory): string =>
  `${describe(machine)}\n\n${figuresTable(figures)}\n\n${tally(figures)}\n`;
