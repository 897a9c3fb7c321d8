import assert from 'node:assert/strict';
import {
  type BreakerState,
  type CircuitBreakerOptions,
  CircuitOpenError,
  circuitBreaker,
  linear,
} from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { errorOf, watch, work } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails, table } from './behaviour.ts';

const SLOW_MS = 101;

/** Runs what the letters say, one after another: `f`ailure, `s`uccess, `i`gnored, `S`low success, `F`ailure that is slow, a `.` for a second. */
async function play(options: CircuitBreakerOptions, letters: string, clock: VirtualClock) {
  const breaker = circuitBreaker({
    judge: ({ error }) => (error === 'ignored' ? 'ignore' : undefined),
    clock,
    ...options,
  });
  for (const letter of letters) {
    if (letter === '.') {
      await clock.advance(1_000);
      continue;
    }
    const permit = breaker.tryAcquire();
    if ('SF'.includes(letter)) await clock.advance(SLOW_MS);
    if ('sS'.includes(letter)) permit?.success();
    else if (letter === 'i') permit?.ignore();
    else permit?.failure(DOWN);
  }
  return breaker;
}

const LAST_4 = { window: { calls: 4 }, failureRate: 0.5 };
const SLOW = { ...LAST_4, minimumCalls: 2, slowCallMs: 100, slowRate: 0.5, failureRate: 1 };
const S93 = 's'.repeat(93);

/** Rules, results, and whether they trip it. */
const TRIPS: readonly (readonly [options: CircuitBreakerOptions, letters: string, state: BreakerState])[] = [
  [{}, '', 'closed'],
  [LAST_4, 'fff', 'closed'],
  [LAST_4, 'ffff', 'open'],
  [LAST_4, 'ffss', 'open'],
  [LAST_4, 'ssff', 'open'],
  [LAST_4, 'fsss', 'closed'],
  [LAST_4, 'fsssf', 'closed'],
  [LAST_4, 'fsssff', 'open'],
  [LAST_4, 'fiifii', 'closed'],
  [LAST_4, 'fiifiis', 'closed'],
  [LAST_4, 'fiifiiss', 'open'],
  [{ ...LAST_4, minimumCalls: 2 }, 'sf', 'open'],
  [{ ...LAST_4, minimumCalls: 1 }, 'f', 'open'],
  [{ ...LAST_4, failureRate: 1 }, 'fffs', 'closed'],
  [{ window: { calls: 100 }, minimumCalls: 100, failureRate: 0.07 }, `${S93}fffffff`, 'open'],
  [{ window: { calls: 100 }, minimumCalls: 100, failureRate: 0.07 }, `s${S93}ffffff`, 'closed'],
  [{}, 'ffff', 'closed'],
  [{}, 'fffff', 'open'],
  [{}, 'sfffff', 'closed'],
  [{ lowTrafficFailures: 2 }, 'ff', 'open'],
  [{ lowTrafficFailures: Infinity }, 'f'.repeat(19), 'closed'],
  [{ lowTrafficFailures: Infinity }, 'f'.repeat(20), 'open'],
  [{ consecutiveFailures: 3 }, 'ssssfff', 'open'],
  [{ consecutiveFailures: 3 }, 'ssssffsff', 'closed'],
  [{ consecutiveFailures: 3 }, 'ssssffif', 'open'],
  [SLOW, 'ss', 'closed'],
  [SLOW, 'sS', 'open'],
  [SLOW, 'Ss', 'open'],
  [SLOW, 'sssS', 'closed'],
  [SLOW, 'ssSS', 'open'],
  [SLOW, 'sF', 'open'],
  [{ ...SLOW, slowCallMs: SLOW_MS }, 'SS', 'closed'],
  [{ window: { ms: 10_000 }, minimumCalls: 4 }, 'ff.........ss', 'open'],
  [{ window: { ms: 10_000 }, minimumCalls: 4 }, 'ff..........ss', 'closed'],
  [{ window: { ms: 10_000 }, minimumCalls: 4 }, 'ff...............................ffs', 'closed'],
];

