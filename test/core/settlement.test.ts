import { bulkhead, circuitBreaker, constant, fallback, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countedSignal } from '../support/counted-signal.ts';
import { watch, work } from '../support/spies.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const boom = new Error('boom');
const clockOf = () => new VirtualClock();
const policies = (clock: VirtualClock) => {
  const places = bulkhead({ concurrency: 2, queue: 2, queueTimeoutMs: 300, clock });
  const subject = pipeline(
    { name: 'p', clock },
    timeout({ ms: 2_000 }),
    retry({ retries: 2, backoff: constant(100), budget: false }),
    circuitBreaker({ lowTrafficFailures: Infinity }),
    places,
  );
  return { subject, places };
};

// Heeds its signal, as the end of all work needs.
const slow =
  (clock: VirtualClock, ms: number, how: 'value' | 'error') =>
  ({ signal }: { signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      const timer = clock.setTimer(ms, () => (how === 'value' ? resolve('v') : reject(boom)));
      signal.addEventListener('abort', () => {
        timer.cancel();
        reject(signal.reason);
      });
    });

describe('after a run has settled there is no live timer, listener or waiter of it', () => {
  test.each([
    ['a value at once', 0, () => 'v', 'fulfilled'],
    ['a value later', 50, 'value', 'fulfilled'],
    ['an error, tried again to the end', 50, 'error', 'rejected'],
    ['a time-out', 5_000, 'value', 'rejected'],
  ] as const)('%s', async (_, ms, how, state) => {
    const clock = clockOf();
    const { subject, places } = policies(clock);
    const caller = countedSignal();
    const operation = typeof how === 'function' ? how : slow(clock, ms, how);
    const run = watch(subject.run(operation, { signal: caller.signal, timeoutMs: 2_000 }));
    await clock.runAll();
    expect(run.state).toBe(state);
    expect(caller.standing).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(places).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
  });

  test('an abort in the queue, in the sleep and at work', async () => {
    for (const abortAt of [10, 60, 120]) {
      const clock = clockOf();
      const { subject, places } = policies(clock);
      const callers = Array.from({ length: 4 }, countedSignal);
      const runs = callers.map(({ signal }) => watch(subject.run(slow(clock, 50, 'error'), { signal })));
      await clock.advance(abortAt);
      for (const caller of callers) caller.abort('left');
      await clock.advance(0);
      expect(runs.map(({ error }) => error)).toEqual(['left', 'left', 'left', 'left']);
      expect(callers.map(({ standing }) => standing)).toEqual([0, 0, 0, 0]);
      expect(clock.pendingTimers).toBe(0);
      expect(places).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
    }
  });

  test('a rejection from a queue that was too long or too slow', async () => {
    const clock = clockOf();
    const { subject, places } = policies(clock);
    const runs = Array.from({ length: 6 }, () => watch(subject.run(slow(clock, 400, 'value'))));
    await clock.runAll();
    expect(runs.map(({ state }) => state)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect(clock.pendingTimers).toBe(0);
    expect(places).toMatchObject({ inFlight: 0, queued: 0 });
  });
});

describe('every run settles exactly once', () => {
  test('where the result and the timer come in one tick, whichever is first wins', async () => {
    const clock = clockOf();
    const subject = timeout({ ms: 100, clock });
    const first = watch(
      subject.run(() => new Promise((resolve) => clock.setTimer(99.5, () => resolve('v')))),
    );
    const late = watch(subject.run(() => new Promise((resolve) => clock.setTimer(100, () => resolve('v')))));
    await clock.advance(100);
    expect([first.state, late.state]).toEqual(['fulfilled', 'rejected']);
  });

  test('where a fallback that hangs is cut off by the timeout around it, and then answers', async () => {
    const clock = clockOf();
    const planB = work<string>();
    const slowAnswer = fallback((_, call) => planB.operation(call));
    const run = watch(pipeline('p', timeout({ ms: 10, clock }), slowAnswer).run(() => Promise.reject(boom)));
    await clock.advance(10);
    expect(run.state).toBe('rejected');
    planB.resolve('plan b');
    await clock.advance(0);
    expect(run.state).toBe('rejected');
  });

  test("a late rejection of work that was given up is nobody's unhandled rejection", async () => {
    const clock = clockOf();
    const { subject } = policies(clock);
    const run = watch(
      subject.run(() => new Promise((_, reject) => clock.setTimer(9_000, () => reject(boom)))),
    );
    await clock.advance(10_000);
    expect(run.state).toBe('rejected');
  });
});
