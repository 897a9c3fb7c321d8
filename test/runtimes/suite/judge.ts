import assert from 'node:assert/strict';
import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  isRejection,
  type Judge,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { errorOf, watch } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails, hangs, looking, table } from './behaviour.ts';

/** What each policy makes of an answer: attempts of a retry, calls and failures of a breaker, whether a fallback answers. */
type Row = readonly [
  answer: string,
  judge: Judge,
  attempts: number,
  calls: number,
  failures: number,
  answered: boolean,
];

const silent: Judge = () => undefined;
const throwing: Judge = () => {
  throw new Error('a judge that throws');
};
const asynchronous = (async () => 'success') as never as Judge;

/** On an error. */
const ERRORS: readonly Row[] = [
  ['nothing', silent, 2, 1, 1, true],
  ['success', () => 'success', 1, 1, 0, true],
  ['failure', () => 'failure', 2, 1, 1, true],
  ['ignore', () => 'ignore', 1, 0, 0, false],
  ['failure, no retry', () => ({ verdict: 'failure', retry: false }), 1, 1, 1, true],
  ['failure, retry', () => ({ verdict: 'failure', retry: true }), 2, 1, 1, true],
  ['ignore, retry', () => ({ verdict: 'ignore', retry: true }), 2, 0, 0, false],
  ['success, retry', () => ({ verdict: 'success', retry: true }), 2, 1, 0, true],
  ['what is no verdict', (() => 'perhaps') as never as Judge, 1, 1, 1, true],
  ['a hint below 0', () => ({ verdict: 'failure', retryAfterMs: -1 }), 1, 1, 1, true],
  ['a promise', asynchronous, 1, 1, 1, true],
  ['by throwing', throwing, 1, 1, 1, true],
];

/** On a value. A fallback has no part in that. */
const VALUES: readonly Row[] = [
  ['nothing', silent, 1, 1, 0, false],
  ['success', () => 'success', 1, 1, 0, false],
  ['failure', () => 'failure', 2, 1, 1, false],
  ['ignore', () => 'ignore', 1, 0, 0, false],
  ['failure, no retry', () => ({ verdict: 'failure', retry: false }), 1, 1, 1, false],
  ['success, retry', () => ({ verdict: 'success', retry: true }), 2, 1, 0, false],
  ['what is no verdict', (() => 'perhaps') as never as Judge, 1, 1, 1, false],
  ['by throwing', throwing, 1, 1, 1, false],
];

type Ending = readonly [name: string, rows: readonly Row[], end: () => unknown];
const ENDINGS: readonly Ending[] = [
  ['an error', ERRORS, fails],
  ['a value', VALUES, () => 'value'],
];

const POLICIES: Readonly<Record<string, (row: Row, end: () => unknown, clock: VirtualClock) => unknown>> = {
  retry: async ([, judge, attempts], end, clock) => {
    let invoked = 0;
    const policy = retry({ retries: 1, backoff: constant(0), judge, clock }).on('listener-error', () => {});
    const run = watch(policy.run(looking(() => invoked++, end)));
    await clock.runAll();
    assert.equal(invoked, attempts);
    assert.equal(run.error ?? run.value, end === fails ? DOWN : 'value');
  },
  'a circuit breaker': async ([, judge, , calls, failures], end, clock) => {
    const policy = circuitBreaker({ judge, clock }).on('listener-error', () => {});
    await policy.run(end).catch(() => {});
    assert.deepEqual([policy.stats.calls, policy.stats.failures], [calls, failures]);
  },
  'a fallback': async ([, judge, , , , answered], end) => {
    const policy = fallback('instead', { judge }).on('listener-error', () => {});
    const result = await policy.run(end).catch((error) => error);
    assert.equal(result, answered ? 'instead' : end === fails ? DOWN : 'value');
  },
};

const verdicts = Object.entries(POLICIES).flatMap(([policy, run]) =>
  ENDINGS.flatMap(([what, rows, end]) =>
    table(
      `the judge of ${policy}, on ${what},`,
      rows,
      ([answer]) => `answers ${answer}`,
      (row, clock) => run(row, end, clock),
    ),
  ),
);

/** What the default judge makes of an error: attempts of a retry with one left, failures of a breaker. */
const DEFAULTS: readonly (readonly [what: string, error: unknown, attempts: number, failures: number])[] = [
  ['an error', DOWN, 2, 1],
  ['a string', 'down', 2, 1],
  ['undefined', undefined, 2, 1],
  ['null', null, 2, 1],
  ['a RangeError', new RangeError('far'), 2, 1],
  ['a DOMException named AbortError', new DOMException('x', 'AbortError'), 2, 1],
  ['a TypeError', new TypeError('x is not a function'), 1, 0],
  ['a TypeError of a failed fetch', new TypeError('fetch failed'), 2, 1],
  [
    'an AbortError of p-retry',
    Object.assign(new Error('x'), { name: 'AbortError', originalError: DOWN }),
    1,
    1,
  ],
];

