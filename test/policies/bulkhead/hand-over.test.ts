import { bulkhead } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { flush, Jobs, track } from '../../support/jobs.ts';

it('hands a freed place to the first waiter in the same step', async () => {
  const policy = bulkhead({ concurrency: 1, queue: 2, clock: new VirtualClock() });
  const place = policy.tryAcquire();
  const jobs = new Jobs();
  track(policy.run(jobs.job('first')));
  track(policy.run(jobs.job('second')));
  expect([policy.inFlight, policy.queued]).toEqual([1, 2]);
  place?.release();
  // Not a microtask later: nobody has seen the place free.
  expect([policy.inFlight, policy.queued]).toEqual([1, 1]);
  expect(policy.tryAcquire()).toBeUndefined();
  await flush();
  expect(jobs.labels).toEqual(['first']);
});

it('admits those who wait in the order in which they came, runs and permits alike', async () => {
  const policy = bulkhead({ concurrency: 1, queue: 4, clock: new VirtualClock() });
  const jobs = new Jobs();
  const order: string[] = [];
  track(policy.run(jobs.job('running')));
  const acquires = async (label: string): Promise<void> => {
    using _place = await policy.acquire();
    order.push(label);
  };
  track(acquires('a'));
  track(policy.run(() => order.push('b')));
  track(acquires('c'));
  track(policy.run(() => order.push('d')));
  await flush();
  expect(policy.queued).toBe(4);
  jobs.end('running');
  await flush();
  expect(order).toEqual(['a', 'b', 'c', 'd']);
  expect(policy.inFlight).toBe(0);
});

it('rejects a newcomer while a waiter holds the freed place', async () => {
  const policy = bulkhead({ concurrency: 1, queue: 1, clock: new VirtualClock() });
  const jobs = new Jobs();
  track(policy.run(jobs.job('running')));
  const waiter = track(policy.run(jobs.job('waiter')));
  jobs.end('running');
  // Newcomers at every microtask of the hand-over: the first finds the queue free again, the others find it taken.
  const newcomers = [];
  for (let i = 0; i < 20; i++) {
    newcomers.push(track(policy.run(jobs.job(`newcomer ${i}`))));
    await Promise.resolve();
  }
  await flush();
  expect(jobs.labels).toEqual(['running', 'waiter']);
  expect(waiter.state).toBe('pending');
  expect(newcomers.filter(({ state }) => state === 'pending')).toHaveLength(1);
  jobs.end('waiter');
  await flush();
  expect(waiter.value).toBe('waiter');
  expect(jobs.labels).toHaveLength(3);
  expect(jobs.most).toBe(1);
});

it('hands over each of several places that come free in one tick', async () => {
  const policy = bulkhead({ concurrency: 3, queue: 3, clock: new VirtualClock() });
  const places = Array.from({ length: 3 }, () => policy.tryAcquire());
  const jobs = new Jobs();
  for (const label of ['a', 'b', 'c']) track(policy.run(jobs.job(label)));
  for (const place of places) place?.release();
  expect([policy.inFlight, policy.queued]).toEqual([3, 0]);
  await flush();
  expect(jobs.labels).toEqual(['a', 'b', 'c']);
});

it('passes a place on from a waiter that throws at once', async () => {
  const policy = bulkhead({ concurrency: 1, queue: 2, clock: new VirtualClock() });
  const place = policy.tryAcquire();
  const broken = track(
    policy.run(() => {
      throw new Error('at once');
    }),
  );
  const next = track(policy.run(() => 'next'));
  place?.release();
  await flush();
  expect([broken.error, next.value]).toEqual([new Error('at once'), 'next']);
  expect([policy.inFlight, policy.queued]).toEqual([0, 0]);
});
