import { type Backoff, constant, exponential, linear } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';

const at = (backoff: Backoff, random: number, retries: readonly number[]): number[] =>
  retries.map((retry) => backoff(retry, { previousMs: 0, totalMs: 0, random: () => random }));
const FIRST = [1, 2, 3, 4, 5, 6];

describe('ceilings', () => {
  test('exponential grows by its factor, 2 by default, up to maxMs', () => {
    expect(at(exponential({ baseMs: 10, maxMs: 100, jitter: 'none' }), 0, FIRST)).toEqual([
      10, 20, 40, 80, 100, 100,
    ]);
    expect(at(exponential({ baseMs: 1, maxMs: 1_000, factor: 10, jitter: 'none' }), 0, FIRST)).toEqual([
      1, 10, 100, 1_000, 1_000, 1_000,
    ]);
    expect(at(exponential({ baseMs: 7, maxMs: 7, factor: 1, jitter: 'none' }), 0, [1, 1e6])).toEqual([7, 7]);
  });

  test('linear grows by its step up to maxMs', () => {
    expect(at(linear({ stepMs: 30, maxMs: 100 }), 0.3, FIRST)).toEqual([30, 60, 90, 100, 100, 100]);
  });

  test('constant stays', () => {
    expect(at(constant(25), 0.3, [1, 2, 1e6])).toEqual([25, 25, 25]);
    expect(at(constant(0, { jitter: 'full' }), 0.9, [1])).toEqual([0]);
  });
});

describe('jitter', () => {
  test('full is U(0, ceiling), and the default of exponential', () => {
    const full = exponential({ baseMs: 10, maxMs: 100 });
    expect(at(full, 0.5, FIRST)).toEqual([5, 10, 20, 40, 50, 50]);
    expect(at(exponential({ baseMs: 10, maxMs: 100, jitter: 'full' }), 0.5, FIRST)).toEqual(
      at(full, 0.5, FIRST),
    );
  });

  test('equal is ceiling/2 + U(0, ceiling/2)', () => {
    const equal = exponential({ baseMs: 10, maxMs: 100, jitter: 'equal' });
    expect(at(equal, 0, FIRST)).toEqual([5, 10, 20, 40, 50, 50]);
    expect(at(equal, 0.5, FIRST)).toEqual([7.5, 15, 30, 60, 75, 75]);
  });

  test('decorrelated is U(baseMs, 3 * previous), where previous starts at baseMs, up to maxMs', () => {
    const decorrelated = exponential({ baseMs: 10, maxMs: 100, jitter: 'decorrelated' });
    const given = (previousMs: number, random: number): number =>
      decorrelated(2, { previousMs, totalMs: previousMs, random: () => random });
    expect([given(0, 0), given(0, 0.5)]).toEqual([10, 20]);
    expect([given(20, 0), given(20, 0.5), given(60, 0.9)]).toEqual([10, 35, 100]);
  });

  test('none is the default of linear and constant, and asks for no chance', () => {
    const random = vi.fn(() => 0.5);
    linear({ stepMs: 1, maxMs: 5 })(1, { previousMs: 0, totalMs: 0, random });
    constant(5)(1, { previousMs: 0, totalMs: 0, random });
    exponential({ baseMs: 1, maxMs: 5, jitter: 'none' })(1, { previousMs: 0, totalMs: 0, random });
    expect(random).not.toHaveBeenCalled();
  });

  test.each(['full', 'equal'] as const)(
    '%s comes after the cap, so that clients at the cap stay spread out',
    (jitter) => {
      const { random } = new VirtualClock();
      const backoffs = [
        exponential({ baseMs: 10, maxMs: 100, jitter }),
        linear({ stepMs: 10, maxMs: 100, jitter }),
        constant(100, { jitter }),
      ];
      for (const backoff of backoffs) {
        const given = Array.from({ length: 1_000 }, () =>
          backoff(1_000, { previousMs: 0, totalMs: 0, random }),
        );
        const low = jitter === 'full' ? 0 : 50;
        expect(new Set(given).size).toBe(1_000);
        expect(given.filter((delay) => delay === 100)).toEqual([]);
        // Spread evenly: a tenth of them in each tenth of the interval, give or take.
        for (let tenth = 0; tenth < 10; tenth++) {
          const width = (100 - low) / 10;
          const inside = given.filter(
            (delay) => delay >= low + tenth * width && delay < low + (tenth + 1) * width,
          );
          expect(inside.length).toBeGreaterThan(60);
          expect(inside.length).toBeLessThan(140);
        }
      }
    },
  );

  test('is pure: the same question has the same answer', () => {
    const backoff = exponential({ baseMs: 10, maxMs: 1_000, jitter: 'smooth' });
    const history = { previousMs: 20, totalMs: 35, random: () => 0.3 };
    backoff(9, { previousMs: 900, totalMs: 2_000, random: () => 0.9 });
    expect(backoff(3, history)).toBe(backoff(3, history));
  });
});

describe("smooth is Polly's decorrelated jitter v2", () => {
  /** As in Polly.Core's RetryHelper, with its attempt from 0 and the previous value of f kept rather than derived. */
  function* polly(medianFirstMs: number, random: () => number): Generator<number> {
    const tanh = (x: number): number => 1 - 2 / (Math.exp(2 * x) + 1);
    let previous = 0;
    for (let attempt = 0; ; attempt++) {
      const t = attempt + random();
      const next = 2 ** t * tanh(Math.sqrt(4 * t));
      yield ((next - previous) * medianFirstMs) / 1.4;
      previous = next;
    }
  }

  test('delay for delay, for any seed', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const [ours, theirs] = [new VirtualClock({ seed }), new VirtualClock({ seed })];
      const backoff = exponential({ baseMs: 40, maxMs: 2 ** 31 - 1, jitter: 'smooth' });
      const reference = polly(40, theirs.random);
      let [previousMs, totalMs] = [0, 0];
      for (let n = 1; n <= 20; n++) {
        const expected = reference.next().value as number;
        previousMs = backoff(n, { previousMs, totalMs, random: ours.random });
        totalMs += previousMs;
        expect(Math.abs(previousMs - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, totalMs));
      }
    }
  });

  test('whose first delay has a median close to baseMs', () => {
    const { random } = new VirtualClock();
    const backoff = exponential({ baseMs: 100, maxMs: 1_000, jitter: 'smooth' });
    const given = Array.from({ length: 2_001 }, () => backoff(1, { previousMs: 0, totalMs: 0, random })).sort(
      (a, b) => a - b,
    );
    expect(given[1_000]).toBeGreaterThan(80);
    expect(given[1_000]).toBeLessThan(100);
  });

  test('and then the cap', () => {
    const backoff = exponential({ baseMs: 100, maxMs: 250, jitter: 'smooth' });
    expect(backoff(10, { previousMs: 250, totalMs: 1_500, random: () => 0.5 })).toBe(250);
  });
});
