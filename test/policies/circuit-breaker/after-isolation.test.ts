import { circuitBreaker, exponential } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';

const growing = exponential({ baseMs: 1_000, maxMs: 100_000, jitter: 'none' });

test('time spent isolated is not time spent closed: the openings in a row stay', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ clock, consecutiveFailures: 1, openMs: growing });
  breaker.tryAcquire()?.failure('first');
  breaker.isolate('works');
  await clock.advance(100_000);
  breaker.release('works');
  breaker.tryAcquire()?.failure('second');
  expect(breaker.retryAfterMs).toBe(2_000);
  expect(breaker.stats.openings).toBe(2);
});

test('the openings in a row read 0 once the circuit has stayed closed as long as the last of them', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ clock, consecutiveFailures: 1, openMs: growing });
  breaker.tryAcquire()?.failure('first');
  await clock.advance(1_000);
  breaker.tryAcquire()?.success();
  expect(breaker.stats.openings).toBe(1);
  await clock.advance(1_000);
  expect(breaker.stats.openings).toBe(0);
});

test('an opening whose wait ended during the isolation is over at the release, and not before', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ clock, openMs: 1_000 });
  const edges: string[] = [];
  breaker.on('state', ({ from, to, atMs }) => edges.push(`${from} ${to} ${atMs}`));
  breaker.isolate('works');
  breaker.open();
  await clock.advance(5_000);
  breaker.release('works');
  breaker.tryAcquire();
  expect(edges).toEqual(['closed isolated 0', 'isolated open 5000', 'open half-open 5000']);
});

test('closing a closed circuit by hand empties its window', () => {
  const breaker = circuitBreaker({ consecutiveFailures: 2 });
  breaker.tryAcquire()?.failure('first');
  breaker.close();
  expect(breaker.stats.calls).toBe(0);
  breaker.tryAcquire()?.failure('second');
  expect(breaker.state).toBe('closed');
});

test('every listener hears the changes in the order in which they were made', () => {
  const breaker = circuitBreaker({ consecutiveFailures: 1 });
  const heard: string[] = [];
  breaker.on('state', ({ to }) => to === 'open' && breaker.close());
  breaker.on('state', ({ from, to }) => heard.push(`${from} ${to}`));
  breaker.tryAcquire()?.failure('first');
  expect(heard).toEqual(['closed open', 'open closed']);
});
