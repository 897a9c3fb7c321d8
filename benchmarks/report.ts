/** What was measured, as data. */
import { BARE, HAND_WRITTEN } from './candidates/by-hand.ts';
import type { Candidate } from './candidates/candidate.ts';
import type { Counts } from './counts.ts';
import { duels, type Pairing } from './duels.ts';
import { type Figure, figuresOf } from './figures.ts';
import type { Machine } from './machine.ts';
import { type Effort, ratio, type Spread, spread, type Times } from './measure.ts';

export interface Row {
  readonly name: string;
  readonly nanoseconds: Spread;
  /** Ratios within the round. */
  readonly ofBare: Spread;
  readonly ofHandWritten: Spread;
  readonly bytes: number;
  /** What it does not do though it has the parts for it. */
  readonly lacks: string;
}

/** Whether the bar is met: only where there is one. */
export interface Judged {
  readonly met?: boolean;
}

export interface Duel extends Pairing, Judged {
  readonly time: Spread;
  readonly bytes: number;
}

export interface Result {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly rows: readonly Row[];
  readonly duels: readonly Duel[];
  readonly figures: readonly (Figure & Judged)[];
}

export interface Measured {
  readonly candidates: readonly Candidate[];
  readonly times: Times;
  readonly bytes: ReadonlyMap<string, number>;
  readonly counts: Counts;
}

/** On which side of it a value is to be; no bar has both. */
export interface Bar {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The same, judged by its bar. */
export function judged<T extends Bar>(it: T, measured: Spread | number): T & Judged {
  const { atMost = Infinity, atLeast = -Infinity } = it;
  if (it.atMost === undefined && it.atLeast === undefined) return it;
  const value = typeof measured === 'number' ? measured : measured.median;
  return { ...it, met: value <= atMost && value >= atLeast };
}

export function resultOf(
  machine: Machine,
  effort: Effort,
  { candidates, times, bytes, counts }: Measured,
): Result {
  const bytesOf = (name: string): number => Math.round(bytes.get(name) ?? Number.NaN);
  return {
    machine,
    effort,
    rows: candidates.map(({ name, lacks = {} }) => ({
      name,
      nanoseconds: spread(times.get(name) ?? []),
      ofBare: ratio(times, name, BARE),
      ofHandWritten: ratio(times, name, HAND_WRITTEN),
      bytes: bytesOf(name),
      lacks: Object.values(lacks).join(', '),
    })),
    duels: duels.map((pairing) => {
      const { row, of } = pairing;
      const time = ratio(times, row, of);
      return judged({ ...pairing, time, bytes: bytesOf(row) / bytesOf(of) }, time);
    }),
    figures: figuresOf({ times, bytes, counts }).map((figure) => judged(figure, figure.measured)),
  };
}
