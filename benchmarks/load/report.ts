/** What was measured under load, as data. */
import type { Figure } from '../figures.ts';
import type { Machine } from '../machine.ts';
import { type Spread, spread } from '../measure.ts';
import { type Judged, judged } from '../report.ts';
import { type Name, PLAIN } from './candidates.ts';
import { type Column, FIXED, FULL, HANG, NEIGHBOUR, OF_BEFORE, P99, PER_SECOND } from './columns.ts';
import type { HangEffort } from './hang.ts';
import type { Samples } from './rounds.ts';

export interface Effort {
  readonly full: WellEffort;
  readonly fixed: WellEffort;
  readonly hang: HangEffort;
}

interface WellEffort {
  readonly rounds: number;
  readonly warmMs: number;
  readonly ms: number;
}

/** Requests a second. */
export interface Rates {
  /** The most that plain answered. */
  readonly highest: number;
  readonly fixed: number;
  readonly hang: number;
}

export interface Measured {
  readonly full: Samples;
  readonly fixed: Samples;
  readonly hang: Samples;
}

export interface Table {
  readonly title: string;
  /** A ratio is shown with its range. */
  readonly columns: readonly { readonly head: string; readonly isRatio: boolean }[];
  /** A cell is null where there is nothing to measure. */
  readonly rows: readonly { readonly name: Name; readonly cells: readonly (Spread | null)[] }[];
}

export interface LoadResult {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly rates: Rates;
  readonly tables: readonly Table[];
  readonly figures: readonly (Figure & Judged)[];
}

function cellOf(samples: Samples, name: Name, column: Column): Spread | null {
  const plains = samples.get(PLAIN) ?? [];
  const values = (samples.get(name) ?? []).map((its, round) => column.value(its, plains[round]!));
  const defined = values.filter((each) => each !== undefined);
  return defined.length > 0 ? spread(defined) : null;
}

const tableOf = (title: string, samples: Samples, columns: readonly Column[]): Table => ({
  title,
  columns: columns.map(({ head, isRatio }) => ({ head, isRatio })),
  rows: [...samples.keys()].map((name) => ({
    name,
    cells: columns.map((column) => cellOf(samples, name, column)),
  })),
});

const count = (perSecond: number): string => Math.round(perSecond).toLocaleString('en');

const at = (samples: Samples, column: Column): { readonly measured: Spread } => ({
  measured: cellOf(samples, 'holdfast', column)!,
});

const figuresOf = ({ full, hang }: Measured): Figure[] => [
  {
    what: 'holdfast: requests a second at full load',
    unit: 'of plain',
    ...at(full, PER_SECOND),
    atLeast: 0.97,
  },
  { what: 'holdfast: p99 at full load', unit: 'of plain', ...at(full, P99), atMost: 1.05 },
  { what: 'holdfast: p99 of the quiet neighbour', unit: 'of before', ...at(hang, OF_BEFORE), atMost: 1.05 },
];

export const resultOf = (machine: Machine, effort: Effort, rates: Rates, measured: Measured): LoadResult => ({
  machine,
  effort,
  rates,
  tables: [
    tableOf('At full load', measured.full, FULL),
    tableOf(`At ${count(rates.fixed)} a second`, measured.fixed, FIXED),
    tableOf(
      `While the dependency hangs for ${effort.hang.hangMs / 1_000} s, at ${count(rates.hang)} a second`,
      measured.hang,
      HANG,
    ),
    tableOf(`The quiet neighbour, at ${count(rates.hang / 10)} a second`, measured.hang, NEIGHBOUR),
  ],
  figures: figuresOf(measured).map((figure) => judged(figure, figure.measured)),
});
