import { bulkhead, pipeline, TimeoutError, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it } from 'vitest';
import { CountingClock } from '../../support/counting-clock.ts';
import { flush, Jobs, track } from '../../support/jobs.ts';

function full(options: { queue: number; queueTimeoutMs?: number }) {
  const clock = new VirtualClock();
  const policy = bulkhead({ concurrency: 1, clock, ...options });
  const jobs = new Jobs();
  track(policy.run(jobs.job('running')));
  return { clock, policy, jobs };
}

it('lets a waiter go at once when its caller aborts, with the reason itself and without a place', async () => {
  const { policy, jobs } = full({ queue: 2 });
  const caller = new AbortController();
  const waiter = track(policy.run(jobs.job('aborted'), { signal: caller.signal }));
  await flush();
  const reason = { why: 'enough' };
  caller.abort(reason);
  await flush();
  expect(waiter.error).toBe(reason);
  expect([policy.inFlight, policy.queued]).toEqual([1, 0]);
  jobs.end('running');
  await flush();
  expect(jobs.labels).toEqual(['running']);
  expect(policy.inFlight).toBe(0);
});

it('never queues a call that was aborted before', async () => {
  const { policy, jobs } = full({ queue: 1 });
  const waiter = track(policy.run(jobs.job(), { signal: AbortSignal.abort('before') }));
  expect(policy.queued).toBe(0);
  await flush();
  expect(waiter.error).toBe('before');
});

it('rejects a waiter when queueTimeoutMs is over, and not before', async () => {
  const { clock, policy, jobs } = full({ queue: 1, queueTimeoutMs: 40 });
  const waiter = track(policy.run(jobs.job('waiter')));
  await clock.advance(39);
  expect([waiter.state, policy.queued]).toEqual(['pending', 1]);
  await clock.advance(1);
  expect(waiter.error).toMatchObject({ name: 'BulkheadFullError', reason: 'queue-timeout' });
  expect((waiter.error as Error).message).toBe('bulkhead had no place in time');
  expect(policy.queued).toBe(0);
});

it('waits a second for a place, unless told otherwise', async () => {
  const { clock, policy, jobs } = full({ queue: 1 });
  const waiter = track(policy.run(jobs.job('waiter')));
  await clock.advance(999);
  expect(waiter.state).toBe('pending');
  await clock.advance(1);
  expect(waiter.state).toBe('rejected');
});

it.each([
  ['of the run', (ms: number) => ({ around: [], options: { timeoutMs: ms } })],
  ['of a timeout around', (ms: number) => ({ around: [timeout({ ms })], options: {} })],
])('lets a waiter go when the deadline %s passes', async (_whose, deadline) => {
  const clock = new VirtualClock();
  const policy = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: Infinity });
  const { around, options } = deadline(25);
  const shop = pipeline({ name: 'shop', clock }, ...around, policy);
  policy.tryAcquire();
  const jobs = new Jobs();
  const waiter = track(shop.run(jobs.job('waiter'), options));
  await clock.advance(24);
  expect([waiter.state, policy.queued]).toEqual(['pending', 1]);
  await clock.advance(1);
  expect(waiter.error).toBeInstanceOf(TimeoutError);
  expect([policy.inFlight, policy.queued, jobs.started.length]).toEqual([1, 0, 0]);
});

it('waits for ever with a queueTimeoutMs of Infinity, and sets no timer for it', async () => {
  const { clock, policy, jobs } = full({ queue: 1, queueTimeoutMs: Infinity });
  const waiter = track(policy.run(jobs.job('waiter')));
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(10 ** 9);
  expect(waiter.state).toBe('pending');
  jobs.end('running');
  await flush();
  expect(jobs.labels).toEqual(['running', 'waiter']);
});

it('keeps the order of the others, whoever leaves', async () => {
  const { policy, jobs } = full({ queue: 5 });
  const callers = ['a', 'b', 'c', 'd', 'e'].map((label) => {
    const caller = new AbortController();
    track(policy.run(jobs.job(label), { signal: caller.signal }));
    return caller;
  });
  for (const i of [2, 0, 4]) callers[i]?.abort();
  await flush();
  expect(policy.queued).toBe(2);
  for (const label of ['running', 'b', 'd']) {
    jobs.end(label);
    await flush();
  }
  expect(jobs.labels).toEqual(['running', 'b', 'd']);
});

