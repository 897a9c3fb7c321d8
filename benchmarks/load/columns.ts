/** What the tables show of the samples. */
import type { Sample } from './rounds.ts';

export interface Column {
  readonly head: string;
  readonly isRatio: boolean;
  value(its: Sample, plains: Sample): number | undefined;
}

const value = (head: string, metric: string): Column => ({
  head,
  isRatio: false,
  value: (its) => its[metric],
});
/** Compared with what plain did in the same round. */
const ofPlain = (metric: string): Column => ({
  head: 'of plain',
  isRatio: true,
  value: (its, plains) => its[metric]! / plains[metric]!,
});

export const PER_SECOND = ofPlain('perSecond');
export const P99 = ofPlain('p99');
const CPU = [value('CPU µs each', 'cpuMicroseconds'), ofPlain('cpuMicroseconds')];
export const OF_BEFORE: Column = {
  head: 'of before',
  isRatio: true,
  value: ({ quietBefore, quietDuring }) => quietDuring! / quietBefore!,
};

export const FULL = [
  value('requests/s', 'perSecond'),
  PER_SECOND,
  value('p50 ms', 'p50'),
  value('p99 ms', 'p99'),
  P99,
  ...CPU,
];
export const FIXED = [value('p50 ms', 'p50'), ofPlain('p50'), value('p99 ms', 'p99'), P99, ...CPU];
export const HANG = [
  value('sent', 'sent'),
  value('% within 100 ms', 'inTime'),
  value('CPU µs each rejected', 'cpuMicroseconds'),
  value('each before', 'cpuMicrosecondsWell'),
  value('loop delay p99 ms', 'delayP99'),
  value('max', 'delayMax'),
  value('heap MiB', 'heap'),
  value('RSS MiB', 'rss'),
];
export const NEIGHBOUR = [
  value('p99 ms before', 'quietBefore'),
  value('p99 ms meanwhile', 'quietDuring'),
  OF_BEFORE,
  value('% answered well', 'quietGood'),
];
