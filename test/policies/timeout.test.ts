import {
  bulkhead,
  circuitBreaker,
  constant,
  type Judge,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it, vi } from 'vitest';
import { flush, Jobs, track } from '../support/jobs.ts';

function setUp(ms = 100) {
  const clock = new VirtualClock();
  const policy = timeout({ ms, clock });
  const events: unknown[] = [];
  policy.on('timeout', (event) => events.push(event));
  return { clock, policy, events, jobs: new Jobs() };
}

it('aborts the signal with the TimeoutError that the run rejects with, for an operation that listens', async () => {
  const { clock, policy } = setUp();
  let heard: unknown;
  const call = track(
    policy.run(({ signal }) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          heard = signal.reason;
          reject(new Error('its own'));
        });
      });
    }),
  );
  await clock.advance(100);
  expect(call.error).toBeInstanceOf(TimeoutError);
  expect(heard).toBe(call.error);
});

it('rejects at ms, and not before, an operation that does not listen', async () => {
  const { clock, policy, jobs, events } = setUp();
  const call = track(policy.run(jobs.job()));
  await clock.advance(99);
  expect([call.state, events]).toEqual(['pending', []]);
  await clock.advance(1);
  expect(call.error).toMatchObject({
    name: 'TimeoutError',
    code: 'HOLDFAST_TIMEOUT',
    policy: 'timeout',
    ms: 100,
  });
  expect(events).toEqual([{ policy: 'timeout', pipeline: undefined, ms: 100 }]);
});

it('gives an operation that asks later a signal that has aborted', async () => {
  const { clock, policy } = setUp();
  let late: AbortSignal | undefined;
  const call = track(
    policy.run(async (call) => {
      await new Promise<void>((resolve) => void clock.setTimer(150, resolve));
      late = call.signal;
    }),
  );
  await clock.advance(150);
  expect(late?.aborted).toBe(true);
  expect(late?.reason).toBe(call.error);
});

it('passes on what comes before ms, value or error, and never aborts the signal of a success', async () => {
  const { clock, policy, events } = setUp();
  const signals: AbortSignal[] = [];
  const caller = new AbortController();
  const good = track(policy.run(({ signal }) => signals.push(signal), { signal: caller.signal }));
  const bad = track(policy.run(() => Promise.reject('as it is')));
  await clock.advance(1_000);
  caller.abort();
  await clock.advance(1_000);
  expect([good.value, bad.error, signals[0]?.aborted, events]).toEqual([1, 'as it is', false, []]);
});

describe('result and timer in one tick', () => {
  it('lets the result win that comes first, and then no timer changes anything', async () => {
    const { clock, policy, events } = setUp();
    let signal: AbortSignal | undefined;
    let finish: (value: string) => void = () => {};
    clock.setTimer(100, () => finish('in time'));
    const call = track(
      policy.run((call) => {
        signal = call.signal;
        return new Promise<string>((resolve) => {
          finish = resolve;
        });
      }),
    );
    await clock.advance(200);
    expect([call.value, signal?.aborted, events]).toEqual(['in time', false, []]);
  });

  it.each(['value', 'error'])(
    'lets the timer win that comes first, and then no %s changes anything',
    async (kind) => {
      const { clock, policy, jobs, events } = setUp();
      const breaker = circuitBreaker({ clock });
      const stale: unknown[] = [];
      breaker.on('stale', (event) => stale.push(event));
      const shop = pipeline('shop', breaker, policy);
      const call = track(shop.run(jobs.job()));
      clock.setTimer(100, () => (kind === 'value' ? jobs.started[0]?.end() : jobs.started[0]?.fail('late')));
      await clock.advance(200);
      expect(jobs.running).toBe(0);
      expect(call.error).toBeInstanceOf(TimeoutError);
      expect(events).toHaveLength(1);
      expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
      expect(stale).toEqual([]);
    },
  );

  it('decides between abort and timer by the same rule', async () => {
    for (const abortFirst of [true, false]) {
      const { clock, policy, jobs } = setUp();
      const caller = new AbortController();
      const abort = () => caller.abort('enough');
      if (abortFirst) clock.setTimer(100, abort);
      const call = track(policy.run(jobs.job(), { signal: caller.signal }));
      if (!abortFirst) clock.setTimer(100, abort);
      await clock.advance(100);
      if (abortFirst) expect(call.error).toBe('enough');
      else expect(call.error).toBeInstanceOf(TimeoutError);
    }
  });
});

