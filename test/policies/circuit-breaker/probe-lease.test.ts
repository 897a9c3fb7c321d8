import { type CircuitBreakerOptions, circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test, vi } from 'vitest';
import { boom, feed, freePlaces, heard } from './support.ts';

async function halfOpen(options: CircuitBreakerOptions = {}) {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({
    consecutiveFailures: 1,
    openMs: 1_000,
    probeTimeoutMs: 200,
    clock,
    ...options,
  });
  feed(breaker, 'F');
  await clock.advance(1_000);
  return { breaker, clock };
}

test('a probe that has not settled in probeTimeoutMs loses its place to the next call', async () => {
  const { breaker, clock } = await halfOpen();
  expect(breaker.tryAcquire()).toBeDefined();
  await clock.advance(199);
  expect(breaker.tryAcquire()).toBeUndefined();
  await clock.advance(1);
  expect(breaker.tryAcquire()).toBeDefined();
  expect(breaker.tryAcquire()).toBeUndefined();
});

test('the lapse is no failure, and no timer is set for it', async () => {
  const { breaker, clock } = await halfOpen();
  const setTimer = vi.spyOn(clock, 'setTimer');
  breaker.tryAcquire();
  await clock.advance(60_000);
  expect(breaker.state).toBe('half-open');
  expect(setTimer).not.toHaveBeenCalled();
});

test('a lease lasts thirty seconds by default', async () => {
  const { breaker, clock } = await halfOpen({ probeTimeoutMs: undefined });
  breaker.tryAcquire();
  await clock.advance(29_999);
  expect(freePlaces(breaker)).toBe(0);
  await clock.advance(1);
  expect(freePlaces(breaker)).toBe(1);
});

test('a late success still closes while its half-open lasts', async () => {
  const { breaker, clock } = await halfOpen();
  const late = breaker.tryAcquire();
  await clock.advance(200);
  const next = breaker.tryAcquire();
  late?.success();
  expect(breaker.state).toBe('closed');
  const stale = heard(breaker, 'stale');
  next?.failure(boom);
  expect(breaker.state).toBe('closed');
  expect(stale).toHaveLength(1);
});

test('a late failure still reopens while its half-open lasts', async () => {
  const { breaker, clock } = await halfOpen();
  const late = breaker.tryAcquire();
  await clock.advance(10_000);
  late?.failure(boom);
  expect(breaker.state).toBe('open');
});

test('a late result after its half-open is stale', async () => {
  const { breaker, clock } = await halfOpen();
  const stale = heard(breaker, 'stale');
  const late = breaker.tryAcquire();
  await clock.advance(200);
  feed(breaker, 'F');
  late?.success();
  expect(breaker.state).toBe('open');
  expect(stale).toMatchObject([{ outcome: { ok: true } }]);
});

test('a late result takes the place of no other probe', async () => {
  const { breaker, clock } = await halfOpen({ probes: 3, failureRate: 0.6 });
  const late = breaker.tryAcquire();
  await clock.advance(200);
  const others = [breaker.tryAcquire(), breaker.tryAcquire(), breaker.tryAcquire()];
  expect(others).not.toContain(undefined);
  expect(breaker.tryAcquire()).toBeUndefined();
  late?.success();
  others[0]?.failure(boom);
  expect(breaker.state).toBe('half-open');
  others[1]?.success();
  expect(breaker.state).toBe('closed');
});

test('a lapsed probe that is then ignored gives no second place back', async () => {
  const { breaker, clock } = await halfOpen();
  const late = breaker.tryAcquire();
  await clock.advance(200);
  expect(breaker.tryAcquire()).toBeDefined();
  late?.ignore();
  expect(breaker.tryAcquire()).toBeUndefined();
});

test('each probe has its own lease', async () => {
  const { breaker, clock } = await halfOpen({ probes: 2 });
  breaker.tryAcquire();
  await clock.advance(150);
  breaker.tryAcquire();
  await clock.advance(50);
  expect(freePlaces(breaker)).toBe(1);
  await clock.advance(150);
  expect(freePlaces(breaker)).toBe(2);
});
