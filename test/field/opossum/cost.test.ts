import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Breaker, fail, fakeTime, ignoringErrors } from '../support.ts';
import { opossum, opossumBreaker } from './subjects.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('opossum 2: a call fails while the window holds many calls', { timeout: 60_000 }, () => {
  const MANY = 50_000;

  async function succeed(breaker: Breaker, calls: number) {
    for (let call = 0; call < calls; call++) await breaker.run(() => 'fine');
  }

  /** The longest array that anyone sorted on behalf of one failing call. */
  async function longestSort(breaker: Breaker) {
    await succeed(breaker, MANY);
    const sort = vi.spyOn(Array.prototype, 'sort');
    await ignoringErrors(breaker.run(fail));
    const lengths = sort.mock.contexts.map((array) => (array as unknown[]).length);
    sort.mockRestore();
    return Math.max(0, ...lengths);
  }

  /** How much dearer a failing call is with a full window than with one a hundred times emptier. */
  async function slowdown(make: () => Breaker) {
    const fastest = async (breaker: Breaker) => {
      let best = Number.POSITIVE_INFINITY;
      for (let batch = 0; batch < 20; batch++) {
        const start = performance.now();
        await ignoringErrors(breaker.run(fail));
        best = Math.min(best, performance.now() - start);
      }
      return best;
    };
    const few = make();
    await succeed(few, MANY / 100);
    const many = make();
    await succeed(many, MANY);
    await fastest(few);
    return (await fastest(many)) / (await fastest(few));
  }

  const windows = {
    'a window by time': () => circuitBreaker({ window: { ms: 10_000_000 }, clock: new VirtualClock() }),
    'a window by count': () => circuitBreaker({ window: { calls: MANY }, clock: new VirtualClock() }),
  };
  const names = Object.keys(windows) as (keyof typeof windows)[];
  const theirs = () => opossumBreaker(opossum({ timeout: false, rollingCountTimeout: 10_000_000 }));

  test.each(names)('holdfast with %s sorts nothing', async (name) => {
    expect(await longestSort(windows[name]())).toBe(0);
  });

  test('opossum sorts every latency in it', async () => {
    expect(await longestSort(theirs())).toBeGreaterThanOrEqual(MANY);
  });

  test.each(names)('holdfast with %s takes as long as if it held few', async (name) => {
    expect(await slowdown(windows[name])).toBeLessThan(10);
  });

  test('opossum takes tens of times as long', async () => {
    expect(await slowdown(theirs)).toBeGreaterThan(20);
  });
});

describe('opossum 3: what an idle breaker holds', () => {
  const BREAKERS = 2_000;

  function collectGarbage() {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }

  function bytesEach(make: () => unknown) {
    fakeTime();
    make();
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const breakers = Array.from({ length: BREAKERS }, make);
    collectGarbage();
    return (process.memoryUsage().heapUsed - before) / breakers.length;
  }

  test('holdfast: at most 2 kB', () => {
    expect(bytesEach(() => circuitBreaker({}))).toBeLessThan(2_048);
  });

  test('opossum: more than 5 kB', () => {
    expect(bytesEach(() => opossum({}))).toBeGreaterThan(5_120);
  });
});

describe('opossum 3: a hundred breakers stand idle', () => {
  const BREAKERS = 100;

  function script(make: () => unknown) {
    fakeTime();
    const intervals = vi.spyOn(globalThis, 'setInterval');
    const breakers = Array.from({ length: BREAKERS }, make);
    return { breakers: breakers.length, intervals: intervals.mock.calls.length, timers: vi.getTimerCount() };
  }

  test('holdfast has no timer for them', () => {
    expect(script(() => circuitBreaker({}))).toEqual({ breakers: BREAKERS, intervals: 0, timers: 0 });
  });

  test('opossum has two intervals for each', () => {
    const two = 2 * BREAKERS;
    expect(script(() => opossum({}))).toEqual({ breakers: BREAKERS, intervals: two, timers: two });
  });
});
