import { type CircuitBreakerOptions, circuitBreaker, exponential } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { boom, feed } from './support.ts';

function breakerThatTripsAtOnce(options: CircuitBreakerOptions = {}) {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ consecutiveFailures: 1, clock, ...options });
  return { clock, breaker };
}

const doubling = exponential({ baseMs: 1_000, maxMs: 100_000, jitter: 'none' });

describe('a fixed openMs', () => {
  test('is five seconds by default', () => {
    const { breaker } = breakerThatTripsAtOnce();
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(5_000);
  });

  test('rejects until the wait is over and admits the next call at exactly openMs', async () => {
    const { breaker, clock } = breakerThatTripsAtOnce({ openMs: 1_000 });
    feed(breaker, 'F');
    await clock.advance(999.5);
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs).toBe(0.5);
    expect(breaker.tryAcquire()).toBeUndefined();
    await clock.advance(0.5);
    expect(breaker.tryAcquire()).toBeDefined();
  });

  test('sets no timer: state reads half-open as soon as the wait is over', async () => {
    const { breaker, clock } = breakerThatTripsAtOnce({ openMs: 1_000 });
    const setTimer = vi.spyOn(clock, 'setTimer');
    feed(breaker, 'F');
    await clock.advance(1_000);
    expect(breaker.state).toBe('half-open');
    expect(breaker.retryAfterMs).toBeUndefined();
    expect(setTimer).not.toHaveBeenCalled();
  });
});

describe('an openMs that grows', () => {
  test('is given how many times in a row the circuit has opened, and the waits so far', async () => {
    const openMs = vi.fn((count: number) => count * 10);
    const { breaker, clock } = breakerThatTripsAtOnce({ openMs });
    feed(breaker, 'F');
    await clock.advance(10);
    feed(breaker, 'F');
    await clock.advance(20);
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(30);
    expect(breaker.stats.openings).toBe(3);
    expect(openMs.mock.calls).toMatchObject([
      [1, { previousMs: 0, totalMs: 0 }],
      [2, { previousMs: 10, totalMs: 10 }],
      [3, { previousMs: 20, totalMs: 30 }],
    ]);
  });

  test('gets the chance that the breaker was given', () => {
    const openMs = exponential({ baseMs: 1_000, maxMs: 1_000, jitter: 'full' });
    const { breaker } = breakerThatTripsAtOnce({ openMs, random: () => 0.25 });
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(250);
  });

  test('goes on growing where the circuit closed for less than its last opening lasted', async () => {
    const { breaker, clock } = breakerThatTripsAtOnce({ openMs: doubling });
    feed(breaker, 'F');
    await clock.advance(1_000);
    feed(breaker, 'S');
    await clock.advance(999);
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(2_000);
  });

  test('goes on growing after probes that took longer than its last opening', async () => {
    const { breaker, clock } = breakerThatTripsAtOnce({ openMs: doubling });
    feed(breaker, 'F');
    await clock.advance(1_000);
    const probe = breaker.tryAcquire();
    await clock.advance(5_000);
    probe?.failure(boom);
    expect(breaker.retryAfterMs).toBe(2_000);
  });

  test('begins anew after the circuit has stayed closed for as long as its last opening lasted', async () => {
    const { breaker, clock } = breakerThatTripsAtOnce({ openMs: doubling });
    feed(breaker, 'F');
    await clock.advance(1_000);
    feed(breaker, 'F');
    await clock.advance(2_000);
    feed(breaker, 'S');
    await clock.advance(2_000);
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(1_000);
    expect(breaker.stats.openings).toBe(1);
  });

  test('measures the last opening by the wait that was set, not by when the next call came', async () => {
    const { breaker, clock } = breakerThatTripsAtOnce({ openMs: doubling });
    feed(breaker, 'F');
    await clock.advance(50_000);
    feed(breaker, 'S');
    await clock.advance(1_000);
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(1_000);
  });

  test('a backoff that fails is reported and opens for the default time', () => {
    for (const [openMs, problem] of [
      [() => Number.NaN, RangeError],
      [() => -1, RangeError],
      [
        () => {
          throw boom;
        },
        Error,
      ],
    ] as const) {
      const { breaker } = breakerThatTripsAtOnce({ openMs });
      const faults: unknown[] = [];
      breaker.on('listener-error', ({ error }) => faults.push(error));
      feed(breaker, 'F');
      expect(breaker.retryAfterMs).toBe(5_000);
      expect(faults).toEqual([expect.any(problem)]);
      if (problem === RangeError)
        expect((faults[0] as Error).message).toMatch(/^circuit-breaker: delay of openMs must be a number/);
    }
  });

  test('one that changes the state itself has the last word', () => {
    const { breaker } = breakerThatTripsAtOnce({
      openMs: () => {
        breaker.isolate('from the backoff');
        return 10;
      },
    });
    feed(breaker, 'F');
    expect(breaker.state).toBe('isolated');
    breaker.release('from the backoff');
    expect(breaker.state).toBe('closed');
  });
});

describe('maxOpenMs', () => {
  test('caps a backoff', () => {
    const { breaker } = breakerThatTripsAtOnce({ openMs: () => 90_000, maxOpenMs: 60_000 });
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(60_000);
  });

  test('is five minutes by default', () => {
    const { breaker } = breakerThatTripsAtOnce({ openMs: () => 2 ** 31 - 1 });
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(300_000);
  });

  test('caps a hint: no header closes a dependency for a day', async () => {
    const judge = () => ({ verdict: 'failure', retryAfterMs: 86_400_000 }) as const;
    const { breaker } = breakerThatTripsAtOnce({ judge });
    await breaker.run(() => 503);
    expect(breaker.retryAfterMs).toBe(300_000);
  });
});

describe("a judge's retryAfterMs", () => {
  const hinting = (retryAfterMs: number) =>
    breakerThatTripsAtOnce({ openMs: 1_000, judge: () => ({ verdict: 'failure', retryAfterMs }) });

  test('lengthens the opening that its outcome causes', async () => {
    const { breaker } = hinting(1_500);
    await breaker.run(() => 503);
    expect(breaker.retryAfterMs).toBe(1_500);
  });

  test('never shortens it', async () => {
    const { breaker } = hinting(10);
    await breaker.run(() => 503);
    expect(breaker.retryAfterMs).toBe(1_000);
  });

  test('lengthens an opening that a probe causes', async () => {
    const { breaker, clock } = hinting(1_500);
    feed(breaker, 'F');
    await clock.advance(1_000);
    await breaker.run(() => 503);
    expect(breaker.retryAfterMs).toBe(1_500);
  });

  test('says nothing where its outcome does not trip', async () => {
    const judge = vi.fn(() => ({ verdict: 'failure', retryAfterMs: 9_000 }) as const);
    const { breaker } = breakerThatTripsAtOnce({ consecutiveFailures: 2, openMs: 1_000, judge });
    await breaker.run(() => 503);
    feed(breaker, 'F');
    expect(judge).toHaveBeenCalledTimes(1);
    expect(breaker.retryAfterMs).toBe(1_000);
  });
});
