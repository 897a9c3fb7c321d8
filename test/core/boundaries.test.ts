import {
  BulkheadFullError,
  bulkhead,
  CircuitOpenError,
  circuitBreaker,
  constant,
  type Gate,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, watch, work } from '../support/spies.ts';

const boom = new Error('boom');
const failing = () => Promise.reject(boom);

describe('boundaries are inclusive on the permissive side', () => {
  test('at exactly openMs the next call is admitted, and not a moment before', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, clock });
    await errorOf(breaker.run(failing));
    await clock.advance(999.999);
    expect(await errorOf(breaker.run(() => 1))).toBeInstanceOf(CircuitOpenError);
    await clock.advance(0.001);
    await expect(breaker.run(() => 1)).resolves.toBe(1);
  });

  test.each([
    [7, 100, 0.07],
    [1, 3, 1 / 3],
    [14, 200, 0.07],
    [29, 100, 0.29],
    [57, 100, 0.57],
    [1, 1, 1],
  ])('%i failures in %i calls trip at a rate of %f', async (failures, calls, failureRate) => {
    const breaker = circuitBreaker({ window: { calls }, minimumCalls: calls, failureRate });
    for (let i = 0; i < calls - failures; i++) await breaker.run(() => 1);
    for (let i = 0; i < failures; i++) {
      expect(breaker.state).toBe('closed');
      await errorOf(breaker.run(failing));
    }
    expect(breaker.state).toBe('open');
  });

  test('one failure less than the rate does not trip', async () => {
    const breaker = circuitBreaker({ window: { calls: 100 }, minimumCalls: 100, failureRate: 0.07 });
    for (let i = 0; i < 100; i++)
      await breaker.run(i % 16 === 0 && i < 96 ? failing : () => 1).catch(() => {});
    expect(breaker).toMatchObject({ state: 'closed', stats: { calls: 100, failures: 6, failureRate: 0.06 } });
  });

  test('a duration equal to slowCallMs is not slow, one above it is', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ slowCallMs: 100, clock });
    for (const ms of [100, 100.001]) {
      const run = watch(breaker.run(() => new Promise<void>((resolve) => void clock.setTimer(ms, resolve))));
      await clock.advance(ms);
      expect(run.state).toBe('fulfilled');
    }
    expect(breaker.stats).toMatchObject({ calls: 2, slow: 1 });
  });

  test('a wait of exactly queueTimeoutMs is over, as a deadline reached is one passed', async () => {
    const clock = new VirtualClock();
    const places = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 100, clock });
    const permit = places.tryAcquire();
    const run = watch(places.run(() => 1));
    await clock.advance(100);
    permit?.release();
    await clock.advance(0);
    expect(run.error).toBeInstanceOf(BulkheadFullError);
  });
});

