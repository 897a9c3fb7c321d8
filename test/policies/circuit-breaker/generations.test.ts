import { circuitBreaker, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { boom, edges, feed, freePlaces, heard } from './support.ts';

function breakerWithAnOldCall() {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ consecutiveFailures: 2, openMs: 1_000, clock });
  const old = breaker.tryAcquire();
  feed(breaker, 'FF');
  return { breaker, clock, old };
}

test('a call admitted while closed that fails while half-open does not reopen', async () => {
  const { breaker, clock, old } = breakerWithAnOldCall();
  const stale = heard(breaker, 'stale');
  await clock.advance(1_000);
  const probe = breaker.tryAcquire();
  old?.failure(boom);
  expect(breaker.state).toBe('half-open');
  expect(stale).toMatchObject([{ policy: 'circuit-breaker', outcome: { ok: false, error: boom } }]);
  probe?.success();
  expect(breaker.state).toBe('closed');
});

test('one that succeeds while half-open does not close', async () => {
  const { breaker, clock, old } = breakerWithAnOldCall();
  await clock.advance(1_000);
  breaker.tryAcquire();
  old?.success();
  expect(breaker.state).toBe('half-open');
});

test('nor does it free the place of a probe', async () => {
  for (const end of ['success', 'ignore'] as const) {
    const { breaker, clock, old } = breakerWithAnOldCall();
    await clock.advance(1_000);
    breaker.tryAcquire();
    old?.[end]();
    expect(freePlaces(breaker)).toBe(0);
  }
});

test('a result that comes while open counts for nothing', () => {
  const { breaker, old } = breakerWithAnOldCall();
  const before = breaker.stats;
  old?.success();
  expect(breaker.state).toBe('open');
  expect(breaker.stats).toEqual(before);
});

test('a result from before an opening does not count after the circuit has closed again', async () => {
  const { breaker, clock, old } = breakerWithAnOldCall();
  await clock.advance(1_000);
  feed(breaker, 'S');
  expect(breaker.state).toBe('closed');
  old?.failure(boom);
  expect(breaker.stats.calls).toBe(0);
});

test('a probe of an earlier half-open does not decide a later one', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, probes: 2, clock });
  feed(breaker, 'F');
  await clock.advance(1_000);
  const old = breaker.tryAcquire();
  feed(breaker, 'F');
  expect(breaker.state).toBe('open');
  await clock.advance(1_000);
  breaker.tryAcquire();
  old?.success();
  expect(breaker.state).toBe('half-open');
  expect(freePlaces(breaker)).toBe(1);
});

test('a stale result is not judged, and changes no state even where a manual change made it stale', () => {
  const breaker = circuitBreaker({ consecutiveFailures: 1, clock: new VirtualClock() });
  const old = breaker.tryAcquire();
  breaker.open();
  breaker.close();
  const seen = edges(breaker);
  old?.failure(boom);
  expect(breaker.state).toBe('closed');
  expect(seen).toEqual([]);
});

test('an ignored call of an older generation says nothing', () => {
  const { breaker, old } = breakerWithAnOldCall();
  const stale = heard(breaker, 'stale');
  old?.ignore();
  expect(stale).toEqual([]);
});

test('opening an open circuit by hand changes no state, and so makes nothing stale but what was', () => {
  const { breaker, old } = breakerWithAnOldCall();
  const stale = heard(breaker, 'stale');
  breaker.open();
  old?.failure(boom);
  expect(stale).toHaveLength(1);
});

test('the judge is not asked about a stale run', async () => {
  const clock = new VirtualClock();
  const asked: unknown[] = [];
  const breaker = circuitBreaker({
    clock,
    judge: (outcome) => {
      asked.push(outcome.value);
    },
  });
  let finish: ((value: string) => void) | undefined;
  const run = breaker.run(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  breaker.open();
  finish?.('late');
  expect(await run).toBe('late');
  expect(asked).toEqual([]);
});

test('a time-out is learned when it happens, and the late result changes nothing', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ clock });
  const guarded = pipeline('p', breaker, timeout({ ms: 100, clock }));
  let finish: (() => void) | undefined;
  const run = guarded.run(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  const settled = expect(run).rejects.toMatchObject({ code: 'HOLDFAST_TIMEOUT' });
  await clock.advance(100);
  await settled;
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
  finish?.();
  await clock.advance(0);
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
});
