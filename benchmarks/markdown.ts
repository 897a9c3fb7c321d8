/** Results as tables that can be read as they stand. */
import type { Figure } from './figures.ts';
import type { Machine } from './machine.ts';
import type { Spread } from './measure.ts';
import type { Bar, Duel, Judged, Result, Row } from './report.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
export const two = (value: number): string => (Math.abs(value) < 100 ? value.toFixed(2) : whole(value));
export const range = ({ p10, p90 }: Spread): string => `${two(p10)} - ${two(p90)}`;
const count = (value: number): string => (Number.isInteger(value) ? whole(value) : two(value));

/** The bar and whether it is met; empty where there is none. */
function bar({ atMost, atLeast, met }: Judged & Bar): [string, string] {
  const value = atMost ?? atLeast;
  if (value === undefined) return ['', ''];
  return [`${atMost === undefined ? '>=' : '<='} ${value.toLocaleString('en')}`, met ? 'met' : 'NOT MET'];
}

/** The first column is of words, the others are of numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** One line. */
export function describe({ node, v8, cpu, cores, memoryGiB, system, load, versions }: Machine): string {
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Node ${node} (V8 ${v8}), ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, load ${load} at the start; ${libraries.join(', ')}.`;
}

const rowsTable = (rows: readonly Row[]): string =>
  table(
    ['row', 'ns a call', 'of bare', '10% - 90%', 'of tuned hand', '10% - 90%', 'bytes a call'],
    rows.map((row) => [
      row.name,
      whole(row.nanoseconds.median),
      two(row.ofBare.median),
      range(row.ofBare),
      two(row.ofHandWritten.median),
      range(row.ofHandWritten),
      whole(row.bytes),
    ]),
  );

const duelsTable = (duels: readonly Duel[]): string =>
  table(
    ['what', 'as a ratio of', 'time', '10% - 90%', 'bar', '', 'bytes'],
    duels.map((duel) => [
      duel.row,
      duel.of,
      two(duel.time.median),
      range(duel.time),
      ...bar(duel),
      two(duel.bytes),
    ]),
  );

export const figuresTable = (figures: readonly (Figure & Judged)[]): string =>
  table(
    ['what', 'measured', '10% - 90%', 'in', 'bar', ''],
    figures.map(({ what, unit, measured, ...judged }) => [
      what,
      ...(typeof measured === 'number' ? [count(measured), ''] : [two(measured.median), range(measured)]),
      unit,
      ...bar(judged),
    ]),
  );

/** How many bars there are, and how many of them are met. */
export function tally(all: readonly Judged[]): string {
  const bars = all.filter(({ met }) => met !== undefined);
  return `${bars.filter(({ met }) => met).length} of ${bars.length} bars are met.`;
}

export function markdown({ machine, effort, rows, duels, figures }: Result): string {
  const notes = rows.filter(({ lacks }) => lacks !== '').map(({ name, lacks }) => `- ${name}: ${lacks}.`);
  const parts = [
    `${describe(machine)} Medians of ${effort.rounds} rounds.`,
    rowsTable(rows),
    ...(notes.length > 0 ? [`What a row lacks:\n\n${notes.join('\n')}`] : []),
    duelsTable(duels),
    figuresTable(figures),
    tally([...duels, ...figures]),
  ];
  return `${parts.join('\n\n')}\n`;
}
