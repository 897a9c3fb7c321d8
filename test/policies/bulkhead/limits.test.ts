import { BulkheadFullError, bulkhead, isRejection, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { flush, Jobs, track } from '../../support/jobs.ts';

const rejected = expect.objectContaining({ name: 'BulkheadFullError' });

it('runs at most its concurrency, lets at most its queue wait, and rejects the rest at once', async () => {
  const policy = bulkhead({ concurrency: 3, queue: 2, clock: new VirtualClock() });
  const jobs = new Jobs();
  const calls = Array.from({ length: 7 }, (_, i) => track(policy.run(jobs.job(`${i}`))));
  await flush();
  expect(jobs.labels).toEqual(['0', '1', '2']);
  expect([policy.inFlight, policy.queued]).toEqual([3, 2]);
  expect(calls.map(({ state }) => state)).toEqual([...Array(5).fill('pending'), 'rejected', 'rejected']);
  expect([calls[5]?.error, calls[6]?.error]).toEqual([rejected, rejected]);
});

it('runs ten at once and lets nobody wait, unless told otherwise', async () => {
  const policy = bulkhead();
  const jobs = new Jobs();
  const calls = Array.from({ length: 11 }, () => track(policy.run(jobs.job())));
  await flush();
  expect(jobs.running).toBe(10);
  expect(policy.limits).toEqual({ concurrency: 10, queue: 0 });
  expect(calls[10]?.error).toEqual(rejected);
});

it('rejects everything with a concurrency of 0, however long its queue', async () => {
  const policy = bulkhead({ concurrency: 0, queue: 10, clock: new VirtualClock() });
  const jobs = new Jobs();
  const call = track(policy.run(jobs.job()));
  const permit = track(policy.acquire());
  await flush();
  expect([call.error, permit.error]).toEqual([rejected, rejected]);
  expect(policy.tryAcquire()).toBeUndefined();
  expect([jobs.started.length, policy.inFlight, policy.queued]).toEqual([0, 0, 0]);
});

it('says in the rejection which limit it was, and how full it is', async () => {
  const clock = new VirtualClock();
  const policy = bulkhead({ name: 'places', concurrency: 2, queue: 1, queueTimeoutMs: 50, clock });
  const shop = pipeline('shop', policy);
  const jobs = new Jobs();
  const calls = Array.from({ length: 4 }, () => track(shop.run(jobs.job())));
  await clock.advance(50);
  const { error: full } = calls[3] as { error: unknown };
  const { error: late } = calls[2] as { error: unknown };
  const limits = {
    concurrency: 2,
    queue: 1,
    policy: 'places',
    pipeline: 'shop',
    code: 'HOLDFAST_BULKHEAD_FULL',
  };
  expect(full).toMatchObject({ ...limits, reason: 'full', inFlight: 2, queued: 1 });
  expect(late).toMatchObject({ ...limits, reason: 'queue-timeout', inFlight: 2, queued: 0 });
  for (const error of [full, late]) {
    expect(error).toBeInstanceOf(BulkheadFullError);
    expect(isRejection(error)).toBe(true);
  }
  expect(jobs.started).toHaveLength(2);
});

it('tells of those who wait and those whom it rejects, and why', async () => {
  const clock = new VirtualClock();
  const policy = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 50, clock });
  const events: unknown[] = [];
  policy.on('queue', ({ queued }) => events.push(['queue', queued]));
  policy.on('reject', ({ reason, inFlight, queued, concurrency, queue }) =>
    events.push(['reject', reason, inFlight, queued, concurrency, queue]),
  );
  for (let i = 0; i < 3; i++) track(policy.run(new Jobs().job()));
  await clock.advance(50);
  expect(events).toEqual([
    ['queue', 1],
    ['reject', 'full', 1, 1, 1, 1],
    ['reject', 'queue-timeout', 1, 0, 1, 1],
  ]);
});

it('gives the place back however the operation ends', async () => {
  const policy = bulkhead({ concurrency: 1, clock: new VirtualClock() });
  const twice = {
    then(done: (value: string) => void) {
      done('one');
      done('two');
    },
  };
  const ends: (() => unknown)[] = [
    () => 'a value',
    () => Promise.resolve('a promise'),
    () => Promise.reject(undefined),
    () => {
      throw Object.freeze(new Error('at once'));
    },
    () => twice,
  ];
  for (const operation of ends) {
    const call = track(policy.run(operation));
    expect(policy.inFlight).toBeLessThanOrEqual(1);
    await flush();
    expect(call.state).not.toBe('pending');
    expect(call.error).not.toEqual(rejected);
    expect(policy.inFlight).toBe(0);
  }
});

it('stays within its limits through a long walk of arrivals, ends, aborts and resizes', async () => {
  const clock = new VirtualClock({ seed: 7 });
  const policy = bulkhead({ concurrency: 4, queue: 6, queueTimeoutMs: 30, clock });
  const jobs = new Jobs();
  const callers: AbortController[] = [];
  const upTo = (n: number): number => Math.floor(clock.random() * n);
  let most = 4;
  for (let step = 0; step < 3_000; step++) {
    const what = upTo(10);
    if (what < 5) {
      const caller = new AbortController();
      callers.push(caller);
      track(policy.run(jobs.job(`${step}`), { signal: caller.signal }));
    } else if (what < 8) {
      const [job] = jobs.started.splice(upTo(jobs.started.length), 1);
      job?.end();
    } else if (what === 8) {
      callers.splice(upTo(callers.length), 1)[0]?.abort();
    } else if (step % 5 === 0) {
      policy.resize({ concurrency: 1 + upTo(6) });
    }
    if (step % 3 === 0) await clock.advance(upTo(12));
    // Those whom a smaller limit found inside may stay, so the bound falls only as they leave.
    most = Math.max(policy.limits.concurrency, Math.min(most, policy.inFlight));
    expect(policy.inFlight).toBeGreaterThanOrEqual(jobs.running);
    expect(policy.inFlight).toBeLessThanOrEqual(most);
    expect(policy.queued).toBeLessThanOrEqual(policy.limits.queue);
  }
  await clock.advance(30);
  expect([policy.inFlight, policy.queued]).toEqual([jobs.running, 0]);
  for (const job of jobs.started) job.end();
  await flush();
  expect([jobs.running, policy.inFlight, policy.abandoned]).toEqual([0, 0, 0]);
});
