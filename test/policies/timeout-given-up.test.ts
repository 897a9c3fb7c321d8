import { bulkhead, type Operation, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it, vi } from 'vitest';
import { flush, Jobs, track } from '../support/jobs.ts';

it.each(['race', 'cooperate'] as const)(
  'in mode %s has no part in work that the caller gave up',
  async (mode) => {
    const clock = new VirtualClock();
    const events: unknown[] = [];
    const policy = timeout({ ms: 100, mode, clock }).on('timeout', (event) => events.push(event));
    const caller = new AbortController();
    const call = track(policy.run(new Jobs().job(), { signal: caller.signal }));
    await clock.advance(50);
    caller.abort('enough');
    await flush();
    expect([call.error, clock.pendingTimers]).toEqual(['enough', 0]);
    await clock.advance(1_000);
    expect(events).toEqual([]);
  },
);

it('emits nothing where the caller aborts in the tick of the timer, and before it', async () => {
  const clock = new VirtualClock();
  const events: unknown[] = [];
  const policy = timeout({ ms: 100, clock }).on('timeout', (event) => events.push(event));
  const caller = new AbortController();
  clock.setTimer(100, () => caller.abort('enough'));
  const call = track(policy.run(new Jobs().job(), { signal: caller.signal }));
  await clock.advance(100);
  expect([call.error, events]).toEqual(['enough', []]);
});

it.each(['a timeout', 'the deadline of the run'])(
  'has no part in work that %s around gave up',
  async (whose) => {
    const clock = new VirtualClock();
    const around = whose === 'a timeout' ? [timeout({ ms: 60, name: 'around' })] : [];
    const shop = pipeline({ name: 'shop', clock }, ...around, timeout({ ms: 100, name: 'inner' }));
    const events: unknown[] = [];
    shop.on('timeout', ({ policy }) => events.push(policy));
    const call = track(shop.run(new Jobs().job(), around.length === 0 ? { timeoutMs: 60 } : {}));
    await clock.advance(60);
    expect([call.state, clock.pendingTimers]).toEqual(['rejected', 0]);
    await clock.advance(1_000);
    expect(events).toHaveLength(1);
  },
);

it('emits nothing where fake timers move past an abort and the timer in one step', async () => {
  vi.useFakeTimers();
  const events: unknown[] = [];
  const policy = timeout({ ms: 100 }).on('timeout', (event) => events.push(event));
  const caller = new AbortController();
  setTimeout(() => caller.abort('enough'), 50);
  const call = track(policy.run(new Jobs().job(), { signal: caller.signal }));
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  await flush();
  expect([call.error, events]).toEqual(['enough', []]);
});

/** Rejects as soon as the signal aborts. */
const stopped: Operation<never> = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it.each<[string, Operation<unknown>]>([
  ['a promise', stopped],
  ['an async function', async (call) => await stopped(call)],
  ['an async function within another', async (call) => await (async () => await stopped(call))()],
])('abandons no work that heeds its signal: %s', async (_, operation) => {
  const clock = new VirtualClock();
  const places = bulkhead({ concurrency: 1 });
  const told: unknown[] = [];
  places.on('abandon', (event) => told.push(event));
  const call = track(pipeline({ name: 'shop', clock }, places, timeout({ ms: 100 })).run(operation));
  await clock.advance(100);
  expect([call.state, places.inFlight, told]).toEqual(['rejected', 0, []]);
});
