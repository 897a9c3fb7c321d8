import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { boom, edges, feed, heard } from './support.ts';

function observer() {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ observeOnly: true, consecutiveFailures: 2, openMs: 1_000, clock });
  return { breaker, clock };
}

test('rejects no call, whatever the state', async () => {
  const { breaker, clock } = observer();
  feed(breaker, 'FF');
  expect(breaker.state).toBe('open');
  expect(await breaker.run(() => 'ran')).toBe('ran');
  await clock.advance(1_000);
  breaker.tryAcquire();
  expect(breaker.state).toBe('half-open');
  expect(await breaker.run(() => 'ran')).toBe('ran');
  breaker.isolate('ann');
  expect(await breaker.run(() => 'ran')).toBe('ran');
  expect(breaker.tryAcquire()).toBeDefined();
});

test('goes through the same states as in earnest', async () => {
  const { breaker, clock } = observer();
  const seen = edges(breaker);
  feed(breaker, 'FF');
  feed(breaker, 'SSS'); // would have been rejected, and so say nothing
  expect(breaker.state).toBe('open');
  await clock.advance(1_000);
  feed(breaker, 'F');
  expect(breaker.state).toBe('open');
  await clock.advance(1_000);
  feed(breaker, 'S');
  expect(seen).toEqual([
    'closed->open',
    'open->half-open',
    'half-open->open',
    'open->half-open',
    'half-open->closed',
  ]);
});

test('counts while closed, and what it would have rejected counts for nothing', () => {
  const { breaker } = observer();
  feed(breaker, 'SFF');
  const { stats } = breaker;
  expect(stats).toMatchObject({ calls: 3, failures: 2, openings: 1 });
  feed(breaker, 'SSFF');
  expect(breaker.stats).toEqual(stats);
});

test('a surplus call while half-open has no say: the probes alone decide', async () => {
  const { breaker, clock } = observer();
  feed(breaker, 'FF');
  await clock.advance(1_000);
  const [probe, surplus] = [breaker.tryAcquire(), breaker.tryAcquire()];
  surplus?.failure(boom);
  expect(breaker.state).toBe('half-open');
  probe?.success();
  expect(breaker.state).toBe('closed');
});

test('emits every event, marked as observed', async () => {
  const { breaker } = observer();
  const [states, rejects, stale] = [
    heard(breaker, 'state'),
    heard(breaker, 'reject'),
    heard(breaker, 'stale'),
  ];
  const old = breaker.tryAcquire();
  feed(breaker, 'FF');
  await breaker.run(() => 1);
  old?.failure(boom);
  expect(states).toMatchObject([{ to: 'open', observed: true }]);
  expect(rejects).toMatchObject([{ state: 'open', retryAfterMs: 1_000, observed: true }]);
  expect(stale).toMatchObject([{ outcome: { error: boom }, observed: true }]);
});

test('in earnest no event is marked', () => {
  const breaker = circuitBreaker({ consecutiveFailures: 1, clock: new VirtualClock() });
  const [states, rejects] = [heard(breaker, 'state'), heard(breaker, 'reject')];
  feed(breaker, 'F');
  breaker.tryAcquire();
  for (const event of [...states, ...rejects]) expect(event).not.toHaveProperty('observed');
  expect([states.length, rejects.length]).toEqual([1, 1]);
});

test('what it would have rejected while isolated counts for nothing', () => {
  const { breaker } = observer();
  breaker.isolate('ann');
  feed(breaker, 'FFF');
  expect(breaker.stats.calls).toBe(0);
});
