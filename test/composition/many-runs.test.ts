import { setMaxListeners } from 'node:events';
import { bulkhead, circuitBreaker, constant, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countedSignal } from '../support/counted-signal.ts';
import { flush, Jobs, track } from '../support/jobs.ts';

describe('one signal for a thousand runs', () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  beforeEach(() => void process.on('warning', note));
  afterEach(() => {
    process.off('warning', note);
    warnings.length = 0;
  });

  it('is listened to once by each run in flight, by none that has settled, and no leak is suspected', async () => {
    const clock = new VirtualClock();
    const shop = pipeline(
      { name: 'shop', clock },
      timeout({ ms: 1_000 }),
      retry({ retries: 3, backoff: constant(10), budget: false }),
      timeout({ ms: 100 }),
      bulkhead({ concurrency: 5, queue: 5 }),
    );
    const caller = countedSignal();
    for (let i = 0; i < 1_000; i++) {
      const call = track(shop.run(() => Promise.reject(new Error('down')), { signal: caller.signal }));
      await clock.advance(0);
      expect(caller.standing).toBe(1);
      await clock.advance(30);
      expect([call.state, caller.standing]).toEqual(['rejected', 0]);
    }
    expect(caller).toMatchObject({ added: 1_000, most: 1 });
    expect(warnings).toEqual([]);
  });

  it('suspects no leak where all of them are in flight at once, at the limit that Node 20 sets by default', async () => {
    const caller = new AbortController();
    setMaxListeners(10, caller.signal);
    const clock = new VirtualClock();
    const shop = pipeline({ name: 'shop', clock }, timeout({ ms: 1_000 }), bulkhead({ concurrency: 1_000 }));
    const jobs = new Jobs();
    for (let i = 0; i < 1_000; i++) track(shop.run(jobs.job(), { signal: caller.signal }));
    for (const job of jobs.started) job.end();
    await flush();
    expect(warnings).toEqual([]);
  });

  it('aborts them all, and is then let go', async () => {
    const clock = new VirtualClock();
    const shop = pipeline({ name: 'shop', clock }, timeout({ ms: 1_000 }), bulkhead({ concurrency: 2_000 }));
    const caller = countedSignal();
    const jobs = new Jobs();
    const calls = Array.from({ length: 1_000 }, () => track(shop.run(jobs.job(), { signal: caller.signal })));
    expect(caller.standing).toBeLessThanOrEqual(1_000);
    caller.abort('enough');
    await flush();
    expect(calls.filter(({ error }) => error === 'enough')).toHaveLength(1_000);
    expect(caller.standing).toBe(0);
    expect(warnings).toEqual([]);
  });
});

describe('a thousand calls at once', () => {
  afterEach(() => vi.restoreAllMocks());

  it('take one real timer for each duration of a policy, and hold the process by no more', async () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    const shop = pipeline(
      'shop',
      timeout({ ms: 60_000 }),
      retry(),
      circuitBreaker(),
      timeout({ ms: 50_000 }),
      bulkhead({ concurrency: 1, queue: 1_000, queueTimeoutMs: 40_000 }),
    );
    const jobs = new Jobs();
    const calls = Array.from({ length: 1_000 }, (_, i) => track(shop.run(jobs.job(`${i}`))));
    const real = () => setTimer.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef());
    // The whole call, the attempt and the queue.
    expect([setTimer.mock.calls.map(([, ms]) => ms), real()]).toEqual([
      [60_000, 50_000, 40_000],
      [true, true, true],
    ]);
    for (let i = 0; i < 1_000; i++) {
      jobs.started[i]?.end();
      await flush();
    }
    expect(calls.every(({ state }) => state === 'fulfilled')).toBe(true);
    expect(real()).toEqual([false, false, false]);
    for (const { value } of setTimer.mock.results) clearTimeout(value as NodeJS.Timeout);
  });
});
