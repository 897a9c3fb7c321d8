/**
 * Durations in buckets whose bounds grow by the same factor, so that the middle of a bucket is within one percent of
 * everything that falls into it (Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
 * relative-error guarantees", VLDB 2019). The range is fixed, and with it the number of buckets: none are ever merged.
 */
import { MAX_TIMER_MS } from '../core/clock.ts';

// Half of the growth is the error on either side: 0.02 / 2.02, a little under a hundredth.
const GROWTH = 1.02;
/** A microsecond: what is shorter counts as 0. */
const SMALLEST_MS = 0.001;
const PER_LOG = 1 / Math.log(GROWTH);
// The first bucket, number 0, is that of what counts as 0.
const SHIFT = 1 - Math.log(SMALLEST_MS) * PER_LOG;

/** The bucket of a duration, from 0. What is longer than any timer can last falls into the last. */
export function bucketOf(durationMs: number): number {
  if (!(durationMs >= SMALLEST_MS)) return 0;
  return Math.min(Math.floor(Math.log(durationMs) * PER_LOG + SHIFT), BUCKETS - 1);
}

/** How many there are. */
export const BUCKETS = Math.floor(Math.log(MAX_TIMER_MS) * PER_LOG + SHIFT) + 1;

/** The duration that stands for a bucket, in milliseconds. */
export const durationOf = (bucket: number): number =>
  bucket === 0 ? 0 : (SMALLEST_MS * GROWTH ** bucket * 2) / (1 + GROWTH);

/**
 * For each share the shortest duration such that at least that share of those counted is no longer, by nearest rank;
 * undefined where none was counted. `counts` has a number for each bucket, from `from` on; shares are in thousandths, ascending.
 */
export function quantiles(
  counts: ArrayLike<number>,
  from: number,
  total: number,
  thousandths: readonly number[],
): (number | undefined)[] {
  let bucket = -1;
  let passed = 0;
  return thousandths.map((share) => {
    if (total === 0) return undefined;
    const rank = Math.ceil((total * share) / 1000);
    while (passed < rank) passed += counts[from + ++bucket] as number;
    return durationOf(bucket);
  });
}
