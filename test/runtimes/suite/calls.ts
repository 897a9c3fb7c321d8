import assert from 'node:assert/strict';
import {
  bulkhead,
  type Call,
  circuitBreaker,
  constant,
  fallback,
  type Layer,
  type Policy,
  pipeline,
  Rejection,
  retry,
  timeout,
} from 'holdfast';
import { countedSignal } from '../../support/counted-signal.ts';
import { errorOf, inAWord, spyGate, watch, work } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails, hangs, looking, script, table } from './behaviour.ts';

/** Every policy, for what must hold whichever stands there. */
const POLICIES: Readonly<Record<string, () => Policy>> = {
  'a retry': () => retry({ backoff: constant(10) }),
  'a circuit breaker': () => circuitBreaker(),
  'a bulkhead': () => bulkhead(),
  'a timeout': () => timeout({ ms: 1_000 }),
  'a cooperating timeout': () => timeout({ ms: 1_000, mode: 'cooperate' }),
  'a fallback': () => fallback('plan b'),
  'a gate of a user': () => spyGate(),
  'a nested pipeline': () => pipeline('inner', retry()),
};

/** How an operation ends, and what a gate around learns. */
const LEARNED: readonly (readonly [what: string, operation: () => unknown, word: string])[] = [
  ['returns', () => 5, 'ok 5'],
  ['returns a promise', async () => 6, 'ok 6'],
  ['rejects', fails, 'Error'],
  ['throws a string', () => Promise.reject('down'), 'down'],
];

const passing: Layer = { around: (next) => next };
const skipping: Layer = { around: () => async () => 'cached' as never };

