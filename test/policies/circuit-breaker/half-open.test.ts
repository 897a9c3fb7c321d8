import { bulkhead, type CircuitBreakerOptions, circuitBreaker, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { boom, edges, feed, freePlaces, heard } from './support.ts';

/** A breaker whose wait is just over. */
async function halfOpen(options: CircuitBreakerOptions = {}) {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, clock, ...options });
  feed(breaker, 'F');
  await clock.advance(1_000);
  return { breaker, clock };
}

describe('one probe', () => {
  test('closes with a success', async () => {
    const { breaker } = await halfOpen();
    feed(breaker, 'S');
    expect(breaker.state).toBe('closed');
  });

  test('reopens with a failure', async () => {
    const { breaker } = await halfOpen();
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs).toBe(1_000);
  });

  test('rejects every other call meanwhile, at once', async () => {
    const { breaker } = await halfOpen();
    const probe = breaker.run(() => new Promise<string>((resolve) => queueMicrotask(() => resolve('probe'))));
    let ran = 0;
    const others = await Promise.allSettled([1, 2, 3].map(() => breaker.run(() => ran++)));
    expect(others).toMatchObject(
      [1, 2, 3].map(() => ({ status: 'rejected', reason: { state: 'half-open' } })),
    );
    expect(ran).toBe(0);
    expect(await probe).toBe('probe');
    expect(breaker.state).toBe('closed');
  });

  test('a slow one reopens', async () => {
    const { breaker, clock } = await halfOpen({ slowCallMs: 100 });
    const events = heard(breaker, 'state');
    const probe = breaker.tryAcquire();
    await clock.advance(101);
    probe?.success();
    expect(breaker.state).toBe('open');
    expect(events.at(-1)).toMatchObject({ reason: 'slow-rate' });
  });
});

describe('several probes', () => {
  test('are admitted at the same time, and no more', async () => {
    const { breaker } = await halfOpen({ probes: 3 });
    expect(freePlaces(breaker)).toBe(3);
  });

  test('no further call is admitted in place of a probe whose result is in', async () => {
    const { breaker } = await halfOpen({ probes: 3, failureRate: 0.5 });
    feed(breaker, 'S');
    expect(freePlaces(breaker)).toBe(2);
    feed(breaker, 'F');
    expect(freePlaces(breaker)).toBe(1);
  });

  test.each([
    [3, 0.5, 'SS', 'closed'],
    [3, 0.5, 'SFS', 'closed'],
    [3, 0.5, 'FF', 'open'],
    [4, 0.5, 'SSS', 'closed'],
    [4, 0.5, 'SSFF', 'open'],
    [4, 0.5, 'FF', 'open'],
    [4, 1, 'S', 'closed'],
    [4, 1, 'FFFS', 'closed'],
    [4, 1, 'FFFF', 'open'],
    [4, 0.25, 'SSSF', 'open'],
    [4, 0.25, 'F', 'open'],
    [4, 0.25, 'SSSS', 'closed'],
  ])(
    'of %i at a rate of %f, %s decide: %s, and not before',
    async (probes, failureRate, results, verdict) => {
      const { breaker } = await halfOpen({ probes, failureRate });
      const seen = edges(breaker);
      feed(breaker, results.slice(0, -1));
      expect(breaker.state).toBe('half-open');
      feed(breaker, results.slice(-1));
      expect(breaker.state).toBe(verdict);
      expect(seen).toEqual(['open->half-open', `half-open->${verdict}`]);
    },
  );

  test('slow ones are judged by slowRate', async () => {
    const { breaker, clock } = await halfOpen({ probes: 2, slowCallMs: 100, slowRate: 1 });
    const [first, second] = [breaker.tryAcquire(), breaker.tryAcquire()];
    await clock.advance(101);
    first?.success();
    expect(breaker.state).toBe('half-open');
    second?.success();
    expect(breaker.state).toBe('open');
  });

  test('minimumCalls and lowTrafficFailures mean nothing to them', async () => {
    const { breaker } = await halfOpen({ probes: 8, failureRate: 0.75, lowTrafficFailures: 1 });
    feed(breaker, 'FFFFF');
    expect(breaker.state).toBe('half-open');
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });
});

describe('a probe gives its place back', () => {
  test('where it is ignored', async () => {
    const { breaker } = await halfOpen({ judge: () => 'ignore' });
    await breaker.run(() => 1);
    expect(breaker.state).toBe('half-open');
    expect(freePlaces(breaker)).toBe(1);
  });

  test('where a policy further in refused the call', async () => {
    const { breaker, clock } = await halfOpen();
    const guarded = pipeline('p', breaker, bulkhead({ concurrency: 0, clock }));
    await expect(guarded.run(() => 1)).rejects.toMatchObject({ code: 'HOLDFAST_BULKHEAD_FULL' });
    expect(breaker.state).toBe('half-open');
    expect(freePlaces(breaker)).toBe(1);
  });

  test('where its caller aborts', async () => {
    const { breaker } = await halfOpen();
    const controller = new AbortController();
    const probe = breaker.run(() => new Promise(() => {}), { signal: controller.signal });
    expect(freePlaces(breaker)).toBe(0);
    controller.abort(boom);
    await expect(probe).rejects.toBe(boom);
    expect(breaker.state).toBe('half-open');
    expect(freePlaces(breaker)).toBe(1);
  });
});

test('closing empties the window, and the row of failures', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ consecutiveFailures: 4, lowTrafficFailures: 3, openMs: 1_000, clock });
  feed(breaker, 'FF');
  breaker.open();
  await clock.advance(1_000);
  feed(breaker, 'S');
  expect(breaker.state).toBe('closed');
  expect(breaker.stats).toMatchObject({ calls: 0, failures: 0, slow: 0 });
  feed(breaker, 'FF');
  expect(breaker.state).toBe('closed');
});