const OPEN_MS = 1_000;
const opened = (clock: VirtualClock, options: CircuitBreakerOptions = {}) => {
  const breaker = circuitBreaker({ openMs: OPEN_MS, clock, ...options });
  breaker.open();
  return breaker;
};
export const halfOpen = async (clock: VirtualClock, options: CircuitBreakerOptions = {}) => {
  const breaker = opened(clock, options);
  await clock.advance(OPEN_MS);
  return breaker;
};

export const circuitBreakers: Behaviour[] = [
  ...table(
    'a circuit breaker with',
    TRIPS,
    ([options, letters, state]) => `${JSON.stringify(options)} is ${state} after '${letters}'`,
    async ([options, letters, state], clock) =>
      assert.equal((await play({ openMs: 300_000, ...options }, letters, clock)).state, state),
  ),
  ...about('an open circuit', {
    'refuses, and does not invoke the operation': async (clock) => {
      let invoked = 0;
      assert((await errorOf(opened(clock).run(() => ++invoked))) instanceof CircuitOpenError);
      assert.equal(invoked, 0);
    },
    'says how long it still refuses': async (clock) => {
      const breaker = opened(clock);
      await clock.advance(400);
      assert.equal(breaker.retryAfterMs, 600);
      assert.equal(((await errorOf(breaker.run(fails))) as CircuitOpenError).retryAfterMs, 600);
    },
    'names the error that tripped it': async (clock) => {
      const breaker = circuitBreaker({ consecutiveFailures: 1, clock });
      await breaker.run(fails).catch(() => {});
      assert.equal(((await errorOf(breaker.run(fails))) as Error).cause, DOWN);
    },
    'refuses one tick before its time': async (clock) => {
      const breaker = opened(clock);
      await clock.advance(OPEN_MS - 1);
      assert.deepEqual([breaker.state, breaker.tryAcquire()], ['open', undefined]);
    },
    'is half-open at its time': async (clock) => {
      const breaker = await halfOpen(clock);
      assert.deepEqual([breaker.state, breaker.retryAfterMs], ['half-open', undefined]);
      assert.notEqual(breaker.tryAcquire(), undefined);
    },
    'sets no timer': (clock) => {
      opened(clock);
      assert.equal(clock.pendingTimers, 0);
    },
    'that is opened again starts its wait anew': async (clock) => {
      const breaker = opened(clock);
      await clock.advance(900);
      breaker.open();
      assert.equal(breaker.retryAfterMs, OPEN_MS);
    },
    'waits as long as its backoff says for the times it opened in a row': async (clock) => {
      const breaker = await halfOpen(clock, { openMs: linear({ stepMs: OPEN_MS, maxMs: 9_000 }) });
      await breaker.run(fails).catch(() => {});
      assert.deepEqual([breaker.retryAfterMs, breaker.stats.openings], [2 * OPEN_MS, 2]);
    },
    'forgets how often it opened once it stayed closed that long': async (clock) => {
      const breaker = await halfOpen(clock);
      await breaker.run(() => 1);
      assert.equal(breaker.stats.openings, 1);
      await clock.advance(OPEN_MS);
      assert.equal(breaker.stats.openings, 0);
    },
    'waits at least as long as the server said': async (clock) => {
      const judge = () => ({ verdict: 'failure', retryAfterMs: 2_500 }) as const;
      const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: OPEN_MS, judge, clock });
      await breaker.run(fails).catch(() => {});
      assert.equal(breaker.retryAfterMs, 2_500);
    },
    'waits no longer than maxOpenMs': async (clock) => {
      const judge = () => ({ verdict: 'failure', retryAfterMs: 1e9 }) as const;
      const breaker = circuitBreaker({ consecutiveFailures: 1, maxOpenMs: 7_000, judge, clock });
      await breaker.run(fails).catch(() => {});
      assert.equal(breaker.retryAfterMs, 7_000);
    },
    'ignores the late result of a call that was admitted before': async (clock) => {
      const breaker = circuitBreaker({ openMs: OPEN_MS, clock });
      const { operation, resolve } = work<number>();
      const late = watch(breaker.run(operation));
      let stale = 0;
      breaker.on('stale', () => stale++).open();
      resolve(1);
      await clock.advance(0);
      assert.deepEqual([late.value, breaker.state, breaker.stats.calls, stale], [1, 'open', 0, 1]);
    },
  }),
];
