import { getEventListeners } from 'node:events';
import { bulkhead } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { flush, Jobs, track } from '../../support/jobs.ts';

const limited = (queue = 0) => bulkhead({ concurrency: 1, queue, clock: new VirtualClock() });

it('gives a permit while there is a place, and none while there is not', () => {
  const policy = limited();
  const permit = policy.tryAcquire();
  expect(permit).toBeDefined();
  expect(policy.tryAcquire()).toBeUndefined();
  permit?.release();
  expect(policy.tryAcquire()).toBeDefined();
});

it('counts a permit that is released twice only once', () => {
  const policy = bulkhead({ concurrency: 2, clock: new VirtualClock() });
  const first = policy.tryAcquire();
  const second = policy.tryAcquire();
  first?.release();
  first?.release();
  expect(policy.inFlight).toBe(1);
  second?.release();
  second?.[Symbol.dispose]();
  expect(policy.inFlight).toBe(0);
});

it('gives the place back at the end of a `using` block, also by a throw', () => {
  const policy = limited();
  const work = (fails: boolean): void => {
    using permit = policy.tryAcquire();
    expect([permit === undefined, policy.inFlight]).toEqual([false, 1]);
    if (fails) throw new Error('inside');
  };
  work(false);
  expect(policy.inFlight).toBe(0);
  expect(() => work(true)).toThrow('inside');
  expect(policy.inFlight).toBe(0);
});

it('lets an acquire wait for a place as a call would', async () => {
  const policy = limited(1);
  const first = await policy.acquire();
  const second = track(policy.acquire());
  const third = track(policy.acquire());
  await flush();
  expect([second.state, policy.queued]).toEqual(['pending', 1]);
  expect(third.error).toMatchObject({ name: 'BulkheadFullError', reason: 'full', policy: 'bulkhead' });
  first.release();
  await flush();
  expect([second.state, policy.inFlight]).toEqual(['fulfilled', 1]);
});

it('rejects an acquire whose time in the queue is up', async () => {
  const clock = new VirtualClock();
  const policy = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 30, clock });
  await policy.acquire();
  const late = track(policy.acquire());
  await clock.advance(30);
  expect(late.error).toMatchObject({ reason: 'queue-timeout' });
  expect([policy.inFlight, policy.queued, clock.pendingTimers]).toEqual([1, 0, 0]);
});

it('rejects an acquire at once with the reason of its signal, before and while it waits', async () => {
  const policy = limited(1);
  const place = await policy.acquire();
  const before = track(policy.acquire({ signal: AbortSignal.abort('before') }));
  const caller = new AbortController();
  const waits = track(policy.acquire({ signal: caller.signal }));
  await flush();
  expect([before.error, waits.state, policy.queued]).toEqual(['before', 'pending', 1]);
  const reason = new Error('enough');
  caller.abort(reason);
  await flush();
  expect(waits.error).toBe(reason);
  place.release();
  expect([policy.inFlight, policy.queued]).toEqual([0, 0]);
});

it('takes no place for a signal that was aborted before', async () => {
  const policy = limited();
  const permit = track(policy.acquire({ signal: AbortSignal.abort() }));
  expect(policy.inFlight).toBe(0);
  await flush();
  expect([permit.state, policy.inFlight]).toEqual(['rejected', 0]);
});

it('does not take a permit back that was given out before the abort', async () => {
  const policy = limited();
  const caller = new AbortController();
  const permit = await policy.acquire({ signal: caller.signal });
  expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  caller.abort();
  await flush();
  expect([policy.inFlight, policy.abandoned]).toEqual([1, 0]);
  permit.release();
  expect(policy.inFlight).toBe(0);
});

it('shares its places between permits and calls', async () => {
  const policy = limited();
  const permit = policy.tryAcquire();
  const refused = track(policy.run(() => 'ran'));
  await flush();
  expect(refused.error).toMatchObject({ inFlight: 1 });
  permit?.release();
  const jobs = new Jobs();
  track(policy.run(jobs.job()));
  expect(policy.tryAcquire()).toBeUndefined();
  expect(jobs.running).toBe(1);
});

it('rejects an acquire with bad options, and takes no place for it', async () => {
  const policy = limited();
  await expect(policy.acquire({ signal: 'no signal' as never })).rejects.toThrow(TypeError);
  await expect(policy.acquire({ ms: 5 } as never)).rejects.toThrow(/unknown option "ms"/);
  expect(policy.inFlight).toBe(0);
});
