/** The buckets of a histogram with one set of labels, as plain numbers: prom-client makes text of them at each scrape. */
import { INSTRUMENTS, type Instrument } from '../../observe/instruments.ts';
import type { Distribution, Labels } from '../../observe/series.ts';

/** Upper bounds in seconds of the buckets of calls, attempts and waits. */
export const DURATIONS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

// What happens to a dependency takes longer than a call to it.
const INCIDENTS = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
const REJECTIONS = [0, 10, 100, 1_000, 10_000, 100_000];

const { incidentDetection, incidentRecovery, incidentRejections } = INSTRUMENTS;

/** The upper bounds for the instrument, of which those of durations are the user's. */
export function boundsOf(instrument: Instrument, durations: readonly number[]): readonly number[] {
  if (instrument === incidentRejections) return REJECTIONS;
  return instrument === incidentDetection || instrument === incidentRecovery ? INCIDENTS : durations;
}

export class Buckets implements Distribution {
  readonly labels: Labels;
  readonly bounds: readonly number[];
  /** Of each bucket alone; the last is for what is above all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.bounds = bounds;
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  record(value: number): void {
    const { bounds, counts } = this;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] as number)) i++;
    (counts[i] as number)++;
    this.sum += value;
  }
}
