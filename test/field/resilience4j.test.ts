import { circuitBreaker, exponential, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  DependencyDown,
  deferred,
  fail,
  fakeTime,
  hang,
  ignoringErrors,
  type Operation,
  watch,
} from './support.ts';

/** A JVM library, so that only our half of each script can run here. */

afterEach(() => vi.useRealTimers());

const OPEN_MS = 1_000;
const HOUR = 3_600_000;
const PROBES = 2;

/** Opens at the second failure in a row and admits two probes after a second; any error but a 503 is ignored. */
function breakerWithTwoProbes() {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({
    consecutiveFailures: 2,
    openMs: OPEN_MS,
    probes: PROBES,
    probeTimeoutMs: 30_000,
    judge: ({ error }) => (error === undefined || error instanceof DependencyDown ? undefined : 'ignore'),
    clock,
  });
  return { breaker, clock };
}

describe('Resilience4j: a clock goes back one second', () => {
  async function countsOnlyTheWindow(
    breaker: ReturnType<typeof circuitBreaker>,
    advance: (ms: number) => Promise<void>,
    setBack: () => void,
  ) {
    await advance(5_000);
    for (let call = 0; call < 4; call++) await ignoringErrors(breaker.run(fail));
    setBack();
    await ignoringErrors(breaker.run(fail));
    const right = { justAfter: breaker.stats.failures };
    await advance(20_000);
    await ignoringErrors(breaker.run(fail));
    const later = { aWindowLater: breaker.stats.failures, state: breaker.state };
    for (let call = 0; call < 9; call++) await ignoringErrors(breaker.run(fail));
    return { ...right, ...later, afterTen: breaker.state };
  }

  const options = {
    window: { ms: 10_000 },
    minimumCalls: 10,
    lowTrafficFailures: Number.POSITIVE_INFINITY,
  } as const;
  const expected = { justAfter: 5, aWindowLater: 1, state: 'closed', afterTen: 'open' };

  test('the one on the wall: the window slides on as if nothing had happened', async () => {
    const { advance } = fakeTime();
    const setBack = () => void vi.setSystemTime(Date.now() - 1_000);
    expect(await countsOnlyTheWindow(circuitBreaker(options), advance, setBack)).toEqual(expected);
  });

  test('even the one that we were given as monotonic: the window is whole again once it has caught up', async () => {
    const virtual = new VirtualClock();
    let back = 0;
    const clock = {
      now: () => virtual.now() - back,
      setTimer: (ms: number, fire: () => void) => virtual.setTimer(ms, fire),
    };
    const setBack = () => {
      back = 1_000;
    };
    const breaker = circuitBreaker({ ...options, clock });
    expect(await countsOnlyTheWindow(breaker, (ms) => virtual.advance(ms), setBack)).toEqual(expected);
  });
});

describe('Resilience4j: calls that started while closed end during half-open', () => {
  async function halfOpenWithStaleCalls() {
    const { breaker, clock } = breakerWithTwoProbes();
    const old = Array.from({ length: 5 }, () => deferred());
    for (const { promise } of old) watch(breaker.run(() => promise));
    await ignoringErrors(breaker.run(fail));
    await ignoringErrors(breaker.run(fail));
    await clock.advance(OPEN_MS);
    let running = 0;
    let most = 0;
    const operation: Operation<never> = () => {
      most = Math.max(most, ++running);
      return hang();
    };
    for (let call = 0; call < PROBES; call++) watch(breaker.run(operation));
    await clock.advance(0);
    const callTenMore = async () => {
      const more = Array.from({ length: 10 }, () => watch(breaker.run(operation)));
      await clock.advance(0);
      return {
        refused: more.filter(({ status }) => status === 'rejected').length,
        most,
        state: breaker.state,
      };
    };
    return { old, clock, callTenMore };
  }

  test('ignored ones hand out no further places to probe', async () => {
    const { old, clock, callTenMore } = await halfOpenWithStaleCalls();
    for (const work of old) work.reject(new RangeError('ignored'));
    await clock.advance(0);
    expect(await callTenMore()).toEqual({ refused: 10, most: PROBES, state: 'half-open' });
  });

  test('good ones do not close the circuit', async () => {
    const { old, clock, callTenMore } = await halfOpenWithStaleCalls();
    for (const work of old) work.resolve('late');
    await clock.advance(0);
    expect(await callTenMore()).toEqual({ refused: 10, most: PROBES, state: 'half-open' });
  });
});

describe('Resilience4j: every probe hangs', () => {
  test('their places lapse, and the circuit closes over the next ones', async () => {
    const { breaker, clock } = breakerWithTwoProbes();
    await ignoringErrors(breaker.run(fail));
    await ignoringErrors(breaker.run(fail));
    await clock.advance(OPEN_MS);
    for (let call = 0; call < PROBES; call++) watch(breaker.run(hang));
    await clock.advance(HOUR);
    const next = [watch(breaker.run(() => 'fine')), watch(breaker.run(() => 'fine'))];
    await clock.advance(0);
    expect(next.map(({ status }) => status)).toEqual(['resolved', 'resolved']);
    expect(breaker.state).toBe('closed');
  });
});

describe('Resilience4j: backoff has reached its cap', () => {
  const CAP_MS = 1_000;
  const CLIENTS = 100;

  test.each(['full', 'equal'] as const)('%s jitter still spreads the clients out', async (jitter) => {
    const clock = new VirtualClock({ seed: 7 });
    const policy = retry({
      retries: 8,
      backoff: exponential({ baseMs: 100, maxMs: CAP_MS, jitter }),
      budget: false,
      clock,
      random: () => clock.random(),
    });
    const lastDelays: number[] = [];
    policy.on('retry', ({ attempt, delayMs }) => {
      if (attempt === 8) lastDelays.push(delayMs);
    });
    for (let client = 0; client < CLIENTS; client++) watch(policy.run(fail));
    await clock.advance(HOUR);
    expect(lastDelays).toHaveLength(CLIENTS);
    expect(new Set(lastDelays).size).toBe(CLIENTS);
    expect(Math.max(...lastDelays)).toBeLessThanOrEqual(CAP_MS);
    expect(Math.max(...lastDelays) - Math.min(...lastDelays)).toBeGreaterThan(CAP_MS / 3);
  });
});
