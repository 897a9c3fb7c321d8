/** What was measured, as data and as tables. */
import { BARE, duels, HAND_WRITTEN } from './candidates/index.ts';
import type { Machine } from './machine.ts';
import { type Effort, ratio, type Spread, spread, type Times } from './measure.ts';
import type { Staged } from './stage.ts';

interface Row {
  readonly name: string;
  readonly nanoseconds: Spread;
  /** Ratios within the round. */
  readonly ofBare: Spread;
  readonly ofHandWritten: Spread;
  readonly bytes: number;
  /** What it does not do though it has the parts for it. */
  readonly lacks: string;
}

interface Duel {
  readonly row: string;
  readonly of: string;
  readonly time: Spread;
  readonly bytes: number;
}

export interface Result {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly rows: readonly Row[];
  readonly duels: readonly Duel[];
}

export interface Measured {
  readonly all: readonly Staged[];
  readonly times: Times;
  readonly bytes: ReadonlyMap<string, number>;
}

export function resultOf(machine: Machine, effort: Effort, { all, times, bytes }: Measured): Result {
  const bytesOf = (name: string): number => Math.round(bytes.get(name) ?? Number.NaN);
  return {
    machine,
    effort,
    rows: all.map(({ candidate: { name, lacks = {} } }) => ({
      name,
      nanoseconds: spread(times.get(name) ?? []),
      ofBare: ratio(times, name, BARE),
      ofHandWritten: ratio(times, name, HAND_WRITTEN),
      bytes: bytesOf(name),
      lacks: Object.values(lacks).join(', '),
    })),
    duels: duels.map(([row, of]) => ({
      row,
      of,
      time: ratio(times, row, of),
      bytes: bytesOf(row) / bytesOf(of),
    })),
  };
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const two = (value: number): string => (value < 100 ? value.toFixed(2) : whole(value));
const range = ({ p10, p90 }: Spread): string => `${two(p10)} - ${two(p90)}`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** Markdown that can be read as it stands. */
export function markdown({ machine, effort, rows, duels: pairs }: Result): string {
  const { node, v8, cpu, cores, memoryGiB, system, load, versions } = machine;
  const notes = rows.filter(({ lacks }) => lacks !== '').map(({ name, lacks }) => `- ${name}: ${lacks}.`);
  const parts = [
    `Node ${node} (V8 ${v8}), ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, load ${load} at the start; ${Object.entries(
      versions,
    )
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}. Medians of ${effort.rounds} rounds.`,
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
    ),
    ...(notes.length > 0 ? [`What a row lacks:\n\n${notes.join('\n')}`] : []),
    table(
      ['what', 'as a ratio of', 'time', '10% - 90%', 'bytes'],
      pairs.map(({ row, of, time, bytes }) => [row, of, two(time.median), range(time), two(bytes)]),
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}
