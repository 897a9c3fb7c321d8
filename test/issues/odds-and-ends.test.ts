import { constant, exponential, type Judge, type RetryBudget, retry } from 'holdfast';
import { afterEach, expect, test } from 'vitest';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
afterEach(() => void process.off('unhandledRejection', note));
const failing = () => Promise.reject(new Error('boom'));

test('what a budget of the user throws changes no outcome', async () => {
  const broken = (): never => {
    throw new Error('a bug in the budget');
  };
  const budget: RetryBudget = { deposit: broken, take: broken, tokens: () => 0 };
  const tries = retry({ retries: 1, backoff: constant(0), budget });
  tries.on('listener-error', () => {});
  await expect(tries.run(() => 'v')).resolves.toBe('v');
  await expect(tries.run(failing)).rejects.toThrow('boom');
});

test('a judge that is async by mistake and rejects is reported, and is no unhandled rejection', async () => {
  process.on('unhandledRejection', note);
  const judge = (async () => {
    throw new Error('a bug in the judge');
  }) as unknown as Judge;
  const tries = retry({ retries: 0, judge });
  tries.on('listener-error', () => {});
  await expect(tries.run(() => 'v')).resolves.toBe('v');
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

test('smooth gives a delay however small its base and however long it goes on', () => {
  const backoff = exponential({ baseMs: 1e-300, maxMs: 1_000, jitter: 'smooth' });
  const delay = backoff(1_000_000, { previousMs: 1_000, totalMs: 1e9, random: () => 0.5 });
  expect(delay).toBeGreaterThanOrEqual(0);
  expect(delay).toBeLessThanOrEqual(1_000);
});
