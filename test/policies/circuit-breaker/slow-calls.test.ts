import { bulkhead, type CircuitBreakerOptions, circuitBreaker, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { boom, heard } from './support.ts';

function slowBreaker(options: CircuitBreakerOptions = {}) {
  const clock = new VirtualClock();
  const slowCallMs = 100;
  const breaker = circuitBreaker({ window: { calls: 4 }, slowCallMs, clock, ...options });
  const call = async (ms: number, how: 'success' | 'failure' = 'success') => {
    const permit = breaker.tryAcquire();
    await clock.advance(ms);
    if (how === 'success') permit?.success();
    else permit?.failure(boom);
  };
  return { clock, breaker, call };
}

test('a call that takes longer than slowCallMs is slow; one that takes as long is not', async () => {
  const { breaker, call } = slowBreaker();
  await call(100);
  expect(breaker.stats.slow).toBe(0);
  await call(100.5);
  expect(breaker.stats.slow).toBe(1);
});

test('slow successes trip at slowRate', async () => {
  const { breaker, call } = slowBreaker();
  const events = heard(breaker, 'state');
  for (const ms of [500, 1, 500]) await call(ms);
  expect(breaker.state).toBe('closed');
  await call(1);
  expect(breaker.stats).toMatchObject({ calls: 4, slow: 2, slowRate: 0.5, failureRate: 0 });
  expect(events).toMatchObject([{ to: 'open', reason: 'slow-rate', cause: undefined }]);
});

test('a probe that is not slow decides nothing while the rest could be', async () => {
  const { breaker, clock, call } = slowBreaker({ probes: 2, failureRate: 1, slowRate: 0.5, openMs: 1_000 });
  const events = heard(breaker, 'state');
  breaker.open();
  await clock.advance(1_000);
  await call(1);
  expect(breaker.state).toBe('half-open');
  await call(500);
  expect(events.at(-1)).toMatchObject({ to: 'open', reason: 'slow-rate' });
});

test('slow failures count as slow too', async () => {
  const { breaker, call } = slowBreaker({ failureRate: 1 });
  await call(500, 'failure');
  await call(500);
  await call(1);
  await call(1);
  expect(breaker.stats).toMatchObject({ failures: 1, slow: 2 });
  expect(breaker.state).toBe('open');
});

test('slow calls do not trip below the minimum', async () => {
  const { breaker, call } = slowBreaker();
  for (const ms of [500, 500, 500]) await call(ms);
  expect(breaker.state).toBe('closed');
});

test('slowRate is a threshold of its own', async () => {
  const { breaker, call } = slowBreaker({ slowRate: 0.75 });
  for (const ms of [500, 1, 500, 1]) await call(ms);
  expect(breaker.state).toBe('closed');
  await call(500);
  await call(500);
  expect(breaker.state).toBe('open');
});

test('slow calls leave the window as others do', async () => {
  const { breaker, call } = slowBreaker({ slowRate: 1 });
  for (const ms of [500, 1, 1, 1, 1]) await call(ms);
  expect(breaker.stats).toMatchObject({ calls: 4, slow: 0 });
});

test('without slowCallMs no call is slow', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ window: { calls: 1 }, clock });
  const permit = breaker.tryAcquire();
  await clock.advance(3_600_000);
  permit?.success();
  expect(breaker.stats).toMatchObject({ calls: 1, slow: 0 });
  expect(breaker.state).toBe('closed');
});

test('the duration runs from admission, a wait in a queue further in included', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ slowCallMs: 100, clock });
  const guarded = pipeline('p', breaker, bulkhead({ concurrency: 1, queue: 1, clock }));
  const settle: (() => void)[] = [];
  const work = () => new Promise<void>((resolve) => settle.push(resolve));
  const first = guarded.run(work);
  const second = guarded.run(work);
  await clock.advance(80);
  settle[0]?.();
  await first;
  await clock.advance(80);
  settle[1]?.();
  await second;
  expect(breaker.stats).toMatchObject({ calls: 2, slow: 1 });
});
