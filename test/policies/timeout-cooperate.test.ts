import {
  bulkhead,
  type Call,
  circuitBreaker,
  constant,
  type Layer,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it } from 'vitest';
import { flush, Jobs, track } from '../support/jobs.ts';
import { spyGate } from '../support/spies.ts';

function setUp(ms = 100) {
  const clock = new VirtualClock();
  const policy = timeout({ ms, mode: 'cooperate', clock });
  const events: number[] = [];
  policy.on('timeout', () => events.push(clock.now()));
  return { clock, policy, events, jobs: new Jobs() };
}

it('aborts the signal at ms, and waits for the operation', async () => {
  const { clock, policy, events } = setUp();
  let signal: AbortSignal | undefined;
  const call = track(
    policy.run((call) => {
      signal = call.signal;
      return new Promise(() => {});
    }),
  );
  await clock.advance(99);
  expect(signal?.aborted).toBe(false);
  await clock.advance(1);
  expect(signal?.reason).toBeInstanceOf(TimeoutError);
  await clock.advance(10_000);
  expect([call.state, events]).toEqual(['pending', [100]]);
});

it('lets a value stand that the operation then returns', async () => {
  const { clock, policy, jobs, events } = setUp();
  const call = track(policy.run(jobs.job()));
  await clock.advance(150);
  jobs.started[0]?.end('partial');
  await flush();
  expect([call.value, events]).toEqual(['partial', [100]]);
});

it.each([new Error('cleaned up'), 'no error', undefined])(
  'throws the TimeoutError with %s as its cause',
  async (cause) => {
    const { clock, policy, jobs } = setUp();
    const call = track(policy.run(jobs.job()));
    await clock.advance(150);
    jobs.started[0]?.fail(cause);
    await flush();
    expect(call.error).toMatchObject({ name: 'TimeoutError', ms: 100 });
    expect(Object.getOwnPropertyDescriptor(call.error, 'cause')).toEqual({
      value: cause,
      writable: true,
      configurable: true,
      enumerable: false,
    });
  },
);

it('throws the reason itself, not as its own cause, where the operation throws that', async () => {
  const { clock, policy } = setUp();
  let reason: unknown;
  const call = track(
    policy.run(({ signal }) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          reject(signal.reason);
        });
      });
    }),
  );
  await clock.advance(100);
  expect(call.error).toBe(reason);
  expect(reason).toBeInstanceOf(TimeoutError);
  expect((reason as Error).cause).toBeUndefined();
});

it('has no part in what ends before ms', async () => {
  const { clock, policy, events } = setUp();
  const good = track(policy.run(() => 'value'));
  const bad = track(policy.run(() => Promise.reject('as it is')));
  await clock.advance(1_000);
  expect([good.value, bad.error, events, clock.pendingTimers]).toEqual(['value', 'as it is', [], 0]);
});

it('lets a racing timeout inside go on until its own time', async () => {
  const { clock, policy, jobs } = setUp();
  const call = track(pipeline('p', policy, timeout({ ms: 500, clock })).run(jobs.job()));
  await clock.advance(150);
  expect(call.state).toBe('pending');
  jobs.started[0]?.end('partial');
  await flush();
  expect(call.value).toBe('partial');
});

it('keeps its reason when one further out is over too', async () => {
  const { clock, policy } = setUp();
  let call: Call | undefined;
  const shop = pipeline('p', timeout({ ms: 200, mode: 'cooperate', clock }), policy);
  track(
    shop.run((given) => {
      call = given;
      return new Promise(() => {});
    }),
  );
  await clock.advance(250);
  expect(call?.signal.reason).toMatchObject({ name: 'TimeoutError', ms: 100 });
});

it('lets nothing start inside any more: a layer that calls again is given the TimeoutError itself', async () => {
  const { clock, policy, jobs } = setUp();
  const late: Layer = {
    around: (next) => async (operation, call) => {
      await new Promise<void>((resolve) => void clock.setTimer(150, resolve));
      return next(operation, call);
    },
  };
  const call = track(pipeline('p', policy, late).run(jobs.job()));
  await clock.advance(150);
  expect(jobs.started).toEqual([]);
  expect(call.error).toBeInstanceOf(TimeoutError);
  expect(call.error).not.toHaveProperty('cause');
});

it('tells a gate inside that was still asking, once, that it was not used', async () => {
  const { clock, policy, jobs } = setUp();
  let admit: (ticket: number) => void = () => {};
  const asking = spyGate({
    answer: () =>
      new Promise<number>((resolve) => {
        admit = resolve;
      }),
  });
  const call = track(pipeline('p', policy, asking).run(jobs.job()));
  await clock.advance(100);
  admit(1);
  await flush();
  expect(call.error).toBeInstanceOf(TimeoutError);
  expect([asking.log, asking.learned]).toEqual([['enter', 'leave', 'release'], ['unused']]);
});