it('gives the place of the queue that a leaver had to the next who comes', async () => {
  const { policy, jobs } = full({ queue: 1 });
  const caller = new AbortController();
  track(policy.run(jobs.job('leaves'), { signal: caller.signal }));
  caller.abort();
  await flush();
  const next = track(policy.run(jobs.job('next')));
  await flush();
  expect([next.state, policy.queued]).toEqual(['pending', 1]);
});

it('shares one timer among all who wait, and lets go of it with the last', async () => {
  const clock = new CountingClock();
  const policy = bulkhead({ concurrency: 1, queue: 1_000, clock });
  const jobs = new Jobs();
  for (let i = 0; i <= 1_000; i++) track(policy.run(jobs.job(`${i}`)));
  expect([clock.timersMs, clock.pendingTimers]).toEqual([[1_000], 1]);
  for (let i = 0; i <= 1_000; i++) {
    jobs.started[i]?.end();
    await flush();
  }
  expect(jobs.started).toHaveLength(1_001);
  expect([clock.timersMs, clock.pendingTimers]).toEqual([[1_000], 0]);
});

describe('an abort in the tick of the hand-over', () => {
  const leave = { handOver: 'first', abort: 'first' } as const;

  it.each(Object.keys(leave))('leaks no place of a run, %s first', async (first) => {
    const policy = bulkhead({ concurrency: 1, queue: 2, clock: new VirtualClock() });
    const place = policy.tryAcquire();
    const caller = new AbortController();
    const jobs = new Jobs();
    const aborted = track(policy.run(jobs.job('aborted'), { signal: caller.signal }));
    const next = track(policy.run(jobs.job('next')));
    const steps = [() => place?.release(), () => caller.abort('enough')];
    for (const step of first === 'handOver' ? steps : steps.reverse()) step();
    await flush();
    expect(aborted.error).toBe('enough');
    expect(jobs.labels).toEqual(['next']);
    expect([policy.inFlight, policy.queued, policy.abandoned]).toEqual([1, 0, 0]);
    jobs.end('next');
    await flush();
    expect([next.value, policy.inFlight]).toEqual(['next', 0]);
  });

  it.each(Object.keys(leave))(
    'leaks no permit, %s first, however many microtasks lie between',
    async (first) => {
      for (let between = 0; between < 12; between++) {
        const policy = bulkhead({ concurrency: 1, queue: 2, clock: new VirtualClock() });
        const place = policy.tryAcquire();
        const caller = new AbortController();
        const permit = track(policy.acquire({ signal: caller.signal }));
        const steps = [() => place?.release(), () => caller.abort('enough')];
        for (const step of first === 'handOver' ? steps : steps.reverse()) {
          step();
          for (let i = 0; i < between; i++) await Promise.resolve();
        }
        await flush();
        // Either it was given out, and is the caller's to release, or it went back.
        if (permit.state === 'rejected') expect(permit.error).toBe('enough');
        expect(policy.inFlight).toBe(permit.state === 'fulfilled' ? 1 : 0);
        permit.value?.release();
        expect([policy.inFlight, policy.queued]).toEqual([0, 0]);
        if (first === 'abort' || between === 0) expect(permit.state).toBe('rejected');
      }
    },
  );
});

it('leaks no place where a waiter is handed one in the tick in which its time is up', async () => {
  for (const endMs of [39, 40, 41]) {
    const clock = new VirtualClock();
    const policy = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 40, clock });
    const place = policy.tryAcquire();
    clock.setTimer(endMs, () => place?.release());
    const waiter = track(policy.run(() => 'ran'));
    await clock.advance(100);
    expect([policy.inFlight, policy.queued]).toEqual([0, 0]);
    // Set before the queue's, the timer of the release comes first at 40 too.
    expect(waiter.value).toBe(endMs <= 40 ? 'ran' : undefined);
  }
});
