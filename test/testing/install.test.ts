import { circuitBreaker, constant, pipeline, retry, systemClock, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { watch, work } from '../support/spies.ts';

// As a user's module has them: made before any test, with no clock of their own.
const limit = timeout({ ms: 800 });
const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 5_000 });
const payments = pipeline('payments', retry({ retries: 1, backoff: constant(200) }), breaker, limit);

afterEach(() => {
  VirtualClock.uninstall();
  breaker.close();
});

describe('install', () => {
  test('makes it what policies read that are constants of a module', async () => {
    const clock = VirtualClock.install();
    const before = systemClock.now();
    const run = watch(payments.run(work().operation));
    await clock.advance(800);
    expect(breaker.state).toBe('open');
    await clock.advance(200);
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT' });
    expect(breaker.retryAfterMs).toBe(4_800);
    await clock.advance(4_800);
    expect(breaker.state).toBe('half-open');
    expect(systemClock.now() - before).toBe(5_800);
  });

  test('makes it the default source of chance too', async () => {
    const delays = async (): Promise<number[]> => {
      const clock = VirtualClock.install({ seed: 5 });
      const given: number[] = [];
      const tries = retry({ retries: 3, backoff: constant(1_000, { jitter: 'full' }) });
      tries.on('retry', ({ delayMs }) => given.push(delayMs));
      watch(tries.run(() => Promise.reject(new Error('boom'))));
      await clock.runAll();
      clock.uninstall();
      return given;
    };
    const [first, second] = [await delays(), await delays()];
    expect(first.length).toBe(3);
    expect(first).toEqual(second);
  });

  test('throws if one is installed already', () => {
    const clock = VirtualClock.install();
    expect(() => VirtualClock.install()).toThrow(/uninstall/);
    clock.uninstall();
    expect(() => VirtualClock.install()).not.toThrow();
  });

  test('with a bad option installs nothing', () => {
    expect(() => VirtualClock.install({ seed: 0.5 })).toThrow(RangeError);
    expect(() => VirtualClock.install()).not.toThrow();
  });
});

describe('uninstall', () => {
  /** Whether moving the clock moves the default one. */
  const moves = async (clock: VirtualClock): Promise<boolean> => {
    const before = systemClock.now();
    await clock.advance(1e9);
    return systemClock.now() - before >= 1e9;
  };

  test('gives the default clock back to the runtime', async () => {
    const clock = VirtualClock.install();
    expect(await moves(clock)).toBe(true);
    clock.uninstall();
    expect(await moves(clock)).toBe(false);
    await expect(limit.run(() => 'v')).resolves.toBe('v');
  });

  test('of a clock that is not installed leaves the installed one', async () => {
    const clock = VirtualClock.install();
    new VirtualClock().uninstall();
    expect(await moves(clock)).toBe(true);
  });

  test('may be done twice, on the clock or on the class', async () => {
    const clock = VirtualClock.install();
    clock.uninstall();
    clock.uninstall();
    VirtualClock.uninstall();
    expect(await moves(clock)).toBe(false);
  });

  test('by dispose, as `using` does it', async () => {
    const clock = VirtualClock.install();
    clock[Symbol.dispose]();
    expect(await moves(clock)).toBe(false);
  });

  test('leaves timers that were set on it behind, and later calls do without them', async () => {
    const first = VirtualClock.install();
    watch(limit.run(work().operation));
    expect(first.pendingTimers).toBe(1);
    first.uninstall();

    const second = VirtualClock.install();
    const run = watch(limit.run(work().operation));
    await second.advance(800);
    expect(run.state).toBe('rejected');
  });

  test('does not concern policies with a clock of their own', async () => {
    const own = new VirtualClock();
    VirtualClock.install();
    const run = limit.run(() => 'v');
    const mine = watch(timeout({ ms: 10, clock: own }).run(work().operation));
    VirtualClock.uninstall();
    await own.advance(10);
    expect(await run).toBe('v');
    expect(mine.state).toBe('rejected');
    expect(mine.error).toMatchObject({ ms: 10 });
  });
});
