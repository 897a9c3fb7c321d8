/** A budget holds over every stretch of time from the start, whatever succeeds, fails and overlaps. */
import fc from 'fast-check';
import { constant, retry, retryBudget } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';

const boom = new Error('boom');
const ROUNDING = 1e-6;

interface Happened {
  readonly what: 'success' | 'retry' | 'refused';
  readonly atMs: number;
}

interface Budget {
  readonly ratio: number;
  readonly minPerSecond: number;
  readonly burst: number;
}

/** The tokens that are left after all that happened, counted from the start. */
function tokensAfter(
  { ratio, minPerSecond, burst }: Budget,
  all: readonly Happened[],
  nowMs: number,
): number {
  let tokens = burst;
  let then = 0;
  const pass = (now: number): void => {
    tokens = Math.min(burst, tokens + ((now - then) / 1_000) * minPerSecond);
    then = now;
  };
  for (const { what, atMs } of all) {
    pass(atMs);
    if (what === 'success') tokens = Math.min(burst, tokens + ratio);
    if (what === 'retry') tokens -= 1;
  }
  pass(nowMs);
  return tokens;
}

const budgets: fc.Arbitrary<Budget> = fc.record({
  ratio: fc.constantFrom(0, 0.1, 0.25, 1),
  minPerSecond: fc.constantFrom(0, 0.5, 1, 10),
  burst: fc.constantFrom(1, 2, 2.5, 5),
});

/** Runs that begin one after the other and overlap: for each attempt, whether it succeeds. */
const runs = fc.array(
  fc.record({
    gapMs: fc.constantFrom(0, 1, 100, 700),
    policy: fc.nat({ max: 1 }),
    attempts: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 30, size: 'max' },
);

test('retries never exceed the budget, nor attempts the retries; nor is a retry refused that it had room for', async () => {
  await fc.assert(
    fc.asyncProperty(
      budgets,
      runs,
      fc.nat({ max: 4 }),
      fc.constantFrom(0, 50, 300),
      async (options, course, retries, delayMs) => {
        const clock = new VirtualClock();
        const budget = retryBudget(options);
        const all: Happened[] = [];
        const happened = (what: Happened['what']) => all.push({ what, atMs: clock.now() });
        const policies = [1, 2].map(() =>
          retry({ retries, budget, backoff: constant(delayMs), clock })
            .on('retry', () => happened('retry'))
            .on('exhausted', ({ reason }) => reason === 'budget' && happened('refused')),
        );
        const made: number[] = [];
        const settled: Promise<unknown>[] = [];
        for (const [i, { gapMs, policy, attempts }] of course.entries()) {
          await clock.advance(gapMs);
          const run = policies[policy]?.run(({ attempt }) => {
            made[i] = attempt;
            if (!attempts[Math.min(attempt, attempts.length) - 1]) throw boom;
            happened('success');
          });
          settled.push(run?.catch(() => {}) ?? Promise.reject());
        }
        await clock.runAll();
        await Promise.all(settled);

        for (const attempts of made) expect(attempts).toBeLessThanOrEqual(1 + retries);
        const count = { success: 0, retry: 0, refused: 0 };
        for (const [i, { what, atMs }] of all.entries()) {
          count[what]++;
          const most =
            options.burst + options.ratio * count.success + (options.minPerSecond * atMs) / 1_000 + ROUNDING;
          expect(count.retry).toBeLessThanOrEqual(most);
          const before = tokensAfter(options, all.slice(0, i), atMs);
          if (what === 'retry') expect(before).toBeGreaterThan(1 - ROUNDING);
          if (what === 'refused') expect(before).toBeLessThan(1);
        }
        expect(budget.tokens(clock.now())).toBeCloseTo(tokensAfter(options, all, clock.now()), 6);
      },
    ),
    { numRuns: 300 },
  );
});
