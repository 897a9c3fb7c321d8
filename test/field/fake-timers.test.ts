import { ModernFakeTimers } from '@jest/fake-timers';
import { bulkhead, circuitBreaker, constant, pipeline, retry, retryBudget, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import sinon from 'sinon';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deferred, ending, fail, hang, ignoringErrors, type Runner, watch } from './support.ts';

/**
 * Policies stand as constants at the head of a module, made on the default clock long before any test installs its
 * fake timers, used by the tests before, and used again after the fake timers are gone.
 */

// By it the worker of the test runner gets its messages: one that arrives while it is faked is lost, and the run hangs.
const NOT_FAKED = ['nextTick' as const];

interface FakeTimers {
  install(): void;
  advance(ms: number): Promise<unknown>;
  uninstall(): void;
}

function sinonTimers(): FakeTimers {
  let clock: sinon.SinonFakeTimers;
  return {
    install: () => {
      clock = sinon.useFakeTimers({ toNotFake: NOT_FAKED });
    },
    advance: (ms) => clock.tickAsync(ms),
    uninstall: () => clock.restore(),
  };
}

/** What stands behind `jest.useFakeTimers()`. Like sinon it fakes `queueMicrotask` too. */
function jestTimers(): FakeTimers {
  type Config = ConstructorParameters<typeof ModernFakeTimers>[0]['config'];
  const timers = new ModernFakeTimers({ global: globalThis, config: { fakeTimers: {} } as Config });
  return {
    install: () => timers.useFakeTimers({ doNotFake: NOT_FAKED }),
    advance: (ms) => timers.advanceTimersByTimeAsync(ms),
    uninstall: () => timers.useRealTimers(),
  };
}

function virtualTimers(): FakeTimers {
  let clock: VirtualClock;
  return {
    install: () => {
      clock = VirtualClock.install();
    },
    advance: (ms) => clock.advance(ms),
    uninstall: () => clock.uninstall(),
  };
}

const vitestTimers = (): FakeTimers => ({
  install: () => void vi.useFakeTimers(),
  advance: (ms) => vi.advanceTimersByTimeAsync(ms),
  uninstall: () => void vi.useRealTimers(),
});

const OPEN_MS = 5_000;
const ATTEMPT_MS = 800;
const SHORT_MS = 5;
const WINDOW_MS = 10_000;
const HOUR = 3_600_000;

const breaker = circuitBreaker({ consecutiveFailures: 2, openMs: OPEN_MS });
const windowed = circuitBreaker({ window: { ms: WINDOW_MS }, minimumCalls: 100, lowTrafficFailures: 100 });
const limited = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 1_000 });
const retrying = retry({ retries: 2, backoff: constant(100), budget: false });
const budget = retryBudget({ burst: 2, minPerSecond: 1 });
const thrifty = retry({ retries: 2, backoff: constant(0), budget });
const attempt = timeout({ ms: ATTEMPT_MS });
const payments = pipeline('payments', timeout({ ms: OPEN_MS }), retrying, attempt);
const short = timeout({ ms: SHORT_MS });

let uninstall = (): void => {};
const restore = () => {
  uninstall();
  uninstall = () => {};
};

afterEach(() => {
  restore();
  breaker.close();
});

/** How many attempts a policy makes of work that fails. */
async function attempts(policy: Runner) {
  let made = 0;
  const operation = () => {
    made++;
    return fail();
  };
  await ignoringErrors(policy.run(operation));
  return made;
}

const kinds = [
  ['vitest', vitestTimers],
  ['sinon', sinonTimers],
  ['jest', jestTimers],
  ['our own VirtualClock', virtualTimers],
] as const;