describe('a deadline', () => {
  test('reached is a deadline passed: work that ends in the tick of the timer is too late', async () => {
    const clock = new VirtualClock();
    const run = watch(timeout({ ms: 100, clock }).run(work().operation));
    await clock.advance(99.999);
    expect(run.state).toBe('pending');
    await clock.advance(0.001);
    expect(run.error).toBeInstanceOf(TimeoutError);
  });

  test('is there for what stands inside as remainingMs, the earliest of all', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const subject = pipeline('p', timeout({ ms: 500, clock }), timeout({ ms: 800, name: 'longer', clock }));
    const operation = ({ remainingMs }: { remainingMs: number }) => void seen.push(remainingMs);
    await subject.run(operation);
    await subject.run(operation, { timeoutMs: 300 });
    await subject.run(operation, { timeoutMs: 900 });
    await retry({ clock }).run(operation);
    expect(seen).toEqual([500, 300, 500, Infinity]);
  });

  test('counts down, to 0 and not below', async () => {
    const clock = new VirtualClock();
    const job = work();
    const run = watch(timeout({ ms: 500, clock }).run(job.operation));
    await clock.advance(200);
    expect(job.calls[0]!.remainingMs).toBe(300);
    await clock.advance(1_000);
    expect(job.calls[0]!.remainingMs).toBe(0);
    expect(run.state).toBe('rejected');
  });

  test('of an attempt is that of its own timeout, not of the one before', async () => {
    const clock = new VirtualClock();
    const job = work();
    const tries = retry({ retries: 1, backoff: constant(50), clock });
    const run = watch(
      pipeline('p', timeout({ ms: 1_000, clock }), tries, timeout({ ms: 400, clock })).run(job.operation),
    );
    await clock.advance(450);
    expect(job.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(job.calls[1]!.remainingMs).toBe(400);
    await clock.advance(1_000);
    expect(run.state).toBe('rejected');
  });

  test('of the whole is that of a later attempt too', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const tries = retry({ retries: 1, backoff: constant(50), clock });
    const run = watch(
      pipeline('p', timeout({ ms: 1_000, clock }), tries).run(({ remainingMs }) => {
        seen.push(remainingMs);
        return failing();
      }),
    );
    await clock.advance(50);
    expect(run.error).toBe(boom);
    expect(seen).toEqual([1_000, 950]);
  });

  // The clock moves while the loop is blocked: no timer has fired yet, and still nothing may start.
  test.each([[100], [101]])('lets nothing start at or after it: %i ms into 100', async (blockedMs) => {
    const clock = new VirtualClock();
    const late = { now: () => clock.now() + offsetMs, setTimer: clock.setTimer.bind(clock) };
    let offsetMs = 0;
    const gate = {
      enter: () => {
        offsetMs = blockedMs;
        return 1;
      },
      leave: () => {},
    };
    const operation = vi.fn();
    const told: string[] = [];
    for (const options of [{ timeoutMs: 100 }, undefined]) {
      offsetMs = 0;
      const subject = pipeline({ name: 'p', clock: late }, timeout({ ms: options ? 900 : 100 }), gate);
      subject.on('timeout', ({ policy }) => told.push(policy));
      expect(await errorOf(subject.run(operation, options))).toBeInstanceOf(TimeoutError);
    }
    expect(operation).not.toHaveBeenCalled();
    expect(told).toEqual(['deadline', 'timeout']);
  });

  test('that a sleep would reach ends the retrying at once', async () => {
    const clock = new VirtualClock();
    const tries = retry({ retries: 3, backoff: constant(100), clock });
    const run = watch(tries.run(failing, { timeoutMs: 100 }));
    await clock.advance(0);
    expect(run.error).toBe(boom);
    const shorter = watch(tries.run(failing, { timeoutMs: 101 }));
    await clock.advance(0);
    expect(shorter.state).toBe('pending');
    await clock.advance(101);
    expect(shorter.state).toBe('rejected');
  });

  test('of the run rejects with a TimeoutError of the policy deadline, as if a timeout stood outermost', async () => {
    const clock = new VirtualClock();
    const subject = pipeline({ name: 'p', clock }, timeout({ ms: 1_000 }), retry());
    const heard = vi.fn();
    subject.on('timeout', heard);
    const run = watch(subject.run(work().operation, { timeoutMs: 250 }));
    await clock.advance(250);
    expect(run.error).toBeInstanceOf(TimeoutError);
    expect(run.error).toMatchObject({ policy: 'deadline', pipeline: 'p', ms: 250, code: 'HOLDFAST_TIMEOUT' });
    expect((run.error as Error).message).toBe('p: deadline has passed');
    expect(heard.mock.calls).toEqual([[{ policy: 'deadline', pipeline: 'p', ms: 250 }]]);
  });

  test('of Infinity is none', async () => {
    const clock = new VirtualClock();
    const job = work();
    const run = watch(timeout({ ms: Infinity, clock }).run(job.operation, { timeoutMs: Infinity }));
    expect(job.calls[0]!.remainingMs).toBe(Infinity);
    expect(clock.pendingTimers).toBe(0);
    job.resolve('v');
    await clock.advance(0);
    expect(run.value).toBe('v');
  });

  test('beyond 2^31-1 ms is reached in steps, and never early', async () => {
    const clock = new VirtualClock();
    const ms = 2 ** 31 + 5_000;
    const asked: number[] = [];
    const bounded = {
      now: () => clock.now(),
      setTimer: (delayMs: number, fn: () => void) => {
        asked.push(delayMs);
        return clock.setTimer(delayMs, fn);
      },
    };
    const a = watch(timeout({ ms, clock: bounded }).run(work().operation));
    const b = watch(retry({ clock: bounded }).run(work().operation, { timeoutMs: ms }));
    await clock.advance(ms - 1);
    expect([a.state, b.state]).toEqual(['pending', 'pending']);
    await clock.advance(1);
    expect([a.state, b.state]).toEqual(['rejected', 'rejected']);
    expect(Math.max(...asked)).toBe(2 ** 31 - 1);
  });
});

test('a gate of the user that takes all the time, beside one of ours: nothing starts after the deadline', async () => {
  let nowMs = 0;
  const clock = { now: () => nowMs, setTimer: () => ({ cancel() {}, ref() {}, unref() {} }) };
  const slow: Gate = {
    enter() {
      nowMs += 10;
    },
    leave() {},
  };
  const operation = vi.fn();
  const subject = pipeline({ name: 'p', clock }, timeout({ ms: 10 }), bulkhead(), slow);
  await expect(subject.run(operation)).rejects.toBeInstanceOf(TimeoutError);
  expect(operation).not.toHaveBeenCalled();
});
