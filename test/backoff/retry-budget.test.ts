import fc from 'fast-check';
import { constant, type ExhaustedEvent, type RetryBudget, retry, retryBudget } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, watch } from '../support/spies.ts';

const boom = new Error('boom');
const failing = () => Promise.reject(boom);

const takeAll = (budget: RetryBudget, nowMs: number): number => {
  let taken = 0;
  while (budget.take(nowMs)) taken++;
  return taken;
};

describe('a retry budget', () => {
  test('starts full: a burst of 10 by default', () => {
    expect(retryBudget().tokens(0)).toBe(10);
    expect(takeAll(retryBudget(), 0)).toBe(10);
    expect(takeAll(retryBudget({ burst: 3 }), 1e9)).toBe(3);
  });

  test('gains ratio of a token for each success: ten make one, by default', () => {
    const budget = retryBudget({ minPerSecond: 0 });
    takeAll(budget, 0);
    for (let i = 0; i < 9; i++) budget.deposit();
    expect(budget.take(0)).toBe(false);
    budget.deposit();
    expect(budget.take(0)).toBe(true);
    expect(budget.take(0)).toBe(false);
  });

  test('gains minPerSecond tokens a second: one by default', () => {
    const budget = retryBudget({ ratio: 0 });
    takeAll(budget, 5_000);
    expect(takeAll(budget, 5_999)).toBe(0);
    expect(takeAll(budget, 6_000)).toBe(1);
    expect(takeAll(budget, 9_000)).toBe(3);
  });

  test('never holds more than its burst', () => {
    const budget = retryBudget({ burst: 2, minPerSecond: 100 });
    for (let i = 0; i < 100; i++) budget.deposit();
    expect(budget.tokens(0)).toBe(2);
    takeAll(budget, 0);
    expect(takeAll(budget, 3_600_000)).toBe(2);
  });

  test('lets at most burst + ratio * successes + minPerSecond * seconds through, whatever the order', () => {
    const step = fc.oneof(fc.constant('success'), fc.constant('retry'), fc.nat(500));
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.constantFrom(0, 0.1, 0.25, 1),
        fc.constantFrom(0, 0.5, 3),
        fc.integer({ min: 1, max: 12 }),
        (steps, ratio, minPerSecond, burst) => {
          const budget = retryBudget({ ratio, minPerSecond, burst });
          let [now, successes, taken] = [0, 0, 0];
          for (const each of steps) {
            if (each === 'success') {
              budget.deposit();
              successes++;
            } else if (each === 'retry') {
              if (budget.take(now)) taken++;
            } else now += each as number;
          }
          const earned = burst + ratio * successes + (minPerSecond * now) / 1_000;
          expect(taken).toBeLessThanOrEqual(earned + 1e-6);
          expect(budget.tokens(now)).toBeLessThanOrEqual(burst);
          expect(budget.tokens(now)).toBeGreaterThan(-1e-6);
        },
      ),
    );
  });
});

describe('a retry with a budget', () => {
  test('ends at once where there is no token: nobody waits for one', async () => {
    const clock = new VirtualClock();
    const budget = retryBudget({ burst: 1, minPerSecond: 0 });
    const tries = retry({ retries: 5, backoff: constant(10), budget, clock });
    const ends: ExhaustedEvent[] = [];
    tries.on('exhausted', (event) => ends.push(event));
    const operation = vi.fn(failing);
    const run = watch(tries.run(operation));
    await clock.advance(10);
    expect(run.error).toBe(boom);
    expect(operation).toHaveBeenCalledTimes(2);
    expect(ends).toMatchObject([{ reason: 'budget', attempt: 2, outcome: { ok: false, error: boom } }]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('shares it with others', async () => {
    const clock = new VirtualClock();
    const budget = retryBudget({ burst: 1, minPerSecond: 0, ratio: 0.5 });
    const [first, second] = [1, 2].map(() => retry({ retries: 1, backoff: constant(0), budget, clock }));
    const count = async (subject = first): Promise<number> => {
      const operation = vi.fn(failing);
      const run = watch(subject!.run(operation));
      await clock.runAll();
      expect(run.state).toBe('rejected');
      return operation.mock.calls.length;
    };
    expect(await count(first)).toBe(2);
    expect(await count(second)).toBe(1);
    await first!.run(() => 1);
    await second!.run(() => 1);
    expect(await count(second)).toBe(2);
    expect(await count(first)).toBe(1);
  });

  test('has one of its own by default: of 20 failing calls at once, 10 retries are made', async () => {
    const clock = new VirtualClock();
    const tries = retry({ retries: 1, backoff: constant(1), clock });
    const operation = vi.fn(failing);
    for (let i = 0; i < 20; i++) watch(tries.run(operation));
    await clock.runAll();
    expect(operation).toHaveBeenCalledTimes(30);
  });

  test('that is false has no limit', async () => {
    const clock = new VirtualClock();
    const tries = retry({ retries: 1, backoff: constant(1), budget: false, clock });
    expect(tries.budget).toBeUndefined();
    const operation = vi.fn(failing);
    for (let i = 0; i < 50; i++) watch(tries.run(operation));
    await clock.runAll();
    expect(operation).toHaveBeenCalledTimes(100);
  });

  test('takes no token for what is not tried again, and none where the deadline is too near', async () => {
    const clock = new VirtualClock();
    const budget = retryBudget({ burst: 3, minPerSecond: 0, ratio: 0 });
    const tries = retry({ retries: 3, backoff: constant(100), budget, clock });
    await errorOf(tries.run(() => Promise.reject(new TypeError('bug'))));
    await errorOf(tries.run(failing, { timeoutMs: 100 }));
    await errorOf(retry({ retries: 0, budget, clock }).run(failing));
    await tries.run(() => 1);
    expect(budget.tokens(0)).toBe(3);
  });

  test("may be a user's own", async () => {
    const clock = new VirtualClock({ startMs: 7 });
    const budget = { deposit: vi.fn(), take: vi.fn(() => false), tokens: () => 0 };
    const tries = retry({ backoff: constant(0), budget, clock });
    await tries.run(() => 1);
    await errorOf(tries.run(failing));
    expect(budget.deposit).toHaveBeenCalledOnce();
    expect(budget.take.mock.calls).toEqual([[7]]);
  });
});
