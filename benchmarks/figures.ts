/** What is said of a result besides ratios of two rows, each with its bar. */
import { BARE, BARE_AND_TIMER, HAND_WRITTEN } from './candidates/by-hand.ts';
import { bulkheads, DEPTHS, openGates } from './candidates/holdfast/depth.ts';
import type { Counts } from './counts.ts';
import { eachRound, type Spread, type Times } from './measure.ts';
import { slope } from './slope.ts';

export interface Figure {
  readonly what: string;
  readonly unit: string;
  /** One value where it was counted. */
  readonly measured: Spread | number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Sources {
  readonly times: Times;
  readonly bytes: ReadonlyMap<string, number>;
  readonly counts: Counts;
}

const FOUR = 'holdfast: four';

const more = (times: Times, row: string, than: string): Spread =>
  eachRound(times, [row, than], (above, below) => above! - below!);

const barOfOurs = (name: string, atMost: number) => name.startsWith('holdfast: ') && { atMost };

/** Straight: the gates further in cost what the first ones do. */
function growth(times: Times, what: string, nameOf: (depth: number) => string): Figure[] {
  const rows = DEPTHS.map((depth) => `holdfast: ${nameOf(depth)}`);
  const bend = ([one, , , eight, sixteen]: readonly number[]): number =>
    (sixteen! - eight!) / 8 / ((eight! - one!) / 7);
  return [
    {
      what: `${what}, from 1 to 16 fused`,
      unit: 'ns a gate',
      measured: eachRound(times, rows, (...nanoseconds) => slope(DEPTHS, nanoseconds)),
      atMost: 25,
    },
    {
      what: `${what}, one of the last 8 of 16`,
      unit: 'of one of the first 8',
      measured: eachRound(times, rows, (...nanoseconds) => bend(nanoseconds)),
      atMost: 1.5,
    },
  ];
}

export const figuresOf = ({ times, bytes, counts }: Sources): Figure[] => [
  {
    what: `${HAND_WRITTEN}, beyond bare`,
    unit: 'timers set and cleared',
    measured: eachRound(
      times,
      [HAND_WRITTEN, BARE_AND_TIMER, BARE],
      (hand, timer, bare) => (hand! - bare!) / (timer! - bare!),
    ),
    atMost: 1.2,
  },
  { what: FOUR, unit: 'bytes a call', measured: bytes.get(FOUR) ?? Number.NaN, atMost: 1_300 },
  {
    what: 'holdfast: one listens to reports',
    unit: 'ns more',
    measured: more(times, 'holdfast: four, one listens to reports', FOUR),
    atMost: 200,
  },
  ...growth(times, 'holdfast: bulkheads', bulkheads),
  ...growth(times, 'holdfast: open gates', openGates),
  {
    what: 'holdfast: breaker, window of 10 s in place of 100 calls',
    unit: 'clock reads more',
    measured: counts.clockReadsMore,
    atMost: 1,
  },
  {
    what: 'holdfast: breaker, window of 10 s in place of 100 calls',
    unit: 'ns more',
    measured: more(times, 'holdfast: breaker, window of 10 s', 'holdfast: breaker'),
  },
  ...counts.listeners.flatMap(({ name, added, left }) => [
    { what: name, unit: 'listeners added to it for a run', measured: added, ...barOfOurs(name, 1) },
    { what: name, unit: 'listeners left on it by a run', measured: left, ...barOfOurs(name, 0) },
  ]),
];
