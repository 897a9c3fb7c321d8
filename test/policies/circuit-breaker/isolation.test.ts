import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { boom, edges, feed, freePlaces, heard } from './support.ts';

function breakerOnAClock() {
  const clock = new VirtualClock();
  return { clock, breaker: circuitBreaker({ clock, openMs: 1_000, consecutiveFailures: 1 }) };
}

test('rejects every call, however long it lasts', async () => {
  const { breaker, clock } = breakerOnAClock();
  breaker.isolate('maintenance');
  await clock.advance(86_400_000);
  expect(breaker.state).toBe('isolated');
  expect(breaker.tryAcquire()).toBeUndefined();
  await expect(breaker.run(() => 1)).rejects.toMatchObject({ state: 'isolated' });
});

test('two operators do not undo each other', () => {
  const { breaker } = breakerOnAClock();
  const seen = edges(breaker);
  breaker.isolate('ann');
  breaker.isolate('bob');
  breaker.release('ann');
  expect(breaker.state).toBe('isolated');
  breaker.release('bob');
  expect(breaker.state).toBe('closed');
  expect(seen).toEqual(['closed->isolated', 'isolated->closed']);
});

test('the reasons are a set: the same twice is taken back once', () => {
  const { breaker } = breakerOnAClock();
  breaker.isolate('ann');
  breaker.isolate('ann');
  breaker.release('ann');
  expect(breaker.state).toBe('closed');
});

test('releasing what nobody gave changes nothing', () => {
  const { breaker } = breakerOnAClock();
  const seen = edges(breaker);
  breaker.release('nobody');
  breaker.isolate('ann');
  breaker.release('nobody');
  expect(breaker.state).toBe('isolated');
  expect(seen).toEqual(['closed->isolated']);
});

test('a release returns to closed with an empty window, whatever was before', async () => {
  const { breaker, clock } = breakerOnAClock();
  feed(breaker, 'SSF');
  expect(breaker.state).toBe('open');
  breaker.isolate('ann');
  await clock.advance(1);
  breaker.release('ann');
  expect(breaker.state).toBe('closed');
  expect(breaker.stats).toMatchObject({ calls: 0, failures: 0 });
});

test('results meanwhile are stale', () => {
  const { breaker } = breakerOnAClock();
  const stale = heard(breaker, 'stale');
  const [during, after] = [breaker.tryAcquire(), breaker.tryAcquire()];
  breaker.isolate('ann');
  during?.failure(boom);
  expect(stale).toHaveLength(1);
  breaker.release('ann');
  after?.failure(boom);
  expect(stale).toHaveLength(2);
  expect(breaker.state).toBe('closed');
  expect(breaker.stats.calls).toBe(0);
});

test('open() meanwhile sets what the last release returns to', async () => {
  const { breaker, clock } = breakerOnAClock();
  const seen = edges(breaker);
  breaker.isolate('ann');
  breaker.open();
  expect(breaker.state).toBe('isolated');
  expect(seen).toEqual(['closed->isolated']);
  await clock.advance(400);
  breaker.release('ann');
  expect(breaker.state).toBe('open');
  expect(breaker.retryAfterMs).toBe(600);
  expect(seen).toEqual(['closed->isolated', 'isolated->open']);
});

test('a second reason leaves what open() has set meanwhile', () => {
  const { breaker } = breakerOnAClock();
  breaker.isolate('ann');
  breaker.open();
  breaker.isolate('bob');
  breaker.release('ann');
  breaker.release('bob');
  expect(breaker.state).toBe('open');
});

test('close() meanwhile takes an open() meanwhile back', () => {
  const { breaker } = breakerOnAClock();
  breaker.isolate('ann');
  breaker.open();
  breaker.close();
  breaker.release('ann');
  expect(breaker.state).toBe('closed');
});

test('an opening whose wait was over during the isolation meets the next call half-open', async () => {
  const { breaker, clock } = breakerOnAClock();
  breaker.isolate('ann');
  breaker.open();
  await clock.advance(5_000);
  breaker.release('ann');
  expect(breaker.state).toBe('half-open');
  expect(freePlaces(breaker)).toBe(1);
});

test('isolating a half-open circuit takes its probes their say', async () => {
  const { breaker, clock } = breakerOnAClock();
  feed(breaker, 'F');
  await clock.advance(1_000);
  const probe = breaker.tryAcquire();
  breaker.isolate('ann');
  probe?.success();
  breaker.release('ann');
  expect(breaker.state).toBe('closed');
  expect(freePlaces(breaker)).toBe(10);
});

test('is never open, and so has no retryAfterMs', () => {
  const { breaker } = breakerOnAClock();
  breaker.isolate('ann');
  breaker.open();
  expect(breaker.retryAfterMs).toBeUndefined();
});

test('wants a reason', () => {
  const { breaker } = breakerOnAClock();
  expect(() => breaker.isolate('')).toThrow(TypeError);
  expect(() => breaker.isolate(undefined as never)).toThrow(/reason/);
  expect(() => breaker.release('')).toThrow(TypeError);
  expect(breaker.state).toBe('closed');
});
