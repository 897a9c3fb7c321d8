import assert from 'node:assert/strict';
import { BulkheadFullError, type BulkheadOptions, bulkhead, pipeline, timeout } from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { Jobs } from '../../support/jobs.ts';
import { errorOf, watch, work } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, hangs, table } from './behaviour.ts';

const RUNS = 12;

/** Limits, and how many of 12 runs at once are running, waiting and refused. */
const LIMITS: readonly (readonly [concurrency: number, queue: number])[] = [
  [0, 0],
  [0, 5],
  [1, 0],
  [1, 1],
  [3, 0],
  [3, 4],
  [10, 1],
  [10, 2],
  [12, 0],
  [1, 100],
  [100, 100],
];

/** A bulkhead, and jobs that run in it until they are ended, named after their order. */
function crowd(clock: VirtualClock, options: BulkheadOptions, count = 3) {
  const policy = bulkhead({ clock, ...options });
  const jobs = new Jobs();
  const names = Array.from({ length: count }, (_, i) => `${i + 1}`);
  const callers = names.map(() => new AbortController());
  const runs = names.map((name, i) => watch(policy.run(jobs.job(name), { signal: callers[i]!.signal })));
  return { policy, jobs, callers, runs };
}

export const bulkheads: Behaviour[] = [
  ...table(
    'a bulkhead',
    LIMITS,
    ([concurrency, queue]) =>
      `with ${concurrency} places and a queue of ${queue} counts who runs, waits and goes`,
    async ([concurrency, queue], clock) => {
      const { policy, jobs, runs } = crowd(clock, { concurrency, queue }, RUNS);
      await clock.advance(0);
      const running = Math.min(RUNS, concurrency);
      const queued = concurrency === 0 ? 0 : Math.min(RUNS - running, queue);
      assert.deepEqual([policy.inFlight, policy.queued, jobs.running], [running, queued, running]);
      const refused = runs.filter(({ error }) => error instanceof BulkheadFullError);
      assert.equal(refused.length, RUNS - running - queued);
    },
  ),
  ...about('a bulkhead', {
    'hands a freed place to whoever has waited longest': async (clock) => {
      const { jobs } = crowd(clock, { concurrency: 1, queue: 5 });
      for (const name of ['1', '2']) {
        jobs.end(name);
        await clock.advance(0);
      }
      assert.deepEqual([jobs.labels, jobs.most], [['1', '2', '3'], 1]);
    },
    'never lets a newcomer overtake': async (clock) => {
      const { policy, jobs } = crowd(clock, { concurrency: 1, queue: 5 }, 2);
      jobs.end('1');
      // The operation's promise has settled; nobody has been woken yet.
      const newcomer = watch(policy.run(jobs.job('new')));
      await clock.advance(0);
      assert.deepEqual([jobs.labels, newcomer.state], [['1', '2'], 'pending']);
    },
    'frees a place when its work fails': async (clock) => {
      const { policy, jobs, runs } = crowd(clock, { concurrency: 1 }, 1);
      jobs.started[0]!.fail(DOWN);
      await clock.advance(0);
      assert.deepEqual([runs[0]!.error, policy.inFlight], [DOWN, 0]);
    },
    'lets a waiter go when it aborts, with its reason': async (clock) => {
      const { policy, jobs, callers, runs } = crowd(clock, { concurrency: 1, queue: 5 });
      callers[1]!.abort('left');
      await clock.advance(0);
      assert.deepEqual([runs[1]!.error, policy.queued], ['left', 1]);
      jobs.end('1');
      await clock.advance(0);
      assert.deepEqual(jobs.labels, ['1', '3']);
    },
    'lets a waiter go after queueTimeoutMs, not before': async (clock) => {
      const { policy, runs } = crowd(clock, { concurrency: 1, queue: 5, queueTimeoutMs: 200 }, 2);
      await clock.advance(199);
      assert.equal(runs[1]!.state, 'pending');
      await clock.advance(1);
      assert.equal((runs[1]!.error as BulkheadFullError).reason, 'queue-timeout');
      assert.equal(policy.queued, 0);
    },
    'waits without a limit where queueTimeoutMs is Infinity': async (clock) => {
      const { runs } = crowd(clock, { concurrency: 1, queue: 5, queueTimeoutMs: Infinity }, 2);
      await clock.advance(1e9);
      assert.deepEqual([runs[1]!.state, clock.pendingTimers], ['pending', 0]);
    },
    'sets one timer for all who wait': (clock) => {
      crowd(clock, { concurrency: 1, queue: 50 }, 40);
      assert.equal(clock.pendingTimers, 1);
    },
    'keeps no timer alive for nobody': async (clock) => {
      const { jobs } = crowd(clock, { concurrency: 1, queue: 5 }, 2);
      jobs.end('1');
      await clock.advance(0);
      assert.equal(clock.pendingTimers, 0);
    },
    'says which limit refused, and how full it was': async (clock) => {
      const { policy } = crowd(clock, { concurrency: 2, queue: 1 });
      const error = (await errorOf(policy.run(() => 1))) as BulkheadFullError;
      const { reason, inFlight, queued, concurrency, queue } = error;
      assert.deepEqual([reason, inFlight, queued, concurrency, queue], ['full', 2, 1, 2, 1]);
    },
    'does not invoke what it refuses': async (clock) => {
      let invoked = 0;
      await errorOf(bulkhead({ concurrency: 0, clock }).run(() => ++invoked));
      assert.equal(invoked, 0);
    },
  }),
  ...about('resize', {
    'to more places admits who waits at once': async (clock) => {
      const { policy, jobs } = crowd(clock, { concurrency: 1, queue: 5 });
      policy.resize({ concurrency: 3 });
      await clock.advance(0);
      assert.deepEqual([jobs.running, policy.queued], [3, 0]);
    },
    'to fewer places evicts nobody, and admits nobody until there is room': async (clock) => {
      const { policy, jobs } = crowd(clock, { concurrency: 2, queue: 5 });
      policy.resize({ concurrency: 1 });
      assert.equal(policy.inFlight, 2);
      jobs.end('1');
      await clock.advance(0);
      assert.deepEqual([policy.inFlight, policy.queued], [1, 1]);
      jobs.end('2');
      await clock.advance(0);
      assert.deepEqual(jobs.labels, ['1', '2', '3']);
    },
    'to a shorter queue keeps those who wait': async (clock) => {
      const { policy } = crowd(clock, { concurrency: 1, queue: 5 });
      policy.resize({ queue: 0 });
      assert.equal(policy.queued, 2);
      assert((await errorOf(policy.run(() => 1))) instanceof BulkheadFullError);
    },
    'changes the limits that are shown': (clock) => {
      const policy = bulkhead({ concurrency: 1, queue: 5, clock });
      policy.resize({ concurrency: 7 });
      assert.deepEqual(policy.limits, { concurrency: 7, queue: 5 });
    },
  }),
  ...about('abandoned work', {
    'keeps its place until it really ends': async (clock) => {
      const places = bulkhead({ concurrency: 1, clock });
      const { operation, resolve } = work();
      const run = watch(pipeline('p', timeout({ ms: 10, clock }), places).run(operation));
      await clock.advance(10);
      assert.deepEqual([run.state, places.inFlight, places.abandoned], ['rejected', 1, 1]);
      resolve(1);
      await clock.advance(0);
      assert.deepEqual([places.inFlight, places.abandoned], [0, 0]);
    },
    'keeps its place where the bulkhead stands outside the timeout too': async (clock) => {
      const places = bulkhead({ concurrency: 1, clock });
      void watch(pipeline('p', places, timeout({ ms: 10, clock })).run(hangs));
      await clock.advance(10);
      assert.deepEqual([places.inFlight, places.abandoned], [1, 1]);
    },
    'is announced once': async (clock) => {
      const places = bulkhead({ concurrency: 1, clock });
      let announced = 0;
      places.on('abandon', () => announced++);
      void watch(pipeline('p', timeout({ ms: 10, clock }), places).run(hangs));
      await clock.advance(1_000);
      assert.equal(announced, 1);
    },
    'loses its place after reclaimMs': async (clock) => {
      const places = bulkhead({ concurrency: 1, reclaimMs: 500, clock });
      let reclaimed = 0;
      places.on('reclaim', () => reclaimed++);
      void watch(pipeline('p', timeout({ ms: 10, clock }), places).run(hangs));
      await clock.advance(509);
      assert.deepEqual([places.inFlight, reclaimed], [1, 0]);
      await clock.advance(1);
      assert.deepEqual([places.inFlight, places.abandoned, reclaimed], [0, 0, 1]);
    },
  }),
  ...about('a permit of a bulkhead', {
    'takes a place until it is released, once': (clock) => {
      const places = bulkhead({ concurrency: 2, clock });
      const [first] = [places.tryAcquire(), places.tryAcquire()];
      assert.equal(places.tryAcquire(), undefined);
      first!.release();
      first!.release();
      assert.equal(places.inFlight, 1);
    },
    'is released when it is disposed of': (clock) => {
      const places = bulkhead({ concurrency: 1, clock });
      places.tryAcquire()![Symbol.dispose]();
      assert.equal(places.inFlight, 0);
    },
    'is waited for by acquire': async (clock) => {
      const places = bulkhead({ concurrency: 1, queue: 1, clock });
      const first = places.tryAcquire()!;
      const second = watch(places.acquire());
      first.release();
      await clock.advance(0);
      assert.deepEqual([second.state, places.inFlight], ['fulfilled', 1]);
    },
    'is refused to acquire as to a run': async (clock) => {
      const error = await errorOf(bulkhead({ concurrency: 0, clock }).acquire());
      assert(error instanceof BulkheadFullError);
    },
    'is no longer waited for after an abort': async (clock) => {
      const places = bulkhead({ concurrency: 1, queue: 1, clock });
      places.tryAcquire();
      const caller = new AbortController();
      const waiting = watch(places.acquire({ signal: caller.signal }));
      caller.abort('left');
      await clock.advance(0);
      assert.deepEqual([waiting.error, places.queued, places.inFlight], ['left', 0, 1]);
    },
  }),
];
