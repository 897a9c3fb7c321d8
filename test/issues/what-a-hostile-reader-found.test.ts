// Found by reading against the documents: each of these once did something else.
import {
  bulkhead,
  circuitBreaker,
  constant,
  type Layer,
  pipeline,
  type RetryEvent,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../support/spies.ts';

test('an abort between a failed attempt and the sleep before the next leaves no timer and announces nothing', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const tries = retry({
    clock,
    backoff: constant(3_000),
    judge: ({ ok }) => {
      if (!ok) controller.abort('left');
    },
  });
  const heard: RetryEvent[] = [];
  tries.on('retry', (event) => heard.push(event));
  const failing = () => Promise.reject(new Error('401'));
  expect(await errorOf(tries.run(failing, { signal: controller.signal }))).toBe('left');
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
  expect(heard).toEqual([]);
});

test('a layer that goes on after the run was given up enters no timeout and no queue', async () => {
  const clock = new VirtualClock();
  const places = bulkhead({ concurrency: 1, queue: 5, queueTimeoutMs: 10_000 });
  const late: Layer = {
    around: (next) => async (operation, call) => {
      await new Promise<void>((resolve) => void clock.setTimer(100, resolve));
      return next(operation, call);
    },
  };
  const subject = pipeline(
    { name: 'late', clock },
    timeout({ ms: 50 }),
    late,
    timeout({ ms: 1_000 }),
    places,
  );
  const timeouts: string[] = [];
  subject.on('timeout', ({ policy }) => timeouts.push(policy));
  places.tryAcquire();
  const run = errorOf(subject.run(() => 1));
  await clock.advance(100);
  await run;
  expect(places.queued).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(2_000);
  expect(timeouts).toEqual(['timeout']);
});

describe('a restored circuit whose rules have changed', () => {
  test('asks for new probes where the old results would have decided already', async () => {
    const clock = new VirtualClock();
    const before = circuitBreaker({ clock, probes: 3, openMs: 1_000 });
    before.open();
    await clock.advance(1_000);
    await before.run(() => 1);
    const after = circuitBreaker({
      clock,
      probes: 1,
      restore: JSON.parse(JSON.stringify(before.snapshot())),
    });
    expect(await after.run(() => 1)).toBe(1);
    expect(after.state).toBe('closed');
  });

  test('is open no longer than they allow', () => {
    const clock = new VirtualClock();
    const before = circuitBreaker({ clock, openMs: 200_000 });
    before.open();
    const after = circuitBreaker({ clock, openMs: 1_000, maxOpenMs: 5_000, restore: before.snapshot() });
    expect(after.retryAfterMs).toBe(5_000);
  });
});

test('a damaged snapshot is refused by name', () => {
  const good = circuitBreaker().snapshot();
  const damaged: unknown[] = [
    null,
    0,
    { ...good, window: { ...good.window, buckets: undefined } },
    { ...good, window: { ...good.window, buckets: ['x', 0, 0] } },
    { ...good, openings: {} },
    { ...good, phase: { kind: 'open' } },
  ];
  for (const restore of damaged) {
    expect(() => circuitBreaker({ restore: restore as never })).toThrow(/restore must be/);
  }
});

test('what every object inherits is no option, and a list is no object of options', () => {
  expect(() => retry({ toString: 1 } as never)).toThrow(/unknown option "toString"/);
  expect(() => retry([] as never)).toThrow(/options must be an object/);
});

test('a hint that no timer can wait for ends the retrying: it is never shortened', async () => {
  const reasons: string[] = [];
  const tries = retry({
    maxRetryAfterMs: Infinity,
    judge: () => ({ verdict: 'failure', retry: true, retryAfterMs: 3e9 }),
  });
  tries.on('exhausted', ({ reason }) => reasons.push(reason));
  await errorOf(tries.run(() => Promise.reject(new Error('busy'))));
  expect(reasons).toEqual(['hint']);
});

test('a longer timeout inside one that cooperates is no mistake: it may fire', () => {
  const patient = timeout({ ms: 100, mode: 'cooperate' });
  expect(pipeline('patient', patient, timeout({ ms: 500 })).warnings).toEqual([]);
});

test('a window that is changed after the breaker was made changes nothing', () => {
  const window = { ms: 1_000 };
  const breaker = circuitBreaker({ window });
  window.ms = 5;
  expect(breaker.snapshot().window.span).toEqual({ ms: 1_000 });
});
