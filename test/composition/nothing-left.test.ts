import { bulkhead, type Call, circuitBreaker, constant, fallback, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CountedSignal, countedSignal } from '../support/counted-signal.ts';
import { track } from '../support/jobs.ts';

vi.setConfig({ testTimeout: 30_000 });

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => {
  process.off('unhandledRejection', note);
  unhandled.length = 0;
});

const CALLS = 10_000;
const FATES = ['answers', 'fails', 'times out', 'fails late', 'heeds', 'aborted', 'aborted early'] as const;
type Fate = (typeof FATES)[number];

function setUp() {
  const clock = new VirtualClock({ seed: 5 });
  const limit = bulkhead({ concurrency: 50, queue: 30, queueTimeoutMs: 40 });
  const breaker = circuitBreaker({
    window: { calls: CALLS * 3 },
    minimumCalls: CALLS * 3,
    lowTrafficFailures: Infinity,
  });
  const shop = pipeline(
    { name: 'shop', clock, random: clock.random },
    timeout({ ms: 200 }),
    fallback((error) => Promise.reject(error)),
    retry({ backoff: constant(25, { jitter: 'full' }), budget: false }),
    breaker,
    timeout({ ms: 50 }),
    limit,
  );
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
  const operation = async ({ context, signal, attempt }: Call): Promise<string> => {
    const fate = context as Fate;
    if (fate === 'heeds') {
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    // Work that ignores its signal ends long after its caller has gone.
    await pause(fate === 'times out' || fate === 'fails late' ? 90 : fate.startsWith('aborted') ? 45 : 3);
    if (fate === 'fails late' || (fate === 'fails' && attempt < 3)) throw new Error(fate);
    return fate;
  };
  return { clock, limit, breaker, shop, operation };
}

it('leaves no timer, listener, waiter or unhandled rejection behind 10,000 calls of every fate', async () => {
  const { clock, limit, breaker, shop, operation } = setUp();
  const shared = countedSignal();
  const own: CountedSignal[] = [];
  let settled = 0;
  let aborting = 0;
  const rejected = new Map<string, number>();
  for (let i = 0; i < CALLS; i++) {
    const fate = FATES[i % FATES.length] as Fate;
    const caller = fate.startsWith('aborted') ? countedSignal() : shared;
    if (caller !== shared) own.push(caller);
    shop
      .run(operation, { signal: caller.signal, context: fate })
      .catch((error) => {
        const name = error instanceof Error ? error.name : String(error);
        rejected.set(name, (rejected.get(name) ?? 0) + 1);
      })
      .finally(() => settled++);
    if (fate === 'aborted') {
      aborting++;
      clock.setTimer(1 + Math.floor(clock.random() * 60), () => {
        aborting--;
        caller.abort('aborted');
      });
    }
    if (fate === 'aborted early') caller.abort('aborted');
    if (i % 500 === 0) breaker.open();
    if (i % 500 === 50) breaker.close();
    if (i % 2 === 0) await clock.advance(1);
  }
  // To the very millisecond in which the last of the work ends, and no further: nothing may be left to run out.
  while (settled < CALLS || aborting > 0 || limit.inFlight > 0) await clock.advance(1);

  expect([clock.pendingTimers, shared.standing]).toEqual([0, 0]);
  expect(own.filter(({ standing }) => standing > 0)).toEqual([]);
  expect(limit).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
  expect(unhandled).toEqual([]);
  // At most one listener for each run, and each of the fates was met.
  expect(shared.added + own.reduce((sum, { added }) => sum + added, 0)).toBeLessThanOrEqual(CALLS);
  for (const name of ['Error', 'TimeoutError', 'BulkheadFullError', 'CircuitOpenError', 'aborted']) {
    expect([name, (rejected.get(name) ?? 0) > 100]).toEqual([name, true]);
  }
});

describe.each(['the caller', 'the deadline', 'a timeout around'])('as soon as %s gives up', (who) => {
  it.each(['sleeps', 'waits in a queue', 'heeds its signal'])(
    'no timer is left of a run that %s',
    async (what) => {
      const clock = new VirtualClock();
      const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 60_000 });
      const shop = pipeline(
        { name: 'shop', clock },
        timeout({ ms: who === 'a timeout around' ? 10 : 60_000, name: 'around' }),
        retry({ backoff: constant(50_000) }),
        circuitBreaker(),
        limit,
      );
      if (what === 'waits in a queue') limit.tryAcquire();
      const operation = ({ signal }: Call): Promise<never> => {
        if (what === 'sleeps') return Promise.reject(new Error('down'));
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      };
      const caller = countedSignal();
      const deadline = who === 'the deadline' ? { timeoutMs: 10 } : {};
      // A sleep that would reach a deadline is not begun: only the caller can end one.
      const call = track(shop.run(operation, { signal: caller.signal, ...deadline }));
      await clock.advance(5);
      const sleepless = what === 'sleeps' && who !== 'the caller';
      expect(call.state).toBe(sleepless ? 'rejected' : 'pending');
      if (who === 'the caller') caller.abort('enough');
      await clock.advance(sleepless || who === 'the caller' ? 0 : 5);
      expect([call.state, clock.pendingTimers, caller.standing]).toEqual(['rejected', 0, 0]);
    },
  );
});
