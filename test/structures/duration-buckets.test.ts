import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKETS, bucketOf, durationOf, quantiles } from '../../src/structures/duration-buckets.ts';

const MICROSECOND = 0.001;
const LONGEST_MS = 2 ** 31 - 1;

describe('a bucket', () => {
  test('stands for durations that are all within one percent of its own', () => {
    const duration = fc.oneof(
      fc.double({ min: MICROSECOND, max: LONGEST_MS, noNaN: true }),
      // As many of a microsecond as of a day.
      fc
        .double({ min: Math.log(MICROSECOND), max: Math.log(LONGEST_MS), noNaN: true })
        .map((log) => Math.min(LONGEST_MS, Math.max(MICROSECOND, Math.exp(log)))),
    );
    fc.assert(
      fc.property(duration, (ms) => {
        expect(Math.abs(durationOf(bucketOf(ms)) - ms) / ms).toBeLessThan(0.01);
      }),
      { numRuns: 5_000 },
    );
  });

  test('stands for those too that lie at its bounds', () => {
    for (let bucket = 1; bucket < BUCKETS - 1; bucket++) {
      const bound = MICROSECOND * 1.02 ** bucket;
      for (const ms of [bound * (1 - 1e-15), bound, bound * (1 + 1e-15)])
        expect(Math.abs(durationOf(bucketOf(ms)) - ms) / ms).toBeLessThan(0.01);
    }
  });

  test('holds longer durations the higher its number', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), fc.double({ min: 0, noNaN: true }), (a, b) => {
        expect(bucketOf(Math.min(a, b))).toBeLessThanOrEqual(bucketOf(Math.max(a, b)));
      }),
    );
  });

  test.each([0, -0, -5, MICROSECOND / 2, Number.NaN])('number 0 takes %d, and stands for nothing', (ms) => {
    expect(bucketOf(ms)).toBe(0);
    expect(durationOf(0)).toBe(0);
  });

  test('number 0 does not take a microsecond', () => {
    expect(bucketOf(MICROSECOND)).toBe(1);
  });

  test.each([LONGEST_MS, LONGEST_MS * 2, Infinity])('is the last for %d', (ms) => {
    expect(bucketOf(ms)).toBe(BUCKETS - 1);
  });
});

describe('a quantile', () => {
  const of = (thousandths: number, ...durations: number[]) => {
    const counts = new Float64Array(1 + BUCKETS);
    for (const ms of durations) counts[1 + bucketOf(ms)]!++;
    return quantiles(counts, 1, durations.length, [thousandths])[0];
  };

  test('of nothing is none', () => {
    expect(of(500)).toBeUndefined();
  });

  test('is by nearest rank, not between two', () => {
    expect(of(500, 10, 1_000)).toBeCloseTo(10, 0);
    expect(of(501, 10, 1_000)).toBeGreaterThan(990);
    expect(of(500, 10, 10, 1_000)).toBeCloseTo(10, 0);
    expect(of(1_000, 10, 10, 1_000)).toBeGreaterThan(990);
  });

  test('needs a thousand calls to tell the slowest from the slowest in a thousand', () => {
    const calls = (n: number) => Array.from({ length: n }, () => 10);
    expect(of(999, ...calls(998), 5_000)).toBeGreaterThan(4_900);
    expect(of(999, ...calls(999), 5_000)).toBeCloseTo(10, 0);
  });
});

test('what counts as 0 is counted', () => {
  expect(quantiles([3, 0, 1], 0, 4, [500, 1_000])).toEqual([0, durationOf(2)]);
});
