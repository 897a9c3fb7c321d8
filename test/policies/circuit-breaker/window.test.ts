import { bulkhead, circuitBreaker, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { feed } from './support.ts';

const never = { lowTrafficFailures: Infinity } as const;

describe('a window of the last n calls', () => {
  test('forgets the oldest call when one more is recorded', () => {
    const breaker = circuitBreaker({ window: { calls: 3 }, failureRate: 1, ...never });
    feed(breaker, 'FSS');
    expect(breaker.stats).toMatchObject({ calls: 3, failures: 1 });
    feed(breaker, 'S');
    expect(breaker.stats).toMatchObject({ calls: 3, failures: 0 });
  });

  test('trips on the rate among the last n only', () => {
    const breaker = circuitBreaker({ window: { calls: 4 }, failureRate: 0.75, ...never });
    feed(breaker, 'SSFSF');
    expect(breaker.state).toBe('closed');
    feed(breaker, 'F');
    expect(breaker.stats.failures).toBe(3);
    expect(breaker.state).toBe('open');
  });

  test('forgets nothing with time', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ window: { calls: 4 }, clock, ...never });
    feed(breaker, 'FSS');
    await clock.advance(86_400_000);
    expect(breaker.stats).toMatchObject({ calls: 3, failures: 1 });
  });

  test('wants at most as many calls as it holds before it judges', () => {
    const breaker = circuitBreaker({ window: { calls: 5 }, failureRate: 0.2, ...never });
    feed(breaker, 'SSSF');
    expect(breaker.state).toBe('closed');
    feed(breaker, 'S');
    expect(breaker.state).toBe('open');
  });
});

describe('a window of time', () => {
  const options = { window: { ms: 1_000 }, minimumCalls: 4, ...never } as const;

  test('is ten seconds by default', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ clock });
    feed(breaker, 'S');
    await clock.advance(9_999);
    expect(breaker.stats.calls).toBe(1);
    await clock.advance(1);
    expect(breaker.stats.calls).toBe(0);
  });

  test('forgets an outcome together with its tenth of the window', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ ...options, clock });
    feed(breaker, 'S');
    await clock.advance(99);
    feed(breaker, 'F');
    await clock.advance(1);
    feed(breaker, 'S');
    await clock.advance(899);
    expect(breaker.stats).toMatchObject({ calls: 3, failures: 1 });
    await clock.advance(1);
    expect(breaker.stats).toMatchObject({ calls: 1, failures: 0 });
    await clock.advance(100);
    expect(breaker.stats.calls).toBe(0);
  });

  test('begins anew with the first outcome after it was empty', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ ...options, clock });
    feed(breaker, 'S');
    await clock.advance(1_050);
    feed(breaker, 'S');
    await clock.advance(999);
    expect(breaker.stats.calls).toBe(1);
    await clock.advance(1);
    expect(breaker.stats.calls).toBe(0);
  });

  test.each([1_000, 1_900, 3_600_000])(
    'has forgotten everything after %i ms without a call',
    async (idle) => {
      const clock = new VirtualClock();
      const breaker = circuitBreaker({ ...options, clock });
      feed(breaker, 'FFF');
      await clock.advance(idle);
      feed(breaker, 'F');
      expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
      expect(breaker.state).toBe('closed');
    },
  );

  test('does not ask the wall clock', async () => {
    const wall = vi.spyOn(Date, 'now').mockReturnValue(0);
    try {
      const breaker = circuitBreaker({ openMs: 60_000, consecutiveFailures: 1 });
      feed(breaker, 'F');
      wall.mockReturnValue(86_400_000);
      expect(breaker.state).toBe('open');
      expect(wall).not.toHaveBeenCalled();
    } finally {
      wall.mockRestore();
    }
  });
});

describe('what is recorded', () => {
  test('an ignored call is not', async () => {
    const breaker = circuitBreaker({ judge: () => 'ignore' });
    await breaker.run(() => 1);
    await expect(breaker.run(() => Promise.reject('x'))).rejects.toBe('x');
    expect(breaker.stats).toMatchObject({ calls: 0, failures: 0 });
  });

  test('a bug in the code, a TypeError that is no network error, is not', async () => {
    const breaker = circuitBreaker();
    await expect(breaker.run(() => Promise.reject(new TypeError('x is not a function')))).rejects.toThrow();
    expect(breaker.stats.calls).toBe(0);
    await expect(breaker.run(() => Promise.reject(new TypeError('fetch failed')))).rejects.toThrow();
    expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
  });

  test("the caller's own abort is not", async () => {
    const breaker = circuitBreaker();
    const controller = new AbortController();
    const run = breaker.run(() => new Promise(() => {}), { signal: controller.signal });
    controller.abort('gone');
    await expect(run).rejects.toBe('gone');
    expect(breaker.stats.calls).toBe(0);
  });

  test('a call that a policy further in refused is not', async () => {
    const breaker = circuitBreaker();
    const guarded = pipeline('p', breaker, bulkhead({ concurrency: 0 }));
    await expect(guarded.run(() => 1)).rejects.toMatchObject({ code: 'HOLDFAST_BULKHEAD_FULL' });
    expect(breaker.stats.calls).toBe(0);
  });

  test('the rejection of another run inside the operation is, as any error', async () => {
    const inner = bulkhead({ concurrency: 0 });
    const breaker = circuitBreaker();
    await expect(breaker.run(() => inner.run(() => 1))).rejects.toThrow();
    expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
  });
});
