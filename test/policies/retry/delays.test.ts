import { type BackoffHistory, constant, exponential, type RetryOptions, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, heard, scripted } from './support.ts';

const boom = new Error('boom');

/** The delays that were given, and when the attempts began. */
async function timesOf(options: RetryOptions) {
  const clock = new VirtualClock();
  const policy = retry({ budget: false, clock, ...options });
  const retries = heard(policy, 'retry');
  const exhausted = heard(policy, 'exhausted');
  const startedAt: number[] = [];
  const error = errorOf(
    policy.run(() => {
      startedAt.push(clock.now());
      throw boom;
    }),
  );
  await clock.runAll();
  expect(await error).toBe(boom);
  return { delays: retries.map(({ delayMs }) => delayMs), startedAt, exhausted };
}

describe('the backoff', () => {
  test('is waited before each retry, on the clock that was given', async () => {
    const backoff = exponential({ baseMs: 100, maxMs: 250, jitter: 'none' });
    const { delays, startedAt } = await timesOf({ retries: 3, backoff });
    expect(delays).toEqual([100, 200, 250]);
    expect(startedAt).toEqual([0, 100, 300, 550]);
  });

  test('is exponential from 100 ms to 10 s with full jitter by default', async () => {
    expect((await timesOf({ retries: 9, random: () => 0.5 })).delays).toEqual([
      50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000,
    ]);
  });

  test('is given the number of the retry, the delays before it and the chance', async () => {
    const random = () => 0.5;
    const backoff = vi.fn((retry: number) => retry * 10);
    await timesOf({ retries: 3, backoff, random });
    expect(backoff.mock.calls).toEqual([
      [1, { previousMs: 0, totalMs: 0, random }],
      [2, { previousMs: 10, totalMs: 10, random }],
      [3, { previousMs: 20, totalMs: 30, random }],
    ]);
  });

  test('of one run knows nothing of another', async () => {
    const clock = new VirtualClock();
    const backoff = vi.fn(() => 10);
    const policy = retry({ retries: 1, backoff, clock });
    for (let i = 0; i < 2; i++) {
      const error = errorOf(policy.run(scripted(boom).operation));
      await clock.runAll();
      await error;
    }
    expect(backoff.mock.calls).toMatchObject([
      [1, { totalMs: 0 }],
      [1, { totalMs: 0 }],
    ]);
  });

  test.each([
    ['NaN', () => Number.NaN, RangeError],
    ['a negative number', () => -1, RangeError],
    ['more than a timer can hold', () => 2 ** 31, RangeError],
    ['Infinity', () => Infinity, RangeError],
    ['nothing', () => undefined as never, TypeError],
    ['a string', () => '10' as never, TypeError],
  ])('that gives %s ends the retrying, and is reported', async (_what, backoff, fault) => {
    const clock = new VirtualClock();
    const policy = retry({ backoff, clock });
    const faults: unknown[] = [];
    policy.on('listener-error', ({ error }) => faults.push(error));
    const { operation, attempts } = scripted(boom);
    expect(await errorOf(policy.run(operation))).toBe(boom);
    expect(attempts).toEqual([1]);
    expect(faults).toEqual([expect.any(fault)]);
    expect((faults[0] as Error).message).toMatch(/^retry: delay of backoff must be a number/);
  });

  test('that throws ends the retrying, and is reported', async () => {
    const fault = new Error('backoff');
    const policy = retry({
      backoff: () => {
        throw fault;
      },
    });
    const faults: unknown[] = [];
    policy.on('listener-error', ({ error }) => faults.push(error));
    expect(await errorOf(policy.run(scripted(boom).operation))).toBe(boom);
    expect(faults).toEqual([fault]);
  });

  test('that fails costs no token', async () => {
    const policy = retry({ backoff: () => Number.NaN, clock: new VirtualClock() });
    policy.on('listener-error', () => {});
    await errorOf(policy.run(scripted(boom).operation));
    expect(policy.budget?.tokens(0)).toBe(10);
  });
});

describe("a server's hint", () => {
  const hinting = (retryAfterMs: number, options: RetryOptions = {}) =>
    timesOf({
      retries: 1,
      backoff: constant(100),
      random: () => 0.5,
      judge: () => ({ verdict: 'failure', retryAfterMs }),
      ...options,
    });

  test('is waited out, and spread by up to a tenth of itself', async () => {
    expect((await hinting(400)).delays).toEqual([400 + 0.5 * 40]);
  });

  test('is spread by no more than the ceiling of the backoff', async () => {
    expect((await hinting(30_000)).delays).toEqual([30_000 + 0.5 * 100]);
  });

  test('is spread by the ceiling, not by what the jitter made of it', async () => {
    const backoff = exponential({ baseMs: 100, maxMs: 100, jitter: 'full' });
    const [delay] = (await hinting(30_000, { backoff })).delays;
    expect(delay).toBeCloseTo(30_000 + 0.5 * 100, 9);
  });

  test('asks the backoff for its ceiling with the highest chance that there is, which is below 1', async () => {
    const chances: number[] = [];
    const backoff = vi.fn((_retry: number, { random }: BackoffHistory) => {
      chances.push(random());
      return 10;
    });
    await hinting(1_000, { backoff });
    // Between that and 1 there is no number.
    expect(chances).toEqual([0.5, 1 - 2 ** -53]);
  });

  test('never makes a retry earlier than the backoff would', async () => {
    expect((await hinting(50)).delays).toEqual([100]);
  });

  test('is never undercut, whatever chance says', async () => {
    for (const value of [0, 0.999_999]) {
      const [delay] = (await hinting(1_000, { random: () => value })).delays;
      expect(delay).toBeGreaterThanOrEqual(1_000);
      expect(delay).toBeLessThan(1_100);
    }
  });

  test('above maxRetryAfterMs ends the retrying; at it, it does not', async () => {
    const above = await hinting(5_001, { maxRetryAfterMs: 5_000 });
    expect(above.startedAt).toEqual([0]);
    expect(above.exhausted).toMatchObject([{ reason: 'hint', attempt: 1 }]);
    const at = await hinting(5_000, { maxRetryAfterMs: 5_000 });
    expect(at.startedAt).toHaveLength(2);
  });

  test('of a minute is the longest by default', async () => {
    expect((await hinting(60_000)).startedAt).toHaveLength(2);
    expect((await hinting(60_001)).startedAt).toHaveLength(1);
  });

  test('stands in no history: the backoff hears of its own delays only', async () => {
    const backoff = vi.fn((_retry: number, _history: BackoffHistory) => 10);
    await hinting(1_000, { retries: 2, backoff });
    const second = backoff.mock.calls.filter(([retry]) => retry === 2);
    expect(second.length).toBeGreaterThan(0);
    for (const [, history] of second) expect(history).toMatchObject({ previousMs: 10, totalMs: 10 });
  });
});
