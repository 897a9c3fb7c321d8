import assert from 'node:assert/strict';
import {
  bulkhead,
  circuitBreaker,
  constant,
  isRejection,
  linear,
  pipeline,
  type RetryOptions,
  retry,
  timeout,
} from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { watch } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails, hangs, looking, script, table } from './behaviour.ts';

/** Retries, what the dependency does, and after how many invocations it ends, well or badly. */
const COUNTS: readonly (readonly [retries: number, letters: string, invoked: number, ok: boolean])[] = [
  [0, 's', 1, true],
  [0, 'fs', 1, false],
  [1, 's', 1, true],
  [1, 'fs', 2, true],
  [1, 'ffs', 2, false],
  [2, 'ffs', 3, true],
  [2, 'fffs', 3, false],
  [5, 'ffffs', 5, true],
  [5, 'ffffff', 6, false],
];

export const tries = (clock: VirtualClock, options: RetryOptions = {}) =>
  retry({ retries: 3, backoff: constant(100), clock, ...options });

/** Hints of a server, with a backoff of 100 ms and chance 0.5, and the delay; undefined if the retrying ends. */
const HINTS: readonly (readonly [hintMs: number, delayMs: number | undefined, options?: RetryOptions])[] = [
  [0, 100],
  [50, 100],
  [200, 210],
  [5_000, 5_050],
  [60_000, 60_050],
  [60_001, undefined],
  [5_000, undefined, { maxRetryAfterMs: 4_999 }],
  [5_000, 5_050, { maxRetryAfterMs: 5_000 }],
  [1e7, 1e7 + 50, { maxRetryAfterMs: Infinity }],
];

/** Backoffs that give no delay. */
const NO_DELAYS = [Number.NaN, -1, Infinity, 2 ** 31, undefined, '5', null];

