import { bulkhead, pipeline, TimeoutError, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { CountingClock } from '../support/counting-clock.ts';
import { flush, Jobs, track } from '../support/jobs.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

it('never times out with Infinity, and sets no timer for it', async () => {
  const clock = new CountingClock();
  const jobs = new Jobs();
  const call = track(timeout({ ms: Infinity, clock }).run(jobs.job()));
  await clock.advance(10 ** 12);
  expect([call.state, clock.timersMs]).toEqual(['pending', []]);
});

it.each([2 ** 31, 2 ** 31 + 1, 2 ** 33, 10 ** 13])(
  'waits %d ms in steps, and never fires early',
  async (ms) => {
    const clock = new CountingClock();
    const call = track(timeout({ ms, clock }).run(new Jobs().job()));
    await clock.advance(ms - 1);
    expect(call.state).toBe('pending');
    await clock.advance(1);
    expect(call.error).toBeInstanceOf(TimeoutError);
    expect(Math.max(...clock.timersMs)).toBeLessThanOrEqual(LONGEST_TIMER_MS);
    expect(clock.timersMs).toHaveLength(Math.ceil(ms / LONGEST_TIMER_MS));
  },
);

it('waits as long for the deadline of a run', async () => {
  const clock = new CountingClock();
  const shop = pipeline({ name: 'shop', clock }, bulkhead());
  const call = track(shop.run(new Jobs().job(), { timeoutMs: 2 ** 32 }));
  await clock.advance(2 ** 32 - 1);
  expect(call.state).toBe('pending');
  await clock.advance(1);
  expect(call.error).toMatchObject({ name: 'TimeoutError', policy: 'deadline' });
  expect(Math.max(...clock.timersMs)).toBeLessThanOrEqual(LONGEST_TIMER_MS);
});

it('refuses a time that is none', () => {
  for (const ms of [0, -1, Number.NaN, -Infinity]) expect(() => timeout({ ms })).toThrow(RangeError);
  for (const ms of ['100', undefined, null]) expect(() => timeout({ ms: ms as never })).toThrow(TypeError);
});

it('shares one timer among many calls, which time out each at its own moment', async () => {
  const clock = new CountingClock();
  const policy = timeout({ ms: 100, clock });
  const jobs = new Jobs();
  const endings: number[] = [];
  for (let i = 0; i < 1_000; i++) {
    policy.run(jobs.job()).catch(() => endings.push(clock.now() - Math.floor(i / 100)));
    if (i % 100 === 99) await clock.advance(1);
  }
  expect(clock.timersMs).toEqual([100]);
  await clock.advance(100);
  expect(endings).toEqual(Array(1_000).fill(100));
  // One for each moment at which anything was due.
  expect(clock.timersMs).toEqual([100, ...Array(9).fill(1)]);
});

it('sets no timer anew for a call that follows another within its time', async () => {
  const clock = new CountingClock();
  const policy = timeout({ ms: 100, clock });
  for (let i = 0; i < 1_000; i++) {
    await policy.run(() => i);
    if (i % 10 === 0) await clock.advance(1);
  }
  expect(clock.timersMs.length).toBeLessThanOrEqual(2);
});

it('holds the process only while a call is in flight', async () => {
  const clock = new VirtualClock();
  const policy = timeout({ ms: 100, clock });
  const jobs = new Jobs();
  const first = track(policy.run(jobs.job('first')));
  const second = track(policy.run(jobs.job('second')));
  expect(clock.pendingTimers).toBe(1);
  jobs.end('first');
  await flush();
  expect([first.state, clock.pendingTimers]).toEqual(['fulfilled', 1]);
  jobs.started[1]?.fail(new Error('down'));
  await flush();
  expect([second.state, clock.pendingTimers]).toEqual(['rejected', 0]);
  track(policy.run(jobs.job('third')));
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(100);
  expect(clock.pendingTimers).toBe(0);
});