type Asked = Judge | undefined;

/** Who is asked first. Each judge that speaks says that nothing is tried again. */
const ORDER: readonly (readonly [
  what: string,
  ...judges: [policy?: Asked, run?: Asked, pipeline?: Asked],
])[] = [
  ['the policy before the run', () => 'ignore', throwing, throwing],
  ['the run, where the policy has nothing to say', silent, () => 'ignore', throwing],
  ['the run, where the policy has no judge', undefined, () => 'ignore', throwing],
  ['the pipeline, where neither says anything', silent, silent, () => 'ignore'],
  ['the pipeline, where neither has one', undefined, undefined, () => 'ignore'],
];

export const judge: Behaviour[] = [
  ...verdicts,
  ...table(
    'the default judge of',
    DEFAULTS,
    ([what]) => what,
    async ([, error, attempts, failures], clock) => {
      let invoked = 0;
      const end = () => {
        invoked++;
        throw error;
      };
      const tries = watch(retry({ retries: 1, backoff: constant(0), clock }).run(end));
      await clock.runAll();
      assert.equal(tries.state, 'rejected');
      assert.equal(invoked, attempts);
      const breaker = circuitBreaker({ clock });
      await breaker.run(end).catch(() => {});
      assert.equal(breaker.stats.failures, failures);
    },
  ),
  ...table(
    'of several judges is asked',
    ORDER,
    ([what]) => what,
    async ([, own, ofRun, ofPipeline], clock) => {
      let faults = 0;
      const tries = retry({ judge: own, backoff: constant(0), clock });
      const p = pipeline({ name: 'p', judge: ofPipeline, clock }, tries).on('listener-error', () => faults++);
      let invoked = 0;
      const error = await errorOf(
        p.run(
          looking(() => invoked++, fails),
          { judge: ofRun },
        ),
      );
      assert.deepEqual([error, invoked, faults], [DOWN, 1, 0]);
    },
  ),
  ...about('a judge', {
    'is given outcome and call': async (clock) => {
      const seen: unknown[] = [];
      const told: Judge = (outcome, { attempt, pipeline: name, context }) =>
        void seen.push([outcome.ok, outcome.value, attempt, name, context]);
      await pipeline({ name: 'p', clock, judge: told }, retry()).run(() => 5, { context: 'mine' });
      assert.deepEqual(seen, [[true, 5, 1, 'p', 'mine']]);
    },
    'is not asked about the abort of the caller': async (clock) => {
      const caller = new AbortController();
      let asked = 0;
      const run = watch(retry({ clock, judge: () => void asked++ }).run(hangs, { signal: caller.signal }));
      caller.abort('left');
      await clock.advance(0);
      assert.deepEqual([run.error, asked], ['left', 0]);
    },
    'of a nested pipeline speaks for its own policies only': async (clock) => {
      const outer = circuitBreaker({ name: 'outer', clock });
      const inner = circuitBreaker({ name: 'inner', clock });
      const nested = pipeline({ name: 'nested', judge: () => 'ignore', clock }, inner);
      await pipeline('p', outer, nested)
        .run(fails)
        .catch(() => {});
      assert.deepEqual([outer.stats.failures, inner.stats.failures], [1, 0]);
    },
    'hears of a refusal of its own run, which is not tried again': async (clock) => {
      const full = bulkhead({ concurrency: 0, clock });
      const refusals: boolean[] = [];
      const tries = retry({ clock, judge: ({ error }) => void refusals.push(isRejection(error)) });
      assert(isRejection(await errorOf(pipeline('p', tries, full).run(() => 1))));
      assert.deepEqual(refusals, [true]);
    },
    'finds a refusal of another run inside the operation an ordinary error': async (clock) => {
      const full = bulkhead({ concurrency: 0, clock });
      let invoked = 0;
      const refused = looking(
        () => invoked++,
        () => full.run(() => 1),
      );
      const run = watch(retry({ retries: 1, backoff: constant(0), clock }).run(refused));
      await clock.runAll();
      assert.deepEqual([isRejection(run.error), invoked], [true, 2]);
    },
    'that passes has a time-out of an attempt tried again': async (clock) => {
      let invoked = 0;
      const tries = retry({ retries: 1, backoff: constant(0), clock });
      const run = watch(
        pipeline('p', tries, timeout({ ms: 10, clock })).run(() => (++invoked > 1 ? 'late' : hangs())),
      );
      await clock.advance(10);
      assert.deepEqual([run.value, invoked], ['late', 2]);
    },
  }),
];