export const calls: Behaviour[] = [
  ...Object.entries(POLICIES).flatMap(([what, make]) =>
    about(`around ${what}`, {
      'an abort before the start invokes nothing, and gives its reason': async (clock) => {
        let invoked = 0;
        const p = pipeline({ name: 'p', clock }, make());
        const error = await errorOf(p.run(() => ++invoked, { signal: AbortSignal.abort('left') }));
        assert.deepEqual([error, invoked], ['left', 0]);
      },
      'an abort while the operation runs settles at once with its reason': async (clock) => {
        const caller = new AbortController();
        const reason = { why: 'left' };
        const run = watch(pipeline({ name: 'p', clock }, make()).run(hangs, { signal: caller.signal }));
        await clock.advance(5);
        caller.abort(reason);
        await clock.advance(0);
        assert.equal(run.error, reason);
        assert.equal(clock.pendingTimers, 0);
      },
      'one listener stands on the signal of the caller, and none afterwards': async (clock) => {
        const counted = countedSignal();
        const { operation, resolve } = work();
        const run = watch(pipeline({ name: 'p', clock }, make()).run(operation, { signal: counted.signal }));
        assert.equal(counted.standing, 1);
        resolve('done');
        await clock.advance(0);
        assert.deepEqual([run.value, counted.standing, counted.most], ['done', 0, 1]);
      },
      'a success leaves no timer': async (clock) => {
        assert.equal(await pipeline({ name: 'p', clock }, make()).run(() => 1, { timeoutMs: 500 }), 1);
        assert.equal(clock.pendingTimers, 0);
      },
    }),
  ),
  ...about('a call', {
    'knows its pipeline, its context and its attempt': async () => {
      const shown = (call: Call) => [call.pipeline, call.context, call.attempt, call.remainingMs];
      assert.deepEqual(await pipeline('p').run(shown, { context: 'mine' }), ['p', 'mine', 1, Infinity]);
    },
    'has one signal': async () => {
      const [first, second] = await retry().run((call) => [call.signal, call.signal]);
      assert.equal(first, second);
    },
    'has a signal of its own for each attempt within a timeout': async (clock) => {
      const signals = new Set<AbortSignal>();
      const p = pipeline(
        { name: 'p', clock },
        retry({ retries: 1, backoff: constant(0) }),
        timeout({ ms: 9 }),
      );
      await errorOf(p.run(looking(({ signal }) => signals.add(signal), fails)));
      assert.equal(signals.size, 2);
    },
    'is shown its abort, with the reason': async (clock) => {
      const caller = new AbortController();
      const signals: AbortSignal[] = [];
      const operation = looking(({ signal }) => signals.push(signal), hangs);
      void watch(retry({ clock }).run(operation, { signal: caller.signal }));
      caller.abort('left');
      await clock.advance(0);
      assert.deepEqual([signals[0]?.aborted, signals[0]?.reason], [true, 'left']);
    },
    'that reads its signal only after the abort finds it aborted': async (clock) => {
      const caller = new AbortController();
      const seen: Call[] = [];
      const operation = looking((call) => seen.push(call), hangs);
      void watch(retry({ clock }).run(operation, { signal: caller.signal }));
      caller.abort('left');
      await clock.advance(0);
      assert.equal(seen[0]?.signal.reason, 'left');
    },
    'says how long it still has': async (clock) => {
      const run = watch(
        retry({ clock }).run(
          async (call) => {
            await new Promise<void>((resolve) => void clock.setTimer(30, resolve));
            return call.remainingMs;
          },
          { timeoutMs: 100 },
        ),
      );
      await clock.advance(30);
      assert.equal(run.value, 70);
    },
    'can be logged': async () => {
      const json = await pipeline('p').run((call) => JSON.stringify(call), {
        context: 1,
        timeoutMs: Infinity,
      });
      assert.equal(json, '{"attempt":1,"remainingMs":null,"pipeline":"p","context":1}');
    },
  }),
  ...table(
    'a gate of a user learns how an operation ended that',
    LEARNED,
    ([what]) => what,
    async ([, operation, word]) => {
      const gate = spyGate();
      await pipeline('p', gate)
        .run(operation)
        .catch(() => {});
      assert.deepEqual([gate.learned.map(inAWord), gate.log], [[word], ['enter', 'leave', 'release']]);
    },
  ),
  ...about('a gate of a user', {
    'learns nothing where a gate further in refuses': async () => {
      const gate = spyGate();
      await errorOf(pipeline('p', gate, bulkhead({ concurrency: 0 })).run(() => 1));
      assert.deepEqual(gate.learned, ['unused']);
    },
    'learns nothing where a layer further in answers': async () => {
      const gate = spyGate();
      assert.equal(await pipeline('p', gate, skipping).run(() => 1), 'cached');
      assert.deepEqual(gate.learned, ['unused']);
    },
    'learns the real outcome, not the value of a fallback': async () => {
      const gate = spyGate();
      await pipeline('p', gate, fallback('plan b')).run(fails);
      assert.deepEqual(gate.learned.map(inAWord), ['Error']);
    },
    'may let the caller wait': async () => {
      const gate = spyGate({ answer: async (ticket) => ticket });
      assert.equal(await pipeline('p', gate).run(() => 5), 5);
    },
    'may refuse, and the refusal names policy and pipeline': async () => {
      const gate = spyGate({ name: 'stock', answer: () => new Rejection('none left', { retryAfterMs: 5 }) });
      const error = (await errorOf(pipeline('p', gate).run(() => 1))) as Rejection;
      assert.deepEqual(
        [error.policy, error.pipeline, error.retryAfterMs, error.code],
        ['stock', 'p', 5, 'HOLDFAST_REJECTED'],
      );
      assert.deepEqual(gate.log, ['stock enter']);
    },
    'that throws from enter loses nothing of those before it': async () => {
      const first = spyGate();
      const bad = spyGate({
        answer: () => {
          throw DOWN;
        },
      });
      assert.equal(await errorOf(pipeline('p', first, bad).run(() => 1)), DOWN);
      assert.deepEqual([first.log, first.learned], [['enter', 'leave', 'release'], ['unused']]);
    },
    'is entered for each attempt': async (clock) => {
      const gate = spyGate();
      await pipeline({ name: 'p', clock }, retry({ backoff: constant(0) }), gate).run(script('ffs').run);
      assert.deepEqual(gate.learned.map(inAWord), ['Error', 'Error', 'ok 3']);
    },
  }),
  ...about('a layer of a user', {
    'may pass the call on': async () => assert.equal(await pipeline('p', passing).run(() => 5), 5),
    'may run it twice': async () => {
      let invoked = 0;
      const twice: Layer = {
        around: (next) => async (operation, call) => {
          await next(operation, call);
          return next(operation, call);
        },
      };
      await pipeline('p', twice).run(() => ++invoked);
      assert.equal(invoked, 2);
    },
    'that throws makes a rejection': async () => {
      const throwing: Layer = {
        around: () => () => {
          throw DOWN;
        },
      };
      assert.equal(await errorOf(pipeline('p', throwing).run(() => 1)), DOWN);
    },
    'must pass on the call it was given': async () => {
      const losing: Layer = { around: (next) => (operation) => next(operation, {} as never) };
      assert.match(
        String(await errorOf(pipeline('p', losing).run(() => 1))),
        /call must be the call that the layer was given/,
      );
    },
  }),
];