describe('whoever is not so patient', () => {
  it('rejects at once with the reason of a caller who aborts after ms', async () => {
    const { clock, policy, jobs } = setUp();
    const caller = new AbortController();
    const call = track(policy.run(jobs.job(), { signal: caller.signal }));
    await clock.advance(150);
    caller.abort('enough');
    await flush();
    expect(call.error).toBe('enough');
    jobs.started[0]?.end();
    await flush();
    expect(call.error).toBe('enough');
  });

  it.each(['run', 'timeout'])('rejects at the deadline of a %s around', async (whose) => {
    const { clock, policy, jobs } = setUp();
    const around = whose === 'timeout' ? [timeout({ ms: 130, clock })] : [];
    const shop = pipeline({ name: 'shop', clock }, ...around, policy);
    const call = track(shop.run(jobs.job(), whose === 'run' ? { timeoutMs: 130 } : {}));
    await clock.advance(129);
    expect(call.state).toBe('pending');
    await clock.advance(1);
    expect(call.error).toMatchObject({ name: 'TimeoutError', ms: 130 });
  });
});

it('takes a waiter out of a queue inside, and never starts it', async () => {
  const { clock, policy, jobs, events } = setUp();
  const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: Infinity, clock });
  const place = limit.tryAcquire();
  const call = track(pipeline('shop', policy, limit).run(jobs.job()));
  await clock.advance(100);
  expect(call.error).toBeInstanceOf(TimeoutError);
  place?.release();
  expect([limit.inFlight, limit.queued, jobs.started.length, events]).toEqual([0, 0, 0, [100]]);
});

it('lets a retry inside make no further attempt after ms', async () => {
  const { clock, policy, jobs } = setUp();
  const shop = pipeline('shop', policy, retry({ retries: 5, backoff: constant(30), budget: false, clock }));
  const call = track(shop.run(jobs.job()));
  await clock.advance(50);
  jobs.started[0]?.fail(new Error('first'));
  await clock.advance(60);
  expect(jobs.started).toHaveLength(2);
  jobs.started[1]?.fail(new Error('second'));
  await clock.advance(1_000);
  expect(jobs.started).toHaveLength(2);
  expect(call.error).toMatchObject({ name: 'TimeoutError', cause: { message: 'second' } });
});

describe('a breaker', () => {
  const verdicts = async (order: 'around' | 'inside', end: (jobs: Jobs) => void) => {
    const { clock, policy, jobs } = setUp();
    const breaker = circuitBreaker({ clock });
    const shop = pipeline('shop', ...(order === 'around' ? [breaker, policy] : [policy, breaker]));
    track(shop.run(jobs.job()));
    await clock.advance(150);
    expect(breaker.stats.calls).toBe(0);
    end(jobs);
    await flush();
    const { calls, failures } = breaker.stats;
    return { calls, failures };
  };

  it.each(['around', 'inside'] as const)(
    '%s learns nothing before the operation ends, then how it did',
    async (order) => {
      expect(await verdicts(order, (jobs) => jobs.started[0]?.end())).toEqual({ calls: 1, failures: 0 });
      expect(await verdicts(order, (jobs) => jobs.started[0]?.fail('late'))).toEqual({
        calls: 1,
        failures: 1,
      });
    },
  );

  it('around learns of the TimeoutError that the caller gets, not of what the operation threw', async () => {
    const { clock, policy, jobs } = setUp();
    const learned: unknown[] = [];
    const breaker = circuitBreaker({ clock, judge: (outcome) => void learned.push(outcome.error) });
    const call = track(pipeline('shop', breaker, policy).run(jobs.job()));
    await clock.advance(150);
    jobs.started[0]?.fail(new TypeError('cleaning up'));
    await flush();
    expect(learned).toEqual([call.error]);
    expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
  });
});

describe('what ends in the very moment in which the time is over', () => {
  /** A timeout whose time is over when the test says so, in the midst of whatever else it does. */
  function atOnce() {
    let nowMs = 0;
    let ring = (): void => {};
    const clock = {
      now: () => nowMs,
      setTimer: (_: number, fn: () => void) => {
        ring = fn;
        return { cancel() {}, ref() {}, unref() {} };
      },
    };
    const settle: { resolve?: (value: string) => void; reject?: (error: unknown) => void } = {};
    const call = track(
      timeout({ ms: 100, mode: 'cooperate', clock }).run(
        () => new Promise((resolve, reject) => void Object.assign(settle, { resolve, reject })),
      ),
    );
    const over = (): void => {
      nowMs = 100;
      ring();
    };
    return { call, settle, over };
  }

  it('stands, if it is a value', async () => {
    const { call, settle, over } = atOnce();
    settle.resolve?.('late');
    over();
    await flush();
    expect(call).toMatchObject({ state: 'fulfilled', value: 'late' });
  });

  it('is the cause, if it is an error', async () => {
    const { call, settle, over } = atOnce();
    settle.reject?.('late');
    over();
    await flush();
    expect(call.error).toBeInstanceOf(TimeoutError);
    expect(call.error).toMatchObject({ cause: 'late' });
  });
});
