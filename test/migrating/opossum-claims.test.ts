/**
 * What docs/migrating-from-opossum.md says of opossum's behaviour beside ours, where neither its own blocks, nor the
 * steps, nor test/field have shown it.
 */

import * as ours from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import CircuitBreaker, { type Options } from 'opossum';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { fail, hang, ignoringErrors, watch } from '../field/support.ts';

let clock: VirtualClock;
beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  clock = new VirtualClock();
});
afterEach(() => vi.useRealTimers());

const pass = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  await clock.advance(ms);
};
const OPEN_MS = 1_000;

function opossum(options: Options) {
  const breaker = new CircuitBreaker((operation: () => unknown) => operation(), {
    timeout: false,
    resetTimeout: OPEN_MS,
    ...options,
  });
  onTestFinished(() => breaker.shutdown());
  return breaker;
}
const fine = async () => 'fine';

describe('the rate', () => {
  const ourBreaker = () =>
    ours.circuitBreaker({ minimumCalls: 5, lowTrafficFailures: Infinity, openMs: OPEN_MS, clock });

  test('has to exceed their threshold, and to reach ours', async () => {
    const breaker = opossum({ volumeThreshold: 5, errorThresholdPercentage: 50 });
    const own = ourBreaker();
    for (const operation of [fine, fine, fine, fail, fail, fail]) {
      await ignoringErrors(breaker.fire(operation));
      await ignoringErrors(own.run(operation));
    }
    expect({ opened: breaker.opened, state: own.state }).toEqual({ opened: false, state: 'open' });
  });

  test('is theirs of the calls that have begun: those in flight keep the circuit closed', async () => {
    const breaker = opossum({ volumeThreshold: 5 });
    const own = ourBreaker();
    for (let call = 0; call < 10; call++) {
      watch(breaker.fire(hang));
      watch(own.run(hang));
    }
    for (let call = 0; call < 5; call++) {
      await ignoringErrors(breaker.fire(fail));
      await ignoringErrors(own.run(fail));
    }
    expect({ opened: breaker.opened, state: own.state }).toEqual({ opened: false, state: 'open' });
  });

  test('counts what an open circuit of theirs rejected as begun', async () => {
    const breaker = opossum({});
    await ignoringErrors(breaker.fire(fail));
    for (let call = 0; call < 4; call++) await ignoringErrors(breaker.fire(fine));
    expect(breaker.stats).toMatchObject({ fires: 5, failures: 1, rejects: 4 });
  });

  test('is kept by theirs when the circuit closes: one more failure opens it again', async () => {
    const breaker = opossum({ volumeThreshold: 5 });
    const own = ourBreaker();
    for (let call = 0; call < 5; call++) {
      await ignoringErrors(breaker.fire(fail));
      await ignoringErrors(own.run(fail));
    }
    await pass(OPEN_MS);
    await breaker.fire(fine);
    await own.run(fine);
    expect([breaker.closed, own.state]).toEqual([true, 'closed']);
    await ignoringErrors(breaker.fire(fail));
    await ignoringErrors(own.run(fail));
    expect([breaker.opened, own.state]).toEqual([true, 'closed']);
  });
});

test('a TypeError: theirs counts and answers it, ours neither', async () => {
  const bug = async () => {
    throw new TypeError('undefined is not a function');
  };
  const breaker = opossum({});
  breaker.fallback(() => 'stale');
  expect(await breaker.fire(bug)).toBe('stale');
  expect(breaker.stats.failures).toBe(1);
  const own = ours.circuitBreaker({ clock });
  const run = ours.pipeline('bug', ours.fallback('stale'), own).run(bug);
  await expect(run).rejects.toThrow(TypeError);
  expect(own.stats.calls).toBe(0);
});

test('nobody calls: theirs becomes half-open by a timer, ours is found so, and says it with the next call', async () => {
  const heard: string[] = [];
  const breaker = opossum({});
  breaker.on('halfOpen', () => heard.push('theirs'));
  const own = ours.circuitBreaker({ openMs: OPEN_MS, clock });
  own.on('state', ({ to }) => to === 'half-open' && heard.push('ours'));
  breaker.open();
  own.open();
  await pass(OPEN_MS);
  expect([breaker.halfOpen, own.state, ...heard]).toEqual([true, 'half-open', 'theirs']);
  await own.run(fine);
  expect(heard).toEqual(['theirs', 'ours']);
});

test('open() on a circuit that is open: theirs does nothing, ours starts the wait anew', async () => {
  const breaker = opossum({});
  const own = ours.circuitBreaker({ openMs: OPEN_MS, clock });
  breaker.open();
  own.open();
  await pass(OPEN_MS / 2);
  breaker.open();
  own.open();
  await pass(OPEN_MS / 2);
  expect([breaker.halfOpen, own.state]).toEqual([true, 'open']);
});

test('an option is misspelt: theirs does not look at it, ours throws', () => {
  const misspelt: object = { minimumCals: 5 };
  expect(opossum(misspelt).closed).toBe(true);
  expect(() => ours.circuitBreaker(misspelt)).toThrow(/minimumCals/);
});

test('an open circuit is exported and imported: theirs counts its wait from when the exporter was made', async () => {
  const before = opossum({});
  const ownBefore = ours.circuitBreaker({ openMs: OPEN_MS, clock });
  await pass(60_000);
  before.open();
  ownBefore.open();
  const { state } = JSON.parse(JSON.stringify(before));
  const restore = JSON.parse(JSON.stringify(ownBefore.snapshot()));
  const after = opossum({ state });
  const ownAfter = ours.circuitBreaker({ openMs: OPEN_MS, restore, clock });
  expect([before.opened, ownBefore.state]).toEqual([true, 'open']);
  expect([after.halfOpen, ownAfter.state]).toEqual([true, 'open']);
  expect(ownAfter.retryAfterMs).toBe(OPEN_MS);
});

describe('opossum is kept for its coalescing alone', () => {
  /** Calls that fail after the window in which they began. */
  async function outlast(errorThresholdPercentage: number) {
    const breaker = opossum({ coalesce: true, errorThresholdPercentage });
    let requests = 0;
    const slow = () => new Promise((_, reject) => setTimeout(reject, 20_000, new Error('503'), ++requests));
    for (let call = 0; call < 10; call++) watch(breaker.fire(slow));
    await pass(20_000);
    return { requests, opened: breaker.opened };
  }

  test('a threshold of 100 can be exceeded, Infinity cannot', async () => {
    expect(await outlast(100)).toEqual({ requests: 1, opened: true });
    expect(await outlast(Infinity)).toEqual({ requests: 1, opened: false });
  });

  test('disabled, it does not coalesce', async () => {
    const breaker = opossum({ coalesce: true, enabled: false });
    const work = vi.fn(fine);
    await Promise.all([breaker.fire(work), breaker.fire(work)]);
    expect(work).toHaveBeenCalledTimes(2);
  });
});
