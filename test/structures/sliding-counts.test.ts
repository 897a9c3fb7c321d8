import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlidingCounts } from '../../src/structures/sliding-counts.ts';

const [SPAN, START] = [10_000, 500];
const setUp = () => {
  const window = new SlidingCounts(SPAN, 3, START);
  const count = (nowMs: number, column = 0): void => {
    window.counts[window.row(nowMs) + column]!++;
  };
  const sum = (nowMs: number) => {
    const { coveredMs, counts } = window.sum(nowMs);
    return { coveredMs, counts: [...counts] };
  };
  return { window, count, sum };
};

describe('counts of the last milliseconds', () => {
  test('cover no more than has gone by since the start', () => {
    const { count, sum } = setUp();
    count(START);
    count(START, 2);
    expect(sum(START)).toEqual({ coveredMs: 0, counts: [1, 0, 1] });
    expect(sum(START + 3_456)).toEqual({ coveredMs: 3_456, counts: [1, 0, 1] });
  });

  test('cover all of the time but the tenth that is going by', () => {
    const { count, sum } = setUp();
    count(START);
    expect(sum(START + 9_999)).toEqual({ coveredMs: 9_999, counts: [1, 0, 0] });
    expect(sum(START + 10_000)).toEqual({ coveredMs: 9_000, counts: [0, 0, 0] });
    expect(sum(START + 10_999).coveredMs).toBe(9_999);
  });

  test('are forgotten together with their tenth, and not with another', () => {
    const { count, sum } = setUp();
    count(START + 999);
    count(START + 1_000, 1);
    expect(sum(START + 9_999).counts).toEqual([1, 1, 0]);
    expect(sum(START + 10_000).counts).toEqual([0, 1, 0]);
    expect(sum(START + 11_000).counts).toEqual([0, 0, 0]);
  });

  test.each([10_000, 11_000, 19_999, 20_000, 105_000, 1e12])(
    'are all gone after %d ms without any, and begin anew',
    (idleMs) => {
      const { count, sum } = setUp();
      for (let ms = 0; ms < 10_000; ms += 100) count(START + ms);
      const now = START + 10_000 + idleMs;
      count(now);
      expect(sum(now).counts).toEqual([1, 0, 0]);
    },
  );

  test('go into the newest tenth where the clock has stepped back', () => {
    const { count, sum } = setUp();
    count(START + 5_000);
    count(START + 10, 1);
    expect(sum(START + 10)).toEqual({ coveredMs: 10, counts: [1, 1, 0] });
    expect(sum(START + 13_999).counts).toEqual([1, 1, 0]);
  });

  test('need no more memory for more counts', () => {
    const { window, count } = setUp();
    const { byteLength } = window.counts;
    for (let ms = 0; ms < 200_000; ms++) count(START + ms, ms % 3);
    expect(window.counts.byteLength).toBe(byteLength);
  });

  test('are exactly those of the time that they say they cover', () => {
    const gap = fc.oneof(
      fc.nat(50),
      fc.integer({ min: 900, max: 1_100 }),
      fc.constantFrom(1_000, 9_000, 10_000),
      fc.nat(40_000),
    );
    const spans = fc.constantFrom(10_000, 60_000, 7);
    fc.assert(
      fc.property(fc.array(gap, { maxLength: 60 }), spans, fc.nat(1e6), (gaps, spanMs, startMs) => {
        const window = new SlidingCounts(spanMs, 1, startMs);
        const counted: number[] = [];
        let now = startMs;
        for (const gapMs of gaps) {
          now += gapMs;
          window.counts[window.row(now)]!++;
          counted.push(now);
          const { coveredMs, counts } = window.sum(now);
          // A row of a span that has no whole tenths begins between two readings of the clock.
          const within = counted.filter((ms) => ms >= now - coveredMs - 1e-6);
          expect(counts[0]).toBe(within.length);
          expect(coveredMs).toBeLessThan(spanMs);
          expect(coveredMs).toBeGreaterThanOrEqual(Math.min(now - startMs, spanMs * 0.9) - 1e-6);
        }
      }),
    );
  });
});
