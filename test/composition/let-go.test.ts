import { bulkhead, circuitBreaker, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { countedSignal } from '../support/counted-signal.ts';
import { track } from '../support/jobs.ts';

it.each(['abort', 'timeout', 'deadline'])(
  'lets go of everything as soon as a run settles by %s, though its work goes on',
  async (by) => {
    const clock = new VirtualClock();
    const shop = pipeline(
      { name: 'shop', clock },
      timeout({ ms: by === 'timeout' ? 10 : 60_000 }),
      retry(),
      circuitBreaker(),
      timeout({ ms: by === 'timeout' ? 10 : 50_000 }),
      bulkhead({ queue: 10, queueTimeoutMs: 60_000 }),
    );
    const caller = countedSignal();
    const options = by === 'deadline' ? { timeoutMs: 10 } : {};
    const calls = Array.from({ length: 15 }, () =>
      track(shop.run(() => new Promise(() => {}), { signal: caller.signal, ...options })),
    );
    await clock.advance(10);
    if (by === 'abort') caller.abort('enough');
    await clock.advance(0);
    expect(calls.map(({ state }) => state)).toEqual(Array(15).fill('rejected'));
    expect([clock.pendingTimers, caller.standing]).toEqual([0, 0]);
  },
);
