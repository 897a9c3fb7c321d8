import fc from 'fast-check';
import { type Backoff, constant, exponential, type Jitter, linear } from 'holdfast';
import { describe, expect, test } from 'vitest';

const LONGEST = 2 ** 31 - 1;
const retryNumber = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 1e6 }),
  fc.constant(1e9),
);
const chance = fc.oneof(
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.constantFrom(0, 0.5, 1 - Number.EPSILON / 2),
);
const ms = fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 1e-3, max: LONGEST, noNaN: true }));
const first = fc.tuple(ms, ms).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const factor = fc.double({ min: 1, max: 100, noNaN: true });

const INTERVALS: Record<Jitter, (ceiling: number) => readonly [number, number]> = {
  none: (ceiling) => [ceiling, ceiling],
  full: (ceiling) => [0, ceiling],
  equal: (ceiling) => [ceiling / 2, ceiling],
};
const jitters = Object.keys(INTERVALS) as Jitter[];
const fresh = (random: () => number) => ({ previousMs: 0, totalMs: 0, random });

function expectWithin(value: number, [low, high]: readonly [number, number]): void {
  expect(value).toBeGreaterThanOrEqual(low * (1 - 1e-12));
  expect(value).toBeLessThanOrEqual(high * (1 + 1e-12));
}

/** A delay that a timer can hold. */
function expectDelay(value: number): void {
  expect(Number.isFinite(value) && value >= 0 && value <= LONGEST, String(value)).toBe(true);
}

describe.each(jitters)(
  'with jitter %s a delay lies within its interval, for any retry up to a million and beyond',
  (jitter) => {
    test('of min(maxMs, baseMs * factor^(n-1)) for exponential', () => {
      fc.assert(
        fc.property(first, factor, retryNumber, chance, ([baseMs, maxMs], growth, n, r) => {
          const delay = exponential({ baseMs, maxMs, factor: growth, jitter })(
            n,
            fresh(() => r),
          );
          expectDelay(delay);
          expectWithin(delay, INTERVALS[jitter](Math.min(maxMs, baseMs * growth ** (n - 1))));
        }),
      );
    });

    test('of min(maxMs, stepMs * n) for linear', () => {
      fc.assert(
        fc.property(first, retryNumber, chance, ([stepMs, maxMs], n, r) => {
          const delay = linear({ stepMs, maxMs, jitter })(
            n,
            fresh(() => r),
          );
          expectDelay(delay);
          expectWithin(delay, INTERVALS[jitter](Math.min(maxMs, stepMs * n)));
        }),
      );
    });

    test('of ms for constant', () => {
      fc.assert(
        fc.property(fc.oneof(ms, fc.constant(0)), retryNumber, chance, (each, n, r) => {
          const delay = constant(each, { jitter })(
            n,
            fresh(() => r),
          );
          expectDelay(delay);
          expectWithin(delay, INTERVALS[jitter](each));
        }),
      );
    });
  },
);

/** The delays of a retry that goes on and on, as a retry would ask for them. */
function delays(backoff: Backoff, random: () => number, count: number): number[] {
  const given: number[] = [];
  let [previousMs, totalMs] = [0, 0];
  for (let n = 1; n <= count; n++) {
    previousMs = backoff(n, { previousMs, totalMs, random });
    totalMs += previousMs;
    given.push(previousMs);
  }
  return given;
}

describe('decorrelated', () => {
  test('lies between baseMs and three times the delay before, at most maxMs', () => {
    fc.assert(
      fc.property(first, fc.infiniteStream(chance), ([baseMs, maxMs], chances) => {
        const random = () => chances.next().value;
        let previous = baseMs;
        for (const delay of delays(exponential({ baseMs, maxMs, jitter: 'decorrelated' }), random, 50)) {
          expectDelay(delay);
          expectWithin(delay, [Math.min(baseMs, maxMs), Math.min(maxMs, Math.max(baseMs, 3 * previous))]);
          previous = delay;
        }
      }),
    );
  });

  test('is U(baseMs, 3 * previous) to the letter', () => {
    const given = delays(exponential({ baseMs: 10, maxMs: 1_000, jitter: 'decorrelated' }), () => 0.5, 4);
    expect(given).toEqual([20, 35, 57.5, 91.25]);
  });
});

describe('smooth', () => {
  test('is a delay that a timer can hold, at most maxMs, however long it goes on', () => {
    fc.assert(
      fc.property(first, fc.infiniteStream(chance), ([baseMs, maxMs], chances) => {
        const random = () => chances.next().value;
        for (const delay of delays(exponential({ baseMs, maxMs, jitter: 'smooth' }), random, 1_200)) {
          expectDelay(delay);
          expect(delay).toBeLessThanOrEqual(maxMs);
        }
      }),
      { numRuns: 30 },
    );
  });
});
