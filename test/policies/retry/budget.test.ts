import { constant, pipeline, type RetryOptions, retry, retryBudget } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, heard, scripted } from './support.ts';

const boom = new Error('boom');

function retrying(options: RetryOptions = {}) {
  const clock = new VirtualClock();
  const policy = retry({ backoff: constant(0), retries: 1, clock, ...options });
  /** Runs what fails, and says how many attempts were made. */
  const attemptsOfAFailure = async (): Promise<number> => {
    const { operation, attempts } = scripted(boom);
    const error = errorOf(policy.run(operation));
    await clock.advance(0);
    expect(await error).toBe(boom);
    return attempts.length;
  };
  return { clock, policy, attemptsOfAFailure };
}

describe('the default', () => {
  test('is a budget that starts with ten retries, full', async () => {
    const { policy, attemptsOfAFailure, clock } = retrying();
    expect(policy.budget?.tokens(clock.now())).toBe(10);
    for (let i = 0; i < 10; i++) expect(await attemptsOfAFailure()).toBe(2);
    expect(await attemptsOfAFailure()).toBe(1);
  });

  test('brings one retry a second without any success', async () => {
    const { clock, attemptsOfAFailure } = retrying();
    for (let i = 0; i < 10; i++) await attemptsOfAFailure();
    await clock.advance(999);
    expect(await attemptsOfAFailure()).toBe(1);
    await clock.advance(1);
    expect(await attemptsOfAFailure()).toBe(2);
    expect(await attemptsOfAFailure()).toBe(1);
  });

  test('brings a retry for each ten successes', async () => {
    const { policy, attemptsOfAFailure } = retrying();
    for (let i = 0; i < 10; i++) await attemptsOfAFailure();
    for (let i = 0; i < 9; i++) await policy.run(() => 'well');
    expect(await attemptsOfAFailure()).toBe(1);
    await policy.run(() => 'well');
    expect(await attemptsOfAFailure()).toBe(2);
  });

  test('is one for each retry policy', async () => {
    const [one, other] = [retry(), retry()];
    expect(one.budget).not.toBe(other.budget);
  });
});

test('holds no more than burst, however long nothing fails', async () => {
  const budget = retryBudget({ burst: 2 });
  const { clock, policy, attemptsOfAFailure } = retrying({ budget });
  for (let i = 0; i < 100; i++) await policy.run(() => 'well');
  await clock.advance(3_600_000);
  expect(budget.tokens(clock.now())).toBe(2);
  expect([await attemptsOfAFailure(), await attemptsOfAFailure(), await attemptsOfAFailure()]).toEqual([
    2, 2, 1,
  ]);
});

test('without a token the last outcome stands at once, with the reason budget', async () => {
  const budget = retryBudget({ burst: 1, minPerSecond: 0, ratio: 0 });
  const { policy, clock } = retrying({ budget, backoff: constant(1_000), retries: 5 });
  const exhausted = heard(policy, 'exhausted');
  const error = errorOf(policy.run(scripted(boom).operation));
  await clock.advance(1_000);
  expect(await error).toBe(boom);
  expect(clock.pendingTimers).toBe(0);
  expect(exhausted).toMatchObject([{ reason: 'budget', attempt: 2, outcome: { error: boom } }]);
});

test('a retry costs one token, the first attempt none', async () => {
  const budget = retryBudget({ minPerSecond: 0, ratio: 0 });
  const { policy, attemptsOfAFailure, clock } = retrying({ budget, retries: 3 });
  await policy.run(() => 'well');
  expect(budget.tokens(clock.now())).toBe(10);
  await attemptsOfAFailure();
  expect(budget.tokens(clock.now())).toBe(7);
});

test('what is not tried again costs no token', async () => {
  const budget = retryBudget({ minPerSecond: 0, ratio: 0 });
  const { policy } = retrying({ budget, retries: 0 });
  await errorOf(policy.run(scripted(boom).operation));
  const bug = retrying({ budget, retries: 5 });
  await errorOf(bug.policy.run(scripted(new TypeError('bug')).operation));
  expect(budget.tokens(0)).toBe(10);
});

test('a retry that succeeds pays in like any success', async () => {
  const budget = retryBudget({ minPerSecond: 0, ratio: 0.5 });
  const { policy, clock } = retrying({ budget });
  const result = policy.run(scripted(boom, 'value').operation);
  await clock.advance(0);
  await result;
  expect(budget.tokens(clock.now())).toBe(9.5);
});

test('several retries may share one', async () => {
  const budget = retryBudget({ burst: 1, minPerSecond: 0, ratio: 0 });
  const [one, other] = [retrying({ budget }), retrying({ budget })];
  expect(await one.attemptsOfAFailure()).toBe(2);
  expect(await other.attemptsOfAFailure()).toBe(1);
});

test('false is none', async () => {
  const { policy, attemptsOfAFailure } = retrying({ budget: false });
  expect(policy.budget).toBeUndefined();
  for (let i = 0; i < 50; i++) expect(await attemptsOfAFailure()).toBe(2);
});

test('ten deposits of a tenth make a token', async () => {
  const budget = retryBudget({ burst: 1, minPerSecond: 0, ratio: 0.1 });
  expect(budget.take(0)).toBe(true);
  for (let i = 0; i < 10; i++) budget.deposit();
  expect(budget.take(0)).toBe(true);
  expect(budget.take(0)).toBe(false);
});

test('may be of the user’s own', async () => {
  const own = { deposit: vi.fn(), take: vi.fn(() => false), tokens: () => 0 };
  const { policy, attemptsOfAFailure, clock } = retrying({ budget: own });
  await clock.advance(70);
  expect(await attemptsOfAFailure()).toBe(1);
  expect(own.take).toHaveBeenCalledExactlyOnceWith(70);
  await policy.run(() => 'well');
  expect(own.deposit).toHaveBeenCalledTimes(1);
});

test('a success that the judge calls a failure pays nothing in', async () => {
  const own = { deposit: vi.fn(), take: () => false, tokens: () => 0 };
  const policy = retry({ budget: own, judge: () => 'failure', clock: new VirtualClock() });
  await pipeline('p', policy).run(() => 503);
  expect(own.deposit).not.toHaveBeenCalled();
});

describe('a success', () => {
  test('is nobody’s business where there is no budget', async () => {
    const { policy } = retrying({ budget: false });
    const faults = heard(policy, 'listener-error' as never);
    expect(await policy.run(() => 'well')).toBe('well');
    expect(faults).toEqual([]);
  });

  test('stands where the budget throws at it, which is told', async () => {
    const deposit = () => {
      throw boom;
    };
    const { policy } = retrying({ budget: { deposit, take: () => true, tokens: () => 1 } });
    const faults = heard(policy, 'listener-error' as never);
    expect(await policy.run(() => 'well')).toBe('well');
    expect(faults).toEqual([{ policy: 'retry', pipeline: undefined, error: boom }]);
  });

  test('that pays for a retry but for a rounding error pays for it', () => {
    const budget = retryBudget({ burst: 1, minPerSecond: 0, ratio: 1 - 1e-9 });
    expect(budget.take(0)).toBe(true);
    budget.deposit();
    expect(budget.take(0)).toBe(true);
  });
});
