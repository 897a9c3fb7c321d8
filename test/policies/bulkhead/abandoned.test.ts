import { type Bulkhead, type BulkheadOptions, bulkhead, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it } from 'vitest';
import { CountingClock } from '../../support/counting-clock.ts';
import { flush, Jobs, track } from '../../support/jobs.ts';

type Order = 'bulkhead around timeout' | 'timeout around bulkhead';
const orders: Order[] = ['bulkhead around timeout', 'timeout around bulkhead'];

/** One place, a timeout of 10 ms, and a list of what the bulkhead says of work that is given up. */
function setUp(order: Order, options: BulkheadOptions = {}) {
  const clock = new VirtualClock();
  const policy = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: Infinity, ...options });
  const limit = timeout({ ms: 10 });
  const both = order === orders[0] ? [policy, limit] : [limit, policy];
  const shop = pipeline({ name: 'shop', clock }, ...both);
  const said: unknown[] = [];
  for (const type of ['abandon', 'reclaim'] as const) {
    policy.on(type, (event) =>
      said.push([type, clock.now(), event.abandoned, event.inFlight, event.pipeline]),
    );
  }
  return { clock, policy, shop, jobs: new Jobs(), said };
}

const places = ({ inFlight, queued, abandoned }: Bulkhead) => ({ inFlight, queued, abandoned });

describe.each(orders)('%s', (order) => {
  it('keeps the place of work that was given up until it ends, says so once, and then admits another', async () => {
    const { clock, policy, shop, jobs, said } = setUp(order);
    const call = track(shop.run(jobs.job('slow')));
    await clock.advance(10);
    expect(call.error).toMatchObject({ name: 'TimeoutError' });
    expect(places(policy)).toEqual({ inFlight: 1, queued: 0, abandoned: 1 });
    expect(policy.tryAcquire()).toBeUndefined();
    await clock.advance(3_600_000);
    expect(places(policy)).toEqual({ inFlight: 1, queued: 0, abandoned: 1 });
    expect(said).toEqual([['abandon', 10, 1, 1, 'shop']]);
    jobs.end('slow');
    await flush();
    expect(places(policy)).toEqual({ inFlight: 0, queued: 0, abandoned: 0 });
    expect(policy.tryAcquire()).toBeDefined();
    expect(said).toHaveLength(1);
  });

  it('counts work as abandoned that the caller gave up', async () => {
    const { clock, policy, shop, jobs, said } = setUp(order);
    const caller = new AbortController();
    const call = track(shop.run(jobs.job('slow'), { signal: caller.signal }));
    await clock.advance(5);
    caller.abort('enough');
    await flush();
    expect(call.error).toBe('enough');
    expect(places(policy)).toEqual({ inFlight: 1, queued: 0, abandoned: 1 });
    jobs.started[0]?.fail(new Error('late'));
    await flush();
    expect(places(policy)).toEqual({ inFlight: 0, queued: 0, abandoned: 0 });
    expect(said).toEqual([['abandon', 5, 1, 1, 'shop']]);
  });

  it('takes a place back after reclaimMs, and gives it to the first who waits', async () => {
    const { clock, policy, shop, jobs, said } = setUp(order, { reclaimMs: 100 });
    track(shop.run(jobs.job('slow')));
    await clock.advance(10);
    const waiter = track(policy.run(jobs.job('waiter')));
    await clock.advance(99);
    expect(places(policy)).toEqual({ inFlight: 1, queued: 1, abandoned: 1 });
    await clock.advance(1);
    expect(places(policy)).toEqual({ inFlight: 1, queued: 0, abandoned: 0 });
    expect(jobs.labels).toEqual(['slow', 'waiter']);
    expect(said.at(-1)).toEqual(['reclaim', 110, 0, 1, 'shop']);
    // The work that lost its place ends late, and has none to give back.
    jobs.end('slow');
    await flush();
    expect(places(policy)).toEqual({ inFlight: 1, queued: 0, abandoned: 0 });
    jobs.end('waiter');
    await flush();
    expect([waiter.value, policy.inFlight]).toEqual(['waiter', 0]);
  });

  it('reclaims nothing from work that ends before reclaimMs', async () => {
    const { clock, policy, shop, jobs, said } = setUp(order, { reclaimMs: 100 });
    track(shop.run(jobs.job('slow')));
    await clock.advance(50);
    jobs.end('slow');
    await clock.advance(10_000);
    expect(places(policy)).toEqual({ inFlight: 0, queued: 0, abandoned: 0 });
    expect(said).toHaveLength(1);
  });

  it('keeps no process alive for the sake of abandoned work', async () => {
    const { clock, shop, jobs } = setUp(order, { reclaimMs: 100, concurrency: 2 });
    for (const label of ['slow', 'slower']) track(shop.run(jobs.job(label)));
    await clock.advance(10);
    expect(clock.pendingTimers).toBe(0);
    for (const label of ['slow', 'slower']) jobs.end(label);
    await flush();
    track(shop.run(jobs.job('slow too')));
    await clock.advance(10);
    expect(clock.pendingTimers).toBe(0);
  });
});

it('sets no timer for abandoned work that is never reclaimed', async () => {
  const clock = new CountingClock();
  const policy = bulkhead({ clock });
  track(pipeline({ name: 'shop', clock }, policy, timeout({ ms: 10 })).run(new Jobs().job()));
  await clock.advance(10);
  expect([policy.abandoned, clock.timersMs]).toEqual([1, [10]]);
});

it('abandons nothing that ends before its run does, or never began', async () => {
  const { clock, policy, shop, jobs, said } = setUp('timeout around bulkhead');
  track(shop.run(jobs.job('quick')));
  jobs.end('quick');
  await flush();
  const place = policy.tryAcquire();
  track(shop.run(jobs.job('waits')));
  await clock.advance(10);
  place?.release();
  expect(places(policy)).toEqual({ inFlight: 0, queued: 0, abandoned: 0 });
  expect([said, jobs.labels]).toEqual([[], ['quick']]);
});

it('waits with an operation that heeds a cooperating timeout, and abandons nothing', async () => {
  const clock = new VirtualClock();
  const policy = bulkhead({ concurrency: 1, clock });
  const shop = pipeline('shop', timeout({ ms: 10, mode: 'cooperate', clock }), policy);
  const jobs = new Jobs();
  const call = track(shop.run(jobs.job('slow')));
  await clock.advance(50);
  expect(places(policy)).toEqual({ inFlight: 1, queued: 0, abandoned: 0 });
  jobs.end('slow');
  await flush();
  expect([call.value, policy.inFlight]).toEqual(['slow', 0]);
});

it('counts each of several abandoned places, whichever ends first', async () => {
  const { clock, policy, shop, jobs, said } = setUp('timeout around bulkhead', { concurrency: 3 });
  for (const label of ['a', 'b', 'c']) track(shop.run(jobs.job(label)));
  await clock.advance(10);
  expect(said.map((event) => (event as unknown[])[2])).toEqual([1, 2, 3]);
  for (const [left, label] of [
    [2, 'b'],
    [1, 'c'],
    [0, 'a'],
  ] as const) {
    jobs.end(label);
    await flush();
    expect(places(policy)).toEqual({ inFlight: left, queued: 0, abandoned: left });
  }
});
