import * as cockatiel from 'cockatiel';
import { circuitBreaker, constant, pipeline, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deferred, fail, fakeTime, ignoringErrors, type Runner, type Time, watch } from '../support.ts';
import { cockatielRunner } from './subjects.ts';

afterEach(() => vi.useRealTimers());

interface Subject {
  readonly time: Time;
  readonly runner: Runner;
}

describe('cockatiel 6: the caller aborts 10 ms into a backoff of 80 ms', () => {
  const reason = new Error('the user has left');

  function ours(): Subject {
    const clock = new VirtualClock();
    return { time: clock, runner: retry({ retries: 3, backoff: constant(80), clock }) };
  }

  function theirs(): Subject {
    const time = fakeTime();
    const backoff = new cockatiel.ConstantBackoff(80);
    return {
      time,
      runner: cockatielRunner(cockatiel.retry(cockatiel.handleAll, { maxAttempts: 3, backoff })),
    };
  }

  async function script({ runner, time }: Subject) {
    const caller = new AbortController();
    let calls = 0;
    const operation = () => {
      calls++;
      return fail();
    };
    const run = watch(runner.run(operation, { signal: caller.signal }));
    await time.advance(10);
    caller.abort(reason);
    await time.advance(0);
    const at10 = { status: run.status, byTheReason: run.error === reason };
    await time.advance(1_000);
    return { at10, calls };
  }

  test('holdfast settles there and then with the reason, and calls no more', async () => {
    expect(await script(ours())).toEqual({ at10: { status: 'rejected', byTheReason: true }, calls: 1 });
  });

  test('cockatiel sleeps to the end, and calls the function again', async () => {
    expect(await script(theirs())).toEqual({ at10: { status: 'pending', byTheReason: false }, calls: 2 });
  });
});

describe('cockatiel 6: how many calls an option asks for', () => {
  const PATIENCE = 1_000;

  /** The function fails until the script has seen enough. */
  async function script({ runner, time }: Subject) {
    let calls = 0;
    const run = watch(runner.run(() => (++calls < PATIENCE ? fail() : 'at last')));
    await time.advance(3_600_000);
    return { calls, run: run.status };
  }

  function ours(options: { readonly retries?: number }): Subject {
    const clock = new VirtualClock();
    return { time: clock, runner: retry({ ...options, clock }) };
  }

  function theirs(options: { readonly maxAttempts?: number }): Subject {
    return { time: fakeTime(), runner: cockatielRunner(cockatiel.retry(cockatiel.handleAll, options)) };
  }

  test('holdfast with `retries: 3` makes the first call and three retries', async () => {
    expect(await script(ours({ retries: 3 }))).toEqual({ calls: 1 + 3, run: 'rejected' });
  });

  test('holdfast takes no `maxAttempts`, which could be read either way', () => {
    const options: object = { maxAttempts: 3 };
    expect(() => retry(options)).toThrow(/maxAttempts/);
  });

  test('cockatiel with `maxAttempts: 3` makes four attempts', async () => {
    expect(await script(theirs({ maxAttempts: 3 }))).toEqual({ calls: 4, run: 'rejected' });
  });

  test('holdfast without options ends after three calls', async () => {
    expect(await script(ours({}))).toEqual({ calls: 3, run: 'rejected' });
  });

  test('cockatiel without options calls for as long as it fails, without a pause', async () => {
    expect(await script(theirs({}))).toEqual({ calls: PATIENCE, run: 'resolved' });
  });
});

describe('cockatiel 7: a retry around a circuit breaker that is open', () => {
  interface Retrying extends Subject {
    retries(): number;
  }

  function ours(): Retrying {
    const clock = new VirtualClock();
    const retrying = retry({ retries: 3, backoff: constant(100), clock });
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 60_000, clock });
    let retries = 0;
    retrying.on('retry', () => retries++);
    return { time: clock, runner: pipeline('payments', retrying, breaker), retries: () => retries };
  }

  function theirs(): Retrying {
    const time = fakeTime();
    const backoff = new cockatiel.ConstantBackoff(100);
    const retrying = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 3, backoff });
    const breaker = cockatiel.circuitBreaker(cockatiel.handleAll, {
      breaker: new cockatiel.ConsecutiveBreaker(1),
      halfOpenAfter: 60_000,
    });
    let retries = 0;
    retrying.onRetry(() => retries++);
    return { time, runner: cockatielRunner(cockatiel.wrap(retrying, breaker)), retries: () => retries };
  }

  async function script({ runner, time, retries }: Retrying) {
    const first = ignoringErrors(runner.run(fail));
    await time.advance(1_000);
    await first;
    const before = retries();
    const run = watch(runner.run(fail));
    await time.advance(0);
    const atOnce = run.status;
    await time.advance(1_000);
    return { atOnce, retries: retries() - before, run: run.status };
  }

  test('holdfast hands the rejection on at once, without a retry', async () => {
    expect(await script(ours())).toEqual({ atOnce: 'rejected', retries: 0, run: 'rejected' });
  });

  test('cockatiel burns every retry on the open circuit', async () => {
    expect(await script(theirs())).toEqual({ atOnce: 'pending', retries: 3, run: 'rejected' });
  });
});

describe('cockatiel 10: a listener throws', () => {
  const slip = new Error('a slip in the metrics code');
  const throwing = () => {
    throw slip;
  };

  async function oneCall(runner: Runner, time: Time) {
    let calls = 0;
    const run = watch(runner.run(() => `value ${++calls}`));
    await time.advance(1_000);
    return { calls, run: run.status, value: run.value };
  }

  test('holdfast: one that hears of a success leaves the success alone', async () => {
    const clock = new VirtualClock();
    const payments = pipeline('payments', retry({ retries: 2, clock }));
    const reported = vi.fn();
    payments.on('call', throwing);
    payments.on('listener-error', reported);
    expect(await oneCall(payments, clock)).toEqual({ calls: 1, run: 'resolved', value: 'value 1' });
    expect(reported).toHaveBeenCalledOnce();
  });

  test('cockatiel: one that hears of a success makes it a failure, and the work is done again', async () => {
    const time = fakeTime();
    const policy = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2 });
    policy.onSuccess(throwing);
    expect(await oneCall(cockatielRunner(policy), time)).toEqual({
      calls: 3,
      run: 'rejected',
      value: undefined,
    });
  });

  async function whoFailed(runner: Runner) {
    const down = new Error('503');
    const work = deferred();
    const run = watch(runner.run(() => work.promise));
    work.reject(down);
    await ignoringErrors(work.promise);
    for (let hops = 0; hops < 20; hops++) await Promise.resolve();
    return run.error === down ? 'the dependency' : run.error === slip ? 'the listener' : run.error;
  }

  test("holdfast: one that hears of a circuit's opening leaves the caller the dependency's error", async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1, clock: new VirtualClock() });
    const reported = vi.fn();
    breaker.on('state', throwing);
    breaker.on('listener-error', reported);
    expect(await whoFailed(breaker)).toBe('the dependency');
    expect(breaker.state).toBe('open');
    expect(reported).toHaveBeenCalledOnce();
  });

  test("cockatiel: one that hears of a circuit's opening replaces the dependency's error by its own", async () => {
    const policy = cockatiel.circuitBreaker(cockatiel.handleAll, {
      breaker: new cockatiel.ConsecutiveBreaker(1),
      halfOpenAfter: 1_000,
    });
    policy.onBreak(throwing);
    expect(await whoFailed(cockatielRunner(policy))).toBe('the listener');
  });
});
