import {
  bulkhead,
  type Call,
  circuitBreaker,
  constant,
  type Policy,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 30_000 });

// A retry inside a breaker is an order that is warned of; here it has to hold all the same.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

const CALLS = 1_000;
const LIMIT = 5;
const TIMEOUT_MS = 100;
const STEP_MS = 10; // all that happens does so at a multiple of this

function parts() {
  return {
    retry: retry({ retries: 1, backoff: constant(20), budget: false }),
    // It only counts: what is looked at here is when it learns.
    breaker: circuitBreaker({
      window: { calls: 10 * CALLS },
      minimumCalls: 10 * CALLS,
      lowTrafficFailures: Infinity,
    }),
    bulkhead: bulkhead({ concurrency: LIMIT, queue: CALLS, queueTimeoutMs: Infinity }),
    timeout: timeout({ ms: TIMEOUT_MS }),
  };
}

/** An operation that ignores its signal and takes ten times its time, and what is known of its invocations. */
function stubborn(clock: VirtualClock) {
  const work = { running: 0, most: 0, dueAt: [] as number[] };
  const operation = (call: Call): Promise<string> => {
    work.most = Math.max(work.most, ++work.running);
    work.dueAt.push(clock.now() + call.remainingMs);
    return new Promise((resolve) => {
      clock.setTimer(10 * TIMEOUT_MS, () => {
        work.running--;
        resolve('late');
      });
    });
  };
  return { work, operation };
}

const orders = [
  ['retry', 'breaker', 'bulkhead', 'timeout'],
  ['retry', 'breaker', 'timeout', 'bulkhead'],
  ['retry', 'bulkhead', 'breaker', 'timeout'],
  ['retry', 'timeout', 'breaker', 'bulkhead'],
  ['retry', 'bulkhead', 'timeout', 'breaker'],
  ['retry', 'timeout', 'bulkhead', 'breaker'],
  ['breaker', 'retry', 'bulkhead', 'timeout'],
  ['breaker', 'retry', 'timeout', 'bulkhead'],
] as const;

it.each(orders)(
  'never more than its limit, and the breaker learns in time: %s, %s, %s, %s',
  async (...order) => {
    const clock = new VirtualClock();
    const policies = parts();
    const shop = pipeline({ name: 'shop', clock }, ...order.map((name): Policy => policies[name]));
    const { work, operation } = stubborn(clock);

    const errors: unknown[] = [];
    let ranAndSettled = 0;
    const start = (): void => {
      let ran = false;
      const counted = (call: Call): Promise<string> => {
        ran = true;
        return operation(call);
      };
      shop.run(counted).catch((error) => {
        errors.push(error);
        if (ran) ranAndSettled++;
      });
    };

    const wrongAt: number[] = [];
    const look = (): void => {
      const timedOut = work.dueAt.filter((dueAt) => dueAt <= clock.now()).length;
      // Around the retry it learns once of each run that came to anything, inside of each attempt that did.
      const expected = order[0] === 'breaker' ? ranAndSettled : timedOut;
      if (policies.breaker.stats.failures !== expected) wrongAt.push(clock.now());
    };
    for (let i = 0; i < 5 * CALLS || clock.pendingTimers > 0; i++) {
      // A new call every 50 ms, ten times as many as can run.
      if (i % 5 === 0 && i < 5 * CALLS) start();
      await clock.advance(STEP_MS);
      look();
    }

    expect(work.most).toBe(LIMIT);
    expect(wrongAt).toEqual([]);
    expect(policies.breaker.stats.failures).toBeGreaterThan(200);
    expect(errors).toHaveLength(CALLS);
    expect(errors.every((error) => error instanceof TimeoutError)).toBe(true);
    expect(work.running).toBe(0);
    expect(policies.bulkhead).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
  },
);