describe.each(kinds)('fake timers of %s, policies made before they were installed', (_name, make) => {
  const fake = make();
  const install = () => {
    fake.install();
    uninstall = fake.uninstall;
  };
  const { advance } = fake;

  test('drive a timeout', async () => {
    install();
    const run = watch(short.run(hang));
    await advance(SHORT_MS - 1);
    const before = run.status;
    await advance(1);
    expect([before, run.error]).toEqual(['pending', expect.objectContaining({ code: 'HOLDFAST_TIMEOUT' })]);
  });

  test('drive a backoff, and the timeouts of each attempt and of the whole', async () => {
    install();
    let attempts = 0;
    const run = watch(
      payments.run(() => {
        attempts++;
        return hang();
      }),
    );
    const seen: number[] = [];
    for (const ms of [ATTEMPT_MS, 99, 1, ATTEMPT_MS, 99, 1, ATTEMPT_MS - 1, 1]) {
      await advance(ms);
      seen.push(attempts);
    }
    expect(seen).toEqual([1, 1, 2, 2, 2, 3, 3, 3]);
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', ms: ATTEMPT_MS });
  });

  test('drive the wait in a queue', async () => {
    install();
    const work = deferred();
    const first = watch(limited.run(() => work.promise));
    const waiting = watch(limited.run(() => 'never'));
    await advance(999);
    const before = waiting.status;
    await advance(1);
    expect([before, waiting.error]).toEqual([
      'pending',
      expect.objectContaining({ reason: 'queue-timeout' }),
    ]);
    work.resolve('done');
    await advance(0);
    expect(first.status).toBe('resolved');
  });

  test('drive the opening of a circuit', async () => {
    install();
    for (let call = 0; call < 2; call++) await ignoringErrors(breaker.run(fail));
    await advance(OPEN_MS - 1);
    const before = breaker.state;
    await advance(1);
    expect([before, breaker.state]).toEqual(['open', 'half-open']);
    expect((await ending(breaker.run(() => 'fine'))).status).toBe('resolved');
    expect(breaker.state).toBe('closed');
  });

  test('a call in flight, whose timer is set on the real clock, does not hold up the timer of one on the fake', async () => {
    const early = watch(attempt.run(hang));
    install();
    const run = watch(attempt.run(hang));
    await advance(ATTEMPT_MS - 1);
    const before = run.status;
    await advance(1);
    expect([before, run.error]).toEqual(['pending', expect.objectContaining({ code: 'HOLDFAST_TIMEOUT' })]);
    expect(early.status).toBe('rejected');
  });

  test('a call in flight, whose timer is set on the fake clock, does not hold up the timer of one on the real', async () => {
    install();
    await advance(HOUR);
    const early = ending(short.run(hang));
    await advance(1);
    restore();
    const run = await ending(short.run(hang));
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', ms: SHORT_MS });
    // Perhaps a little later: where the machine was busy, the second was too late before it began, and needed no timer.
    expect((await early).status).toBe('rejected');
  });

  test('a timer left over from the real clock by a call that has ended serves no call on the fake', async () => {
    expect((await ending(attempt.run(() => 'fine'))).status).toBe('resolved');
    install();
    const run = watch(attempt.run(hang));
    await advance(ATTEMPT_MS);
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', ms: ATTEMPT_MS });
  });

  test('a timer left over from the fake clock by a call that has ended serves no call on the real', async () => {
    install();
    await advance(HOUR);
    const early = watch(short.run(() => 'fine'));
    await advance(1);
    restore();
    const run = await ending(short.run(hang));
    expect(early.status).toBe('resolved');
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', ms: SHORT_MS });
  });

  test('a circuit that opened on the real clock waits no longer than its opening on the fake', async () => {
    for (let call = 0; call < 2; call++) await ignoringErrors(breaker.run(fail));
    install();
    expect(breaker.retryAfterMs).toBeLessThanOrEqual(OPEN_MS);
    await advance(OPEN_MS);
    expect(breaker.state).toBe('half-open');
  });

  test('a circuit that opened on the fake clock waits no longer than its opening on the real', async () => {
    install();
    await advance(HOUR);
    for (let call = 0; call < 2; call++) await ignoringErrors(breaker.run(fail));
    restore();
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs).toBeLessThanOrEqual(OPEN_MS);
  });

  test('failures of the real clock do not stay in the window on the fake', async () => {
    await ignoringErrors(windowed.run(fail));
    install();
    await advance(WINDOW_MS + 1);
    expect(windowed.stats.calls).toBe(0);
  });

  test('a budget that was spent on the real clock fills again on the fake', async () => {
    while ((await attempts(thrifty)) > 1);
    install();
    await advance(2_000);
    const made = attempts(thrifty);
    await advance(1_000);
    expect(await made).toBe(3);
  });
});
