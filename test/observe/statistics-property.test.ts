/** Any durations, in any rhythm, against all of them kept and sorted. */
import fc from 'fast-check';
import { type Clock, pipeline, systemClock } from 'holdfast';
import { observe, type WindowStatistics } from 'holdfast/observe';
import { expect, test } from 'vitest';

/** How long calls take, given a number in (0, 1): a microsecond at least, since what is shorter counts as nothing. */
const distributions = {
  uniform: (u: number) => 1 + 99 * u,
  constant: () => 42,
  exponential: (u: number) => -200 * Math.log(u),
  'heavy tail': (u: number) => 5 / u ** 1.5,
  'two humps': (u: number) => (u < 0.93 ? 8 + 4 * u : 900 + 2_000 * (u - 0.93)),
  'far apart': (u: number) => 10 ** (8 * u - 3),
  'nothing at all, mostly': (u: number) => (u < 0.9 ? 0 : u),
} satisfies Record<string, (u: number) => number>;

type Distribution = keyof typeof distributions;

/** Calls one after the other, and the time that goes by after each. */
interface Phase {
  readonly distribution: Distribution;
  readonly calls: number;
  readonly gapMs: number;
  readonly failing: number;
  readonly seed: number;
}

interface Ended {
  readonly atMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
}

const phase: fc.Arbitrary<Phase> = fc.record({
  distribution: fc.constantFrom(...(Object.keys(distributions) as Distribution[])),
  calls: fc.nat(600),
  gapMs: fc.constantFrom(0, 0.25, 1, 7, 90, 1_000),
  failing: fc.constantFrom(0, 0.01, 0.5, 1),
  seed: fc.nat(),
});

/** Numbers in (0, 1), the same for the same seed (a linear congruence; nothing hangs on how good it is). */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** The shortest of the values such that this share of them, in thousandths, is no longer. */
const exact = (sorted: readonly number[], thousandths: number): number | undefined =>
  sorted[Math.max(1, Math.ceil((sorted.length * thousandths) / 1_000)) - 1];

function compare(shown: WindowStatistics, all: readonly Ended[], spanMs: number, nowMs: number): void {
  expect(shown.coveredMs).toBeLessThanOrEqual(spanMs);
  expect(shown.coveredMs).toBeGreaterThanOrEqual(Math.min(nowMs, spanMs * 0.9) - 1e-3);
  const within = all.filter(({ atMs }) => atMs >= nowMs - shown.coveredMs - 1e-6);
  const failures = within.filter(({ failed }) => failed).length;
  expect(shown).toMatchObject({ calls: within.length, failures });
  expect(shown.errorRate).toBe(within.length === 0 ? undefined : failures / within.length);
  const sorted = within.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const { p50Ms, p95Ms, p99Ms, p999Ms } = shown;
  for (const [estimate, thousandths] of [
    [p50Ms, 500] as const,
    [p95Ms, 950] as const,
    [p99Ms, 990] as const,
    [p999Ms, 999] as const,
  ]) {
    const truth = exact(sorted, thousandths);
    if (truth === undefined || truth < 0.001) expect(estimate).toBe(truth === undefined ? undefined : 0);
    else expect(Math.abs((estimate as number) - truth) / truth).toBeLessThanOrEqual(0.01);
  }
}

test('percentiles are within one percent of the exact ones, and no call is lost or kept at a boundary', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(phase, { minLength: 1, maxLength: 5 }), async (phases) => {
      let now = 0;
      const clock: Clock = { now: () => now, setTimer: systemClock.setTimer };
      const subject = pipeline({ name: 'p', clock });
      const { snapshot } = observe(subject);
      const ended: Ended[] = [];
      const look = (): void => {
        const { last10s, last60s } = snapshot();
        compare(last10s, ended, 10_000, now);
        compare(last60s, ended, 60_000, now);
      };
      for (const { distribution, calls, gapMs, failing, seed } of phases) {
        const next = chance(seed);
        for (let i = 0; i < calls; i++) {
          // In 1024ths of a millisecond, so that sums are exact and the end of a call is one moment for both sides.
          const durationMs = Math.round(distributions[distribution](next()) * 1_024) / 1_024;
          const failed = next() < failing;
          const run = subject.run(() => {
            now += durationMs;
            if (failed) throw new Error('down');
          });
          await run.catch(() => {});
          ended.push({ atMs: now, durationMs, failed });
          now += gapMs;
        }
        look();
      }
    }),
    { numRuns: 60 },
  );
}, 30_000);
