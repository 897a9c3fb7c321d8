import { exponential, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import pRetry, { type Options } from 'p-retry';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ending, fail, fakeTime, hang, type Runner, type Time, watch } from './support.ts';

afterEach(() => vi.useRealTimers());

interface Subject {
  readonly time: Time;
  readonly runner: Runner;
  now(): number;
}

const CAP_MS = 1_000;

function ours(options: { readonly judge?: NonNullable<Parameters<typeof retry>[0]>['judge'] } = {}): Subject {
  const clock = new VirtualClock({ seed: 7 });
  const runner = retry({
    retries: 8,
    backoff: exponential({ baseMs: 100, maxMs: CAP_MS }),
    budget: false,
    random: () => clock.random(),
    clock,
    ...options,
  });
  return { time: clock, runner, now: () => clock.now() };
}

function theirs(): Subject {
  const time = fakeTime();
  const backoff: Options = { retries: 8, minTimeout: 100, maxTimeout: CAP_MS, randomize: true };
  const runner: Runner = {
    run: (operation, { signal = new AbortController().signal } = {}) =>
      pRetry(async () => operation({ signal }), { ...backoff, signal }),
  };
  return { time, runner, now: () => Date.now() };
}

describe('p-retry: backoff with jitter has reached its cap', () => {
  const CLIENTS = 100;

  /** What lies between the last two attempts of each client. */
  async function script({ runner, time, now }: Subject) {
    const attempts = Array.from({ length: CLIENTS }, (): number[] => []);
    for (const times of attempts)
      watch(
        runner.run(() => {
          times.push(now());
          return fail();
        }),
      );
    await time.advance(60_000);
    const waits = attempts.map((times) => (times.at(-1) ?? 0) - (times.at(-2) ?? 0));
    return { attempts: attempts.map((times) => times.length), spread: new Set(waits).size };
  }

  test('holdfast draws within the cap, and the clients stay spread out', async () => {
    const { attempts, spread } = await script(ours());
    expect(new Set(attempts)).toEqual(new Set([9]));
    expect(spread).toBeGreaterThan(CLIENTS / 2);
  });

  test('p-retry cuts what it drew, and every client waits exactly the same', async () => {
    const { attempts, spread } = await script(theirs());
    expect(new Set(attempts)).toEqual(new Set([9]));
    expect(spread).toBe(1);
  });
});

describe('p-retry: the caller aborts while the operation runs, and the operation does not listen', () => {
  async function script({ runner, time }: Subject) {
    const caller = new AbortController();
    const run = watch(runner.run(hang, { signal: caller.signal }));
    await time.advance(10);
    caller.abort(new Error('the user has left'));
    await time.advance(60_000);
    return run.status;
  }

  test('holdfast settles at once', async () => {
    expect(await script(ours())).toBe('rejected');
  });

  test('p-retry only looks between its steps, and waits for the operation', async () => {
    expect(await script(theirs())).toBe('pending');
  });
});

describe('p-retry: a TypeError that the user wants to be retried', () => {
  async function script({ runner, time }: Subject) {
    let calls = 0;
    const run = ending(runner.run(() => (++calls < 3 ? Promise.reject(new TypeError('odd reply')) : 'fine')));
    await time.advance(60_000);
    return { calls, run: (await run).status };
  }

  test('holdfast does as the judge says', async () => {
    const judge = () => ({ verdict: 'failure', retry: true }) as const;
    const onError = ({ error }: { readonly error?: unknown }) => (error === undefined ? undefined : judge());
    expect(await script(ours({ judge: onError }))).toEqual({ calls: 3, run: 'resolved' });
  });

  test('p-retry never retries it, and no option of it can', async () => {
    expect(await script(theirs())).toEqual({ calls: 1, run: 'rejected' });
  });
});
