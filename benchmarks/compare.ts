/**
 * Whether anything has become dearer since a result was committed: judged by ratios to code written by hand, which
 * stay what they are on another machine, and never by a time.
 */
import type { Result } from './report.ts';

/** By how much a ratio may grow: less is the difference between two machines, or two moods of one. */
const GROWTH = 1.5;

const OURS = 'holdfast: ';
const FLOOR = 'by hand, tuned: ';

/** Every ratio of a row of ours to a row by hand. */
function ratiosOf({ rows, duels }: Result): Map<string, number> {
  const ratios = new Map<string, number>();
  for (const { name, ofHandWritten } of rows) {
    if (name.startsWith(OURS)) ratios.set(`${name}, of ${FLOOR}four`, ofHandWritten.median);
  }
  for (const { row, of, time } of duels) {
    if (of.startsWith(FLOOR)) ratios.set(`${row}, of ${of}`, time.median);
  }
  return ratios;
}

interface Comparison {
  /** What is wrong, in words; nothing if all is well. */
  readonly faults: readonly string[];
  /** Of all, in words. */
  readonly summary: string;
}

/** A ratio that only one of the two has cannot have grown; that one of the committed ones is gone has to be committed. */
export function compare(now: Result, committed: Result): Comparison {
  const before = ratiosOf(committed);
  const after = ratiosOf(now);
  const faults: string[] = [];
  for (const [what, was] of before) {
    const is = after.get(what);
    if (is === undefined) faults.push(`${what}: is committed, and was not measured`);
    else if (!(is <= was * GROWTH)) faults.push(`${what}: ${is.toFixed(2)}, was ${was.toFixed(2)}`);
  }
  return { faults, summary: `${before.size} ratios compared, ${faults.length} faults` };
}