it('takes no abort of the caller for a time-out', async () => {
  const { clock, policy, events } = setUp();
  const caller = new AbortController();
  const heeds = track(
    policy.run(
      ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
      {
        signal: caller.signal,
      },
    ),
  );
  await clock.advance(50);
  caller.abort('enough');
  await flush();
  expect(heeds.error).toBe('enough');
  await clock.advance(1_000);
  expect(events).toEqual([]);
});

it('starts nothing once its time is over: neither who waits nor who is admitted late', async () => {
  const clock = new VirtualClock();
  const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: Infinity });
  const shop = pipeline({ name: 'shop', clock }, timeout({ ms: 100 }), limit);
  // Set before the timeout's, this timer frees the place in the same tick, but ahead of it.
  const place = limit.tryAcquire();
  clock.setTimer(100, () => place?.release());
  const jobs = new Jobs();
  const call = track(shop.run(jobs.job()));
  await clock.advance(100);
  expect(call.error).toBeInstanceOf(TimeoutError);
  expect([jobs.started.length, limit.inFlight, limit.queued]).toEqual([0, 0, 0]);
});

it('tells the operation how much is left, the earliest deadline around counting', async () => {
  const clock = new VirtualClock();
  const shop = pipeline({ name: 'shop', clock }, timeout({ ms: 500 }), timeout({ ms: 100 }));
  const left: number[] = [];
  const operation = (call: { remainingMs: number }) => left.push(call.remainingMs);
  await shop.run(operation);
  await shop.run(operation, { timeoutMs: 30 });
  await timeout({ ms: Infinity, clock }).run(operation);
  expect(left).toEqual([100, 30, Infinity]);
});

it('says which of two timeouts it was', async () => {
  const { clock, jobs } = setUp();
  const shop = pipeline({ name: 'shop', clock }, timeout({ ms: 500 }), timeout({ ms: 100 }));
  const inner = track(shop.run(jobs.job()));
  const run = track(shop.run(jobs.job(), { timeoutMs: 50 }));
  await clock.advance(100);
  expect(inner.error).toMatchObject({ policy: 'timeout-2', ms: 100, pipeline: 'shop' });
  expect(run.error).toMatchObject({ policy: 'deadline', ms: 50, pipeline: 'shop' });
});

it('gives each call an error of its own, with the same message', async () => {
  const { clock, policy, jobs } = setUp();
  const calls = [track(policy.run(jobs.job())), track(policy.run(jobs.job()))];
  await clock.advance(100);
  const [first, second] = calls.map(({ error }) => error as Error);
  expect(first).not.toBe(second);
  expect(first?.message).toBe(second?.message);
});

it('aborts only the call whose time is over', async () => {
  const { clock, policy } = setUp();
  const signals: AbortSignal[] = [];
  const hang = (call: { signal: AbortSignal }) => {
    signals.push(call.signal);
    return new Promise(() => {});
  };
  track(policy.run(hang));
  await clock.advance(60);
  track(policy.run(hang));
  await clock.advance(40);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

it('tells a breaker around of the time-out, not of an attempt further in that ended before', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker();
  const judge: Judge = ({ value }) => (value === 'busy' ? 'failure' : undefined);
  const inner = retry({ backoff: constant(10), judge });
  vi.spyOn(console, 'warn').mockImplementationOnce(() => {}); // a retry inside a breaker
  const shop = pipeline({ name: 'shop', clock }, breaker, timeout({ ms: 100 }), inner);
  const call = track(shop.run(({ attempt }) => (attempt === 1 ? 'busy' : new Promise<never>(() => {}))));
  await clock.advance(100);
  expect(call.error).toBeInstanceOf(TimeoutError);
  // To the breaker a busy answer is a success.
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
});
