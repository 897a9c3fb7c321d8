import { bulkhead, circuitBreaker, constant, pipeline, retry, systemClock, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { setAlarm, wallNow } from '../../src/core/clock.ts';
import { errorOf, watch, work } from '../support/spies.ts';

describe('a wall clock that jumps changes nothing', () => {
  const trueNow = Date.now;
  afterEach(() => {
    Date.now = trueNow;
  });

  test.each([
    ['back by an hour', -3_600_000],
    ['forth by an hour', 3_600_000],
  ])('%s', async (_, jumpMs) => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, clock });
    const places = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 500, clock });
    await errorOf(breaker.run(() => Promise.reject(new Error('boom'))));
    places.tryAcquire();
    const queued = watch(places.run(() => 1));
    const timed = watch(timeout({ ms: 500, clock }).run(work().operation));
    const slept = watch(
      retry({ retries: 1, backoff: constant(500), clock }).run(({ attempt }) => {
        if (attempt === 1) throw new Error('boom');
      }),
    );
    await clock.advance(499);
    Date.now = () => trueNow() + jumpMs;
    expect([queued.state, timed.state, slept.state, breaker.state]).toEqual([
      'pending',
      'pending',
      'pending',
      'open',
    ]);
    await clock.advance(1);
    expect([queued.state, timed.state, slept.state]).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(breaker.retryAfterMs).toBe(500);
    await clock.advance(500);
    expect(breaker.state).toBe('half-open');
  });

  test('on the default clock too, which never reads it', async () => {
    const read = vi.spyOn(Date, 'now');
    const subject = pipeline('p', retry(), timeout({ ms: 1_000 }), circuitBreaker(), bulkhead());
    await subject.run(() => 1, { timeoutMs: 1_000 });
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });
});

describe('a timer of the default clock', () => {
  test('that is cancelled does not fire', () => {
    vi.useFakeTimers();
    try {
      const ring = vi.fn();
      systemClock.setTimer(10, ring).cancel();
      systemClock.setTimer(20, ring);
      vi.advanceTimersByTime(20);
      expect(ring).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });

  test('keeps the process alive, or does not, as it is told', () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const timer = systemClock.setTimer(1_000_000, () => {});
    const handle = set.mock.results[0]?.value as NodeJS.Timeout;
    set.mockRestore();
    timer.unref();
    expect(handle.hasRef()).toBe(false);
    timer.ref();
    expect(handle.hasRef()).toBe(true);
    timer.cancel();
  });

  test('cannot be told where its handle is a plain number, as in a browser, and that is no error', () => {
    vi.stubGlobal('setTimeout', () => 7);
    const timer = systemClock.setTimer(10, () => {});
    vi.unstubAllGlobals();
    expect(() => {
      timer.unref();
      timer.ref();
    }).not.toThrow();
  });
});

describe('the default clock reads what stands on globalThis at each use', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('so the fake timers of vitest drive policies that were made before them', async () => {
    vi.useRealTimers();
    const subject = pipeline('p', retry({ retries: 1, backoff: constant(200) }), timeout({ ms: 100 }));
    vi.useFakeTimers();
    const run = watch(subject.run(work().operation));
    await vi.advanceTimersByTimeAsync(399);
    expect(run.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(run.state).toBe('rejected');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('and those that were set on a timeline that is gone do not hold up later ones', async () => {
    const subject = timeout({ ms: 100 });
    watch(subject.run(work().operation));
    vi.useRealTimers();
    vi.useFakeTimers();
    const run = watch(subject.run(work().operation));
    await vi.advanceTimersByTimeAsync(100);
    expect(run.state).toBe('rejected');
  });

  test('and lets no time pass when fake timers come, nor when they give way again', () => {
    vi.useRealTimers();
    const read = vi.spyOn(globalThis.performance, 'now').mockReturnValue(1_000_000);
    const before = systemClock.now();
    const clock = VirtualClock.install();
    const meanwhile = systemClock.now();
    clock.uninstall();
    expect([meanwhile, systemClock.now()]).toEqual([before, before]);
    read.mockRestore();
  });

  test('now() is monotonic time, not the time of day', () => {
    const before = systemClock.now();
    vi.setSystemTime(0);
    expect(systemClock.now() - before).toBeLessThan(1_000);
  });
});

test('an alarm keeps the process alive, unless it is told not to', async () => {
  const clock = new VirtualClock();
  const rung: string[] = [];
  setAlarm(clock, 10, () => rung.push('alive'));
  expect(clock.pendingTimers).toBe(1);
  setAlarm(clock, 10, () => rung.push('asleep'), false);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(10);
  expect(rung).toEqual(['alive', 'asleep']);
});

test('the time of day is what the runtime says', () => {
  const before = Date.now();
  const now = wallNow();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
