import assert from 'node:assert/strict';
import { circuitBreaker, fallback, pipeline, TimeoutError, timeout } from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { watch, work } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails, hangs, looking, table } from './behaviour.ts';

const MODES = ['race', 'cooperate'] as const;

/** Work that ends after so long, or earlier when it is told to stop. */
const takes =
  (clock: VirtualClock, ms: number, value: unknown = 'done') =>
  (): Promise<unknown> =>
    new Promise((resolve) => void clock.setTimer(ms, () => resolve(value)));

/** Heeds its signal. */
const heeds = ({ signal }: { signal: AbortSignal }): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** What the fallback makes of an error. */
type Told = readonly [what: string, answer: unknown, expected: unknown];
const ANSWERS: readonly Told[] = [
  ['a value', 'plan b', 'plan b'],
  ['undefined', undefined, undefined],
  ['null', null, null],
  ['what a function makes of the error', (error: Error) => error.message, 'down'],
  ['what a promise of a function comes to', async () => 'later', 'later'],
];

export const timeouts: Behaviour[] = [
  ...MODES.flatMap((mode) =>
    about(`a timeout in mode ${mode}`, {
      'lets through what ends in time': async (clock) => {
        const run = watch(timeout({ ms: 100, mode, clock }).run(takes(clock, 99)));
        await clock.advance(99);
        assert.deepEqual([run.value, clock.pendingTimers], ['done', 0]);
      },
      'lets through an error': async (clock) => {
        const run = watch(timeout({ ms: 100, mode, clock }).run(fails));
        await clock.advance(0);
        assert.equal(run.error, DOWN);
      },
      'aborts the signal at its time with the error, not before': async (clock) => {
        const signals: AbortSignal[] = [];
        const operation = looking(({ signal }) => signals.push(signal), heeds);
        void watch(timeout({ ms: 100, mode, clock }).run(operation));
        await clock.advance(99);
        assert.equal(signals[0]?.aborted, false);
        await clock.advance(1);
        assert(signals[0].reason instanceof TimeoutError);
      },
      'never aborts the signal of a call that succeeded': async (clock) => {
        const { signal } = await timeout({ ms: 100, mode, clock }).run((call) => ({ signal: call.signal }));
        await clock.advance(1_000);
        assert.equal(signal.aborted, false);
      },
      'rejects with the error of its own where the operation heeds the signal': async (clock) => {
        const run = watch(timeout({ ms: 100, mode, clock }).run(heeds));
        await clock.advance(100);
        assert(run.error instanceof TimeoutError);
        assert.equal(run.error.ms, 100);
      },
      'tells once that it gave up': async (clock) => {
        const told: unknown[] = [];
        const policy = timeout({ ms: 100, mode, clock }).on('timeout', (event) => told.push(event));
        void watch(policy.run(heeds));
        await clock.advance(500);
        assert.deepEqual(told, [{ policy: 'timeout', pipeline: undefined, ms: 100 }]);
      },
      'is not what ends a call whose caller aborts': async (clock) => {
        const caller = new AbortController();
        let told = 0;
        const policy = timeout({ ms: 100, mode, clock }).on('timeout', () => told++);
        const run = watch(policy.run(hangs, { signal: caller.signal }));
        caller.abort('left');
        await clock.advance(500);
        assert.deepEqual([run.error, told], ['left', 0]);
      },
      'is none where ms is Infinity': async (clock) => {
        const run = watch(timeout({ ms: Infinity, mode, clock }).run(hangs));
        await clock.advance(1e10);
        assert.deepEqual([run.state, clock.pendingTimers], ['pending', 0]);
      },
      'waits longer than a timer can': async (clock) => {
        const run = watch(timeout({ ms: 2 ** 32, mode, clock }).run(heeds));
        await clock.advance(2 ** 32 - 1);
        assert.equal(run.state, 'pending');
        await clock.advance(1);
        assert.equal(run.state, 'rejected');
      },
    }),
  ),
  ...about('a timeout in mode race', {
    'rejects at its time though the operation does not listen': async (clock) => {
      const run = watch(timeout({ ms: 100, clock }).run(hangs));
      await clock.advance(99);
      assert.equal(run.state, 'pending');
      await clock.advance(1);
      assert(run.error instanceof TimeoutError);
    },
    'does not change its mind when the work ends late': async (clock) => {
      const run = watch(timeout({ ms: 100, clock }).run(takes(clock, 150)));
      await clock.advance(200);
      assert.equal(run.state, 'rejected');
    },
    'is heard by a breaker outside at its time': async (clock) => {
      const breaker = circuitBreaker({ clock });
      void watch(pipeline('p', breaker, timeout({ ms: 100, clock })).run(hangs));
      await clock.advance(100);
      assert.deepEqual([breaker.stats.calls, breaker.stats.failures], [1, 1]);
    },
    'is heard by a breaker inside at its time': async (clock) => {
      const breaker = circuitBreaker({ clock });
      void watch(pipeline('p', timeout({ ms: 100, clock }), breaker).run(hangs));
      await clock.advance(100);
      assert.deepEqual([breaker.stats.calls, breaker.stats.failures], [1, 1]);
    },
    'shares one timer among its calls': (clock) => {
      const policy = timeout({ ms: 100, clock });
      for (const _ of '1234567') void watch(policy.run(hangs));
      assert.equal(clock.pendingTimers, 1);
    },
  }),
  ...about('a timeout in mode cooperate', {
    'waits for the operation': async (clock) => {
      const run = watch(timeout({ ms: 100, mode: 'cooperate', clock }).run(takes(clock, 150)));
      await clock.advance(149);
      assert.equal(run.state, 'pending');
    },
    'lets a late value stand': async (clock) => {
      const run = watch(timeout({ ms: 100, mode: 'cooperate', clock }).run(takes(clock, 150)));
      await clock.advance(150);
      assert.equal(run.value, 'done');
    },
    'throws its own error for a late one, which is the cause': async (clock) => {
      const { operation, reject } = work();
      const run = watch(timeout({ ms: 100, mode: 'cooperate', clock }).run(operation));
      await clock.advance(100);
      reject(DOWN);
      await clock.advance(0);
      assert(run.error instanceof TimeoutError);
      assert.equal(run.error.cause, DOWN);
    },
  }),
  ...about('a deadline of a run', {
    'ends the whole run, and is called deadline': async (clock) => {
      const run = watch(pipeline('p', circuitBreaker({ clock })).run(hangs, { timeoutMs: 80 }));
      await clock.advance(80);
      assert(run.error instanceof TimeoutError);
      assert.deepEqual([run.error.policy, run.error.ms, run.error.pipeline], ['deadline', 80, 'p']);
    },
    'is told by the pipeline': async (clock) => {
      const told: unknown[] = [];
      const p = pipeline({ name: 'p', clock }).on('timeout', (event) => told.push(event));
      void watch(p.run(hangs, { timeoutMs: 80 }));
      await clock.advance(80);
      assert.deepEqual(told, [{ policy: 'deadline', pipeline: 'p', ms: 80 }]);
    },
    'leaves no timer after a run that ended': async (clock) => {
      await pipeline({ name: 'p', clock }).run(() => 1, { timeoutMs: 80 });
      assert.equal(clock.pendingTimers, 0);
    },
    'is shown to the operation, the nearest of several': async (clock) => {
      const p = pipeline({ name: 'p', clock }, timeout({ ms: 100 }), timeout({ ms: 60 }));
      assert.equal(await p.run(({ remainingMs }) => remainingMs, { timeoutMs: 80 }), 60);
    },
  }),
  ...table(
    'a fallback answers with',
    ANSWERS,
    ([what]) => what,
    async ([, answer, expected]) => assert.equal(await fallback(answer).run(fails), expected),
  ),
  ...about('a fallback', {
    'leaves a value alone': async () => assert.equal(await fallback('plan b').run(() => 'plan a'), 'plan a'),
    'answers a refusal': async (clock) => {
      const breaker = circuitBreaker({ clock });
      breaker.open();
      assert.equal(await pipeline('p', fallback('plan b'), breaker).run(() => 1), 'plan b');
    },
    'does not answer the abort of the caller': async (clock) => {
      const caller = new AbortController();
      const run = watch(fallback('plan b').run(hangs, { signal: caller.signal }));
      caller.abort('left');
      await clock.advance(0);
      assert.equal(run.error, 'left');
    },
    'that fails throws its own error, with the first as the cause': async () => {
      const second = new Error('worse');
      const policy = fallback(() => Promise.reject(second));
      await assert.rejects(policy.run(fails), (error) => error === second && second.cause === DOWN);
    },
    'tells that it answers': async () => {
      const told: unknown[] = [];
      const policy = fallback('plan b').on('fallback', ({ error, policy: name }) => told.push([error, name]));
      await policy.run(fails);
      assert.deepEqual(told, [[DOWN, 'fallback']]);
    },
    'does not hide the failure from a breaker outside': async (clock) => {
      const breaker = circuitBreaker({ clock });
      assert.equal(await pipeline('p', breaker, fallback('plan b')).run(fails), 'plan b');
      assert.equal(breaker.stats.failures, 1);
    },
    'is given the call': async () =>
      assert.equal(await fallback((_, { context }) => context).run(fails, { context: 'mine' }), 'mine'),
  }),
];
