/** The upper bounds of histograms' buckets, the same in every library of metrics. */
import { INSTRUMENTS, type Instrument } from './instruments.ts';

/** Upper bounds in seconds of the buckets of calls, attempts and waits. */
export const DURATIONS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

// What happens to a dependency takes longer than a call to it.
const INCIDENTS = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
const REJECTIONS = [0, 10, 100, 1_000, 10_000, 100_000];

const { incidentDetection, incidentRecovery, incidentRejections } = INSTRUMENTS;

/** The upper bounds for the instrument, of which those of durations may be the user's. */
export function boundsOf(instrument: Instrument, durations = DURATIONS): readonly number[] {
  if (instrument === incidentRejections) return REJECTIONS;
  return instrument === incidentDetection || instrument === incidentRecovery ? INCIDENTS : durations;
}
