import { bulkhead } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { flush, Jobs, track } from '../../support/jobs.ts';

async function busy({ calls, ...limits }: { concurrency: number; queue: number; calls: number }) {
  const policy = bulkhead({ ...limits, queueTimeoutMs: Infinity, clock: new VirtualClock() });
  const jobs = new Jobs();
  const all = Array.from({ length: calls }, (_, i) => track(policy.run(jobs.job(`${i}`))));
  await flush();
  return { policy, jobs, all };
}

it('admits as many waiters as it grows by, at once and in their order', async () => {
  const { policy, jobs } = await busy({ concurrency: 1, queue: 4, calls: 5 });
  policy.resize({ concurrency: 3 });
  expect([policy.inFlight, policy.queued]).toEqual([3, 2]);
  await flush();
  expect(jobs.labels).toEqual(['0', '1', '2']);
});

it('evicts nobody when it shrinks, and admits nobody until enough have left', async () => {
  const { policy, jobs, all } = await busy({ concurrency: 4, queue: 2, calls: 6 });
  policy.resize({ concurrency: 2 });
  expect([policy.inFlight, policy.queued]).toEqual([4, 2]);
  for (const [label, inFlight] of [
    ['0', 3],
    ['1', 2],
  ] as const) {
    jobs.end(label);
    await flush();
    expect([policy.inFlight, policy.queued, jobs.started.length]).toEqual([inFlight, 2, 4]);
    expect(policy.tryAcquire()).toBeUndefined();
  }
  jobs.end('2');
  await flush();
  expect([policy.inFlight, policy.queued, jobs.labels.at(-1)]).toEqual([2, 1, '4']);
  expect(all.map(({ state }) => state)).not.toContain('rejected');
});

it('keeps those who wait when the queue is shortened, and takes nobody in until it is shorter', async () => {
  const { policy, jobs, all } = await busy({ concurrency: 1, queue: 3, calls: 4 });
  policy.resize({ queue: 1 });
  expect(policy.queued).toBe(3);
  const comes = async () => {
    const call = track(policy.run(jobs.job('comes')));
    await flush();
    return call;
  };
  expect(await comes()).toMatchObject({ error: { reason: 'full', queued: 3, queue: 1 } });
  for (const [label, queued] of [
    ['0', 2],
    ['1', 1],
  ] as const) {
    jobs.end(label);
    await flush();
    expect(await comes()).toMatchObject({ error: { reason: 'full', queued } });
  }
  jobs.end('2');
  await flush();
  expect(await comes()).toMatchObject({ state: 'pending' });
  jobs.end('3');
  await flush();
  expect(all.map(({ value }) => value)).toEqual(['0', '1', '2', '3']);
});

it('lets more wait when the queue is lengthened', async () => {
  const { policy, jobs } = await busy({ concurrency: 1, queue: 0, calls: 1 });
  policy.resize({ queue: 2 });
  for (let i = 0; i < 2; i++) track(policy.run(jobs.job()));
  expect(policy.queued).toBe(2);
  expect(policy.limits).toEqual({ concurrency: 1, queue: 2 });
});

it('changes only the limit that it is given', async () => {
  const { policy } = await busy({ concurrency: 2, queue: 3, calls: 0 });
  policy.resize({ concurrency: 5 });
  expect(policy.limits).toEqual({ concurrency: 5, queue: 3 });
  policy.resize({ queue: 0 });
  expect(policy.limits).toEqual({ concurrency: 5, queue: 0 });
  policy.resize({});
  expect(policy.limits).toEqual({ concurrency: 5, queue: 0 });
});

it('can be closed with a concurrency of 0 and opened again, and those who waited run then', async () => {
  const { policy, jobs } = await busy({ concurrency: 1, queue: 2, calls: 2 });
  policy.resize({ concurrency: 0 });
  jobs.end('0');
  await flush();
  expect([policy.inFlight, policy.queued, jobs.started.length]).toEqual([0, 1, 1]);
  const refused = track(policy.run(jobs.job('refused')));
  await flush();
  expect(refused.error).toMatchObject({ reason: 'full', concurrency: 0 });
  policy.resize({ concurrency: 1 });
  await flush();
  expect(jobs.labels).toEqual(['0', '1']);
});

it('refuses a limit that is none, and keeps those in force', async () => {
  const { policy } = await busy({ concurrency: 2, queue: 3, calls: 0 });
  for (const limits of [
    { concurrency: -1 },
    { concurrency: 1.5 },
    { queue: Infinity },
    { queue: Number.NaN },
  ])
    expect(() => policy.resize(limits)).toThrow(RangeError);
  expect(policy.limits).toEqual({ concurrency: 2, queue: 3 });
});
