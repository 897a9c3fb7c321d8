import { ModernFakeTimers } from '@jest/fake-timers';
import { bulkhead, circuitBreaker, constant, pipeline, retry, timeout } from 'holdfast';
import sinon from 'sinon';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deferred, ending, fail, hang, ignoringErrors, watch } from './support.ts';

/**
 * Policies stand as constants at the head of a module, made on the default clock long before any test installs its
 * fake timers, used by the tests before, and used again after the fake timers are gone.
 */

interface FakeTimers {
  install(): void;
  advance(ms: number): Promise<unknown>;
  uninstall(): void;
}

function sinonTimers(): FakeTimers {
  let clock: sinon.SinonFakeTimers;
  return {
    install: () => {
      clock = sinon.useFakeTimers();
    },
    advance: (ms) => clock.tickAsync(ms),
    uninstall: () => clock.restore(),
  };
}

/** What stands behind `jest.useFakeTimers()`. It fakes `queueMicrotask` and `process.nextTick` too. */
function jestTimers(): FakeTimers {
  type Config = ConstructorParameters<typeof ModernFakeTimers>[0]['config'];
  const timers = new ModernFakeTimers({ global: globalThis, config: { fakeTimers: {} } as Config });
  return {
    install: () => timers.useFakeTimers(),
    advance: (ms) => timers.advanceTimersByTimeAsync(ms),
    uninstall: () => timers.useRealTimers(),
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

const breaker = circuitBreaker({ consecutiveFailures: 2, openMs: OPEN_MS });
const limited = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 1_000 });
const retrying = retry({ retries: 2, backoff: constant(100) });
const attempt = timeout({ ms: ATTEMPT_MS });
const payments = pipeline('payments', timeout({ ms: OPEN_MS }), retrying, attempt);
const short = timeout({ ms: SHORT_MS });

let uninstall = (): void => {};
afterEach(() => {
  uninstall();
  uninstall = () => {};
  breaker.close();
});

const kinds = [
  ['vitest', vitestTimers],
  ['sinon', sinonTimers],
  ['jest', jestTimers],
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

  test('a timer that is set on the real clock for a call in flight serves no call on the fake one', async () => {
    const work = deferred();
    const early = watch(payments.run(() => work.promise));
    install();
    const run = watch(attempt.run(hang));
    await advance(ATTEMPT_MS);
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', ms: ATTEMPT_MS });
    work.resolve('fine');
    await advance(0);
    expect(early).toEqual({ status: 'resolved', value: 'fine' });
  });

  test('a timer that is set on the fake clock for a call in flight serves no call on the real one', async () => {
    install();
    const work = deferred();
    const early = watch(short.run(() => work.promise));
    await advance(1);
    fake.uninstall();
    uninstall = () => {};
    const run = await ending(short.run(hang));
    expect(run.error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', ms: SHORT_MS });
    work.resolve('fine');
    await work.promise;
    await ending(short.run(() => 'fine'));
    expect(early).toEqual({ status: 'resolved', value: 'fine' });
  });

  test('a circuit that opened on the real clock waits no longer than its opening on the fake one', async () => {
    for (let call = 0; call < 2; call++) await ignoringErrors(breaker.run(fail));
    install();
    const left = breaker.retryAfterMs;
    await advance(OPEN_MS);
    expect(left).toBeLessThanOrEqual(OPEN_MS);
    expect(breaker.state).toBe('half-open');
  });

  test('a circuit that opened on the fake clock waits no longer than its opening on the real one', async () => {
    install();
    await advance(3_600_000);
    for (let call = 0; call < 2; call++) await ignoringErrors(breaker.run(fail));
    fake.uninstall();
    uninstall = () => {};
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs).toBeLessThanOrEqual(OPEN_MS);
  });

  test('a retry that was used on the one clock has its budget on the other', async () => {
    await ending(retrying.run(() => 'fine'));
    install();
    let attempts = 0;
    const run = watch(
      retrying.run(() => {
        attempts++;
        return fail();
      }),
    );
    await advance(1_000);
    expect({ attempts, run: run.status }).toEqual({ attempts: 3, run: 'rejected' });
  });
});
