import { constant, pipeline, retry, retryBudget } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test, vi } from 'vitest';
import { errorOf, heard, scripted } from './support.ts';

const [one, two] = [new Error('one'), new Error('two')];

function failing(retries = 1) {
  const clock = new VirtualClock();
  return { clock, policy: retry({ backoff: constant(70), retries, clock }) };
}

test('a retry event comes before each sleep, and says which attempt ended, how, and the delay', async () => {
  const { clock, policy } = failing(2);
  const events = heard(policy, 'retry');
  const result = policy.run(scripted(one, two, 'value').operation);
  await clock.advance(0);
  expect(events).toEqual([
    {
      policy: 'retry',
      pipeline: undefined,
      attempt: 1,
      delayMs: 70,
      outcome: { ok: false, value: undefined, error: one },
    },
  ]);
  await clock.runAll();
  await result;
  expect(events.map(({ attempt, outcome }) => [attempt, outcome.error])).toEqual([
    [1, one],
    [2, two],
  ]);
});

test('exhausted says why the retrying ended, once, and which outcome stands', async () => {
  const { clock, policy } = failing(1);
  const events = heard(policy, 'exhausted');
  const error = errorOf(policy.run(scripted(one, two).operation));
  await clock.runAll();
  expect(await error).toBe(two);
  expect(events).toEqual([
    {
      policy: 'retry',
      pipeline: undefined,
      reason: 'retries',
      attempt: 2,
      outcome: { ok: false, value: undefined, error: two },
    },
  ]);
});

test('a success exhausts nothing, at the first attempt or later', async () => {
  const { clock, policy } = failing(1);
  const events = heard(policy, 'exhausted');
  await policy.run(() => 'value');
  const result = policy.run(scripted(one, 'value').operation);
  await clock.runAll();
  await result;
  expect(events).toEqual([]);
});

test.each([
  ['retries', { retries: 0 }, one, {}],
  ['budget', { budget: { deposit() {}, take: () => false, tokens: () => 0 } }, one, {}],
  ['deadline', {}, one, { timeoutMs: 10 }],
  ['hint', { judge: () => ({ verdict: 'failure', retryAfterMs: 1e6 }) as const }, one, {}],
  ['judge', {}, new TypeError('a bug'), {}],
] as const)('tells that it ended for want of: %s', async (reason, options, error, run) => {
  const policy = retry({ backoff: constant(70), clock: new VirtualClock(), ...options });
  const events = heard(policy, 'exhausted');
  expect(await errorOf(policy.run(scripted(error).operation, run))).toBe(error);
  expect(events).toMatchObject([{ reason, attempt: 1, outcome: { error } }]);
});

test('within a pipeline an event names the pipeline, carries the label there, and is heard there too', async () => {
  const { clock, policy } = failing(1);
  const heardThere = vi.fn();
  const guarded = pipeline('payments', policy).on('retry', heardThere);
  const other = vi.fn();
  pipeline('other', policy).on('retry', other);
  const result = guarded.run(scripted(one, 'value').operation);
  await clock.runAll();
  await result;
  expect(heardThere).toHaveBeenCalledTimes(1);
  expect(heardThere.mock.calls[0]?.[0]).toMatchObject({ policy: 'retry', pipeline: 'payments', attempt: 1 });
  expect(other).not.toHaveBeenCalled();
});

test('a listener that throws changes nothing: no attempt more, no attempt less', async () => {
  const { clock, policy } = failing(1);
  const faults: unknown[] = [];
  policy.on('listener-error', ({ error }) => faults.push(error));
  for (const type of ['retry', 'exhausted'] as const) {
    policy.on(type, () => {
      throw type;
    });
  }
  const { operation, attempts } = scripted(one, two);
  const error = errorOf(policy.run(operation));
  await clock.runAll();
  expect(await error).toBe(two);
  expect(attempts).toEqual([1, 2]);
  expect(faults).toEqual(['retry', 'exhausted']);
});

test('a sleeping retry keeps the process alive, a settled one does not', async () => {
  const { clock, policy } = failing(1);
  const error = errorOf(policy.run(scripted(one).operation));
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(70);
  await error;
  expect(clock.pendingTimers).toBe(0);
});

test('p-retry makes no timer of its own', async () => {
  const setTimer = vi.spyOn(globalThis, 'setTimeout');
  try {
    const { clock, policy } = failing(2);
    const error = errorOf(policy.run(scripted(one).operation));
    await clock.runAll();
    await error;
    expect(setTimer).not.toHaveBeenCalled();
  } finally {
    setTimer.mockRestore();
  }
});

test('a budget that is shared is told the time of each retry’s own clock', async () => {
  const budget = retryBudget({ burst: 1, ratio: 0 });
  const { clock } = failing();
  const policy = retry({ backoff: constant(0), retries: 1, budget, clock });
  const attempts: number[] = [];
  for (let second = 0; second < 3; second++) {
    const error = errorOf(policy.run(({ attempt }) => Promise.reject(attempts.push(attempt))));
    await clock.advance(1_000);
    await error;
  }
  expect(attempts).toEqual([1, 2, 1, 2, 1, 2]);
});
