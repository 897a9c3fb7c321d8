/**
 * The same policies on the runtime's own clock and timers. What is left behind lasts a minute or longer: the process
 * must not wait for it, which is seen from outside.
 */
import assert from 'node:assert/strict';
import {
  bulkhead,
  circuitBreaker,
  constant,
  pipeline,
  retry,
  systemClock,
  TimeoutError,
  timeout,
} from 'holdfast';
import { errorOf } from '../support/spies.ts';
import { about, type Behaviour, fails, hangs, looking, script } from './suite/behaviour.ts';

const MINUTE = 60_000;

/** So much that no machine is too slow for it, and so little that nothing that lasts a minute passes for it. */
const SOON = 20_000;

const after = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => void setTimeout(resolve, ms, value));

/** How long something takes. */
async function elapsed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

function assertBetween(ms: number, least: number, most: number): void {
  assert(ms >= least && ms < most, `it took ${ms} ms`);
}

const shop = () =>
  pipeline(
    'shop',
    timeout({ ms: MINUTE }),
    retry({ backoff: constant(5) }),
    circuitBreaker({ openMs: MINUTE }),
    timeout({ ms: MINUTE - 1 }),
    bulkhead({ concurrency: 2, queue: 20, queueTimeoutMs: MINUTE }),
  );

export const smoke: Behaviour[] = about('on the real clock', {
  'a retry waits for its backoff': async () => {
    const dependency = script('ffs');
    const ms = await elapsed(() => retry({ backoff: constant(5) }).run(dependency.run));
    assert.equal(dependency.invoked, 3);
    assertBetween(ms, 10, SOON);
  },
  'a timeout fires at its time, never earlier': async () => {
    for (const limitMs of [1, 20, 33.3]) {
      const ms = await elapsed(async () =>
        assert((await errorOf(timeout({ ms: limitMs }).run(hangs))) instanceof TimeoutError),
      );
      assertBetween(ms, limitMs, SOON);
    }
  },
  'a timeout aborts a signal of the runtime': async () => {
    const signals: AbortSignal[] = [];
    await errorOf(timeout({ ms: 20 }).run(looking(({ signal }) => signals.push(signal), hangs)));
    assert(signals[0] instanceof AbortSignal && signals[0].reason instanceof TimeoutError);
  },
  'a timeout that cooperates waits for the work': async () =>
    assert.equal(await timeout({ ms: 100, mode: 'cooperate' }).run(() => after(250, 'late')), 'late'),
  'the deadline of a run fires': async () => {
    const error = await errorOf(shop().run(hangs, { timeoutMs: 20 }));
    assert(error instanceof TimeoutError && error.policy === 'deadline');
  },
  'a queue is served in order': async () => {
    const places = bulkhead({ concurrency: 1, queue: 5 });
    const served: number[] = [];
    const runs = [1, 2, 3, 4, 5, 6].map((n) => places.run(async () => served.push(await after(2, n))));
    await Promise.all(runs);
    assert.deepEqual(served, [1, 2, 3, 4, 5, 6]);
  },
  'a wait in a queue ends at its time': async () => {
    const places = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 20 });
    places.tryAcquire();
    const ms = await elapsed(() => errorOf(places.run(() => 1)));
    assertBetween(ms, 20, SOON);
    assert.equal(places.queued, 0);
  },
  'a circuit opens, and recovers after its wait': async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 200 });
    await errorOf(breaker.run(fails));
    assert.equal(breaker.state, 'open');
    await after(205, undefined);
    assert.equal(await breaker.run(() => 'well'), 'well');
    assert.equal(breaker.state, 'closed');
  },
  'an abort ends a sleep of a minute at once': async () => {
    const caller = new AbortController();
    const run = retry({ backoff: constant(MINUTE) }).run(fails, { signal: caller.signal });
    setTimeout(() => caller.abort('left'), 5);
    const ms = await elapsed(async () => assert.equal(await errorOf(run), 'left'));
    assertBetween(ms, 0, SOON);
  },
  'an abort ends a wait of a minute in a queue at once': async () => {
    const places = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: MINUTE });
    places.tryAcquire();
    const caller = new AbortController();
    const waiting = places.acquire({ signal: caller.signal });
    setTimeout(() => caller.abort('left'), 5);
    assert.equal(await errorOf(waiting), 'left');
  },
  'calls at once go through five policies': async () => {
    const subject = shop();
    const runs = Array.from({ length: 22 }, (_, n) => subject.run(() => after(1, n), { timeoutMs: MINUTE }));
    assert.deepEqual(
      await Promise.all(runs),
      Array.from({ length: 22 }, (_, n) => n),
    );
  },
  'chance comes from the runtime': async () => {
    const delays: number[] = [];
    const tries = retry({ backoff: constant(3, { jitter: 'full' }) });
    tries.on('retry', ({ delayMs }) => delays.push(delayMs));
    await errorOf(tries.run(fails));
    assert(delays.length === 2 && delays.every((ms) => ms >= 0 && ms < 3) && delays[0] !== delays[1]);
  },
  'the clock goes forward': async () => {
    const start = systemClock.now();
    await after(5, undefined);
    assert(systemClock.now() > start);
  },
});