export const retries: Behaviour[] = [
  ...table(
    'a retry',
    COUNTS,
    ([max, letters, invoked, ok]) =>
      `with ${max} retries on '${letters}' ends ${ok ? 'well' : 'badly'} after ${invoked}`,
    async ([max, letters, invoked, ok], clock) => {
      const dependency = script(letters);
      const run = watch(tries(clock, { retries: max }).run(dependency.run));
      await clock.runAll();
      assert.equal(dependency.invoked, invoked);
      assert.equal(ok ? run.value : run.error, ok ? invoked : DOWN);
    },
  ),
  ...table(
    'a retry after a hint',
    HINTS,
    ([hintMs, delayMs, options]) =>
      `of ${hintMs} ms ${JSON.stringify(options ?? {})} waits ${delayMs ?? 'for nothing'}`,
    async ([hintMs, delayMs, options], clock) => {
      const delays: unknown[] = [];
      const judge = () => ({ verdict: 'failure', retryAfterMs: hintMs }) as const;
      const policy = tries(clock, { retries: 1, judge, random: () => 0.5, ...options });
      policy.on('retry', ({ delayMs: ms }) => delays.push(ms));
      policy.on('exhausted', ({ reason }) => reason === 'hint' && delays.push(undefined));
      void watch(policy.run(fails));
      await clock.runAll();
      assert.deepEqual(delays, [delayMs]);
    },
  ),
  ...table(
    'a retry ends, and tells, where the backoff gives',
    NO_DELAYS,
    (delay) => String(delay),
    async (delay, clock) => {
      const told: unknown[] = [];
      const policy = tries(clock, { backoff: () => delay as number });
      policy.on('listener-error', ({ error }) => told.push(error instanceof Error));
      policy.on('exhausted', ({ reason }) => told.push(reason));
      const run = watch(policy.run(fails));
      await clock.runAll();
      assert.deepEqual([run.error, told], [DOWN, [true, 'backoff']]);
    },
  ),
  ...about('a retry', {
    'makes the first attempt at once, and the next after the delay': async (clock) => {
      const at: number[] = [];
      void watch(
        tries(clock, { backoff: linear({ stepMs: 10, maxMs: 99 }) }).run(
          looking(() => at.push(clock.now()), fails),
        ),
      );
      await clock.runAll();
      assert.deepEqual(at, [0, 10, 30, 60]);
    },
    'numbers the attempts': async (clock) => {
      const numbers: number[] = [];
      void watch(tries(clock).run(looking(({ attempt }) => numbers.push(attempt), fails)));
      await clock.runAll();
      assert.deepEqual(numbers, [1, 2, 3, 4]);
    },
    'starts no attempt while another runs': async (clock) => {
      let running = 0;
      let most = 0;
      const operation = () =>
        new Promise((_, reject) => {
          most = Math.max(most, ++running);
          clock.setTimer(50, () => {
            running--;
            reject(DOWN);
          });
        });
      void watch(tries(clock).run(operation));
      await clock.runAll();
      assert.equal(most, 1);
    },
    'tells of each retry, and of the end': async (clock) => {
      const told: unknown[] = [];
      const policy = tries(clock, { retries: 2 });
      policy.on('retry', ({ attempt, delayMs, outcome }) => told.push([attempt, delayMs, outcome.error]));
      policy.on('exhausted', ({ attempt, reason }) => told.push([attempt, reason]));
      void watch(policy.run(fails));
      await clock.runAll();
      assert.deepEqual(told, [
        [1, 100, DOWN],
        [2, 100, DOWN],
        [3, 'retries'],
      ]);
    },
    'throws what was thrown last, as it is': async (clock) => {
      const run = watch(tries(clock).run(({ attempt }) => Promise.reject({ attempt })));
      await clock.runAll();
      assert.deepEqual(run.error, { attempt: 4 });
    },
    'gives the last value, where a value counts as a failure': async (clock) => {
      const run = watch(tries(clock, { judge: () => 'failure' }).run(({ attempt }) => `answer ${attempt}`));
      await clock.runAll();
      assert.equal(run.value, 'answer 4');
    },
    'gives up its sleep at once when the caller aborts': async (clock) => {
      const caller = new AbortController();
      const dependency = script('f');
      const run = watch(tries(clock).run(dependency.run, { signal: caller.signal }));
      await clock.advance(50);
      caller.abort('left');
      await clock.advance(0);
      assert.deepEqual([run.error, clock.pendingTimers, dependency.invoked], ['left', 0, 1]);
    },
    'does not begin a sleep that would reach the deadline': async (clock) => {
      const reasons: string[] = [];
      const policy = tries(clock).on('exhausted', ({ reason }) => reasons.push(reason));
      const run = watch(policy.run(fails, { timeoutMs: 250 }));
      await clock.advance(200);
      assert.deepEqual([run.error, reasons, clock.now()], [DOWN, ['deadline'], 200]);
    },
    'does not sleep up to the very deadline': async (clock) => {
      const run = watch(tries(clock).run(fails, { timeoutMs: 100 }));
      await clock.advance(0);
      assert.equal(run.error, DOWN);
    },
    'keeps one timer while it sleeps, and none afterwards': async (clock) => {
      const dependency = script('fs');
      void watch(tries(clock).run(dependency.run));
      await clock.advance(0);
      assert.equal(clock.pendingTimers, 1);
      await clock.advance(100);
      assert.equal(clock.pendingTimers, 0);
    },
    'does not try a refusal again': async (clock) => {
      const places = bulkhead({ concurrency: 0, clock });
      const run = watch(pipeline('p', tries(clock), places).run(fails));
      await clock.advance(0);
      assert(isRejection(run.error));
    },
    'throws the error before a refusal, where something ran': async (clock) => {
      const breaker = circuitBreaker({ consecutiveFailures: 1, clock });
      const run = watch(pipeline('p', tries(clock), breaker).run(fails));
      await clock.runAll();
      assert.deepEqual([run.error, breaker.state], [DOWN, 'open']);
    },
    'tries an attempt again that timed out': async (clock) => {
      const dependency = { invoked: 0 };
      const run = watch(
        pipeline('p', tries(clock), timeout({ ms: 50, clock })).run(() =>
          ++dependency.invoked < 2 ? hangs() : 'ok',
        ),
      );
      await clock.advance(150);
      assert.deepEqual([run.value, dependency.invoked], ['ok', 2]);
    },
    'gives what p-retry aborted for': async (clock) => {
      const abort = Object.assign(new Error('stop'), { name: 'AbortError', originalError: DOWN });
      const run = watch(tries(clock).run(() => Promise.reject(abort)));
      await clock.runAll();
      assert.equal(run.error, DOWN);
    },
    'draws its jitter from the random it was given': async (clock) => {
      const delays: number[] = [];
      const policy = tries(clock, {
        retries: 1,
        random: () => 0.25,
        backoff: constant(100, { jitter: 'full' }),
      });
      policy.on('retry', ({ delayMs }) => delays.push(delayMs));
      void watch(policy.run(fails));
      await clock.runAll();
      assert.deepEqual(delays, [25]);
    },
  }),
];
