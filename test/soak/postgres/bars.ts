/** What must hold of a soak of Postgres. */
import { slopeOf } from '../heap.ts';
import { type Bar, below, exactly } from '../report.ts';
import type { Ending, Soaked } from './soak.ts';

/**
 * Bytes a call: less than one object kept of every tenth. What V8 and pg come to need in a run of real sockets is more for
 * each call the shorter it is.
 */
const SLOPE = 10;
const UNREST = 1_000_000;

const WAYS: readonly Ending[] = [
  ...(['done', 'connection', 'said by the server', 'time-out', 'abort', 'rejected', 'unknown'] as const),
];

export function barsOf({ queries, samples, endings, left }: Soaked): Bar[] {
  const missing = WAYS.filter((way) => endings[way] === undefined).length;
  return [
    below('bytes by which the heap grows a call', slopeOf(samples), Math.max(SLOPE, UNREST / queries)),
    ...Object.entries(left).map(([what, measured]) => exactly(what, measured, 0)),
    exactly('calls that ended as none should', endings['anything else'] ?? 0, 0),
    exactly('ways to end that did not occur', missing, 0),
  ];
}
