import { circuitBreaker, exponential } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { boom, edges, feed, freePlaces, heard } from './support.ts';

function breakerOnAClock() {
  const clock = new VirtualClock();
  const openMs = exponential({ baseMs: 1_000, maxMs: 60_000, jitter: 'none' });
  return { clock, breaker: circuitBreaker({ clock, openMs, consecutiveFailures: 1 }) };
}

describe('open()', () => {
  test('opens a closed circuit for openMs, as if it had tripped', async () => {
    const { breaker, clock } = breakerOnAClock();
    const events = heard(breaker, 'state');
    breaker.open();
    expect(breaker.state).toBe('open');
    expect(breaker.tryAcquire()).toBeUndefined();
    expect(events).toMatchObject([
      { from: 'closed', to: 'open', reason: 'manual', atMs: 0, cause: undefined },
    ]);
    await clock.advance(1_000);
    expect(breaker.state).toBe('half-open');
  });

  test('counts as an opening', async () => {
    const { breaker, clock } = breakerOnAClock();
    breaker.open();
    expect(breaker.stats.openings).toBe(1);
    await clock.advance(1_000);
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(2_000);
  });

  test('on an open circuit starts the wait anew, as one more opening, which is no change of state', async () => {
    const { breaker, clock } = breakerOnAClock();
    const seen = edges(breaker);
    feed(breaker, 'F');
    await clock.advance(900);
    breaker.open();
    expect(breaker.retryAfterMs).toBe(2_000);
    expect(breaker.stats.openings).toBe(2);
    expect(seen).toEqual(['closed->open']);
  });

  test('while half-open takes the probes their say', async () => {
    const { breaker, clock } = breakerOnAClock();
    const seen = edges(breaker);
    feed(breaker, 'F');
    await clock.advance(1_000);
    const probe = breaker.tryAcquire();
    breaker.open();
    probe?.success();
    expect(breaker.state).toBe('open');
    expect(seen).toEqual(['closed->open', 'open->half-open', 'half-open->open']);
  });

  test('after a wait that was over unnoticed passes through half-open', async () => {
    const { breaker, clock } = breakerOnAClock();
    const events = heard(breaker, 'state');
    feed(breaker, 'F');
    await clock.advance(1_500);
    breaker.open();
    expect(events).toMatchObject([
      { to: 'open', atMs: 0 },
      { to: 'half-open', atMs: 1_000, reason: 'wait-over' },
      { to: 'open', atMs: 1_500, reason: 'manual' },
    ]);
  });
});

describe('close()', () => {
  test('closes an open circuit, with an empty window', () => {
    const { breaker } = breakerOnAClock();
    const events = heard(breaker, 'state');
    feed(breaker, 'SSF');
    breaker.close();
    expect(breaker.state).toBe('closed');
    expect(breaker.stats).toMatchObject({ calls: 0, failures: 0 });
    expect(events.at(-1)).toMatchObject({ from: 'open', to: 'closed', reason: 'manual' });
  });

  test('closes a half-open circuit; the probe in flight is stale', async () => {
    const { breaker, clock } = breakerOnAClock();
    feed(breaker, 'F');
    await clock.advance(1_000);
    const probe = breaker.tryAcquire();
    breaker.close();
    probe?.failure(boom);
    expect(breaker.state).toBe('closed');
    expect(breaker.stats.calls).toBe(0);
    expect(freePlaces(breaker)).toBe(10);
  });

  test('does not by itself forget how often the circuit has opened', () => {
    const { breaker } = breakerOnAClock();
    feed(breaker, 'F');
    breaker.close();
    feed(breaker, 'F');
    expect(breaker.retryAfterMs).toBe(2_000);
  });

  test('of a closed circuit empties the window, and calls in flight still count', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock() });
    const stale = heard(breaker, 'stale');
    feed(breaker, 'SF');
    const inFlight = breaker.tryAcquire();
    breaker.close();
    expect(breaker.stats.calls).toBe(0);
    inFlight?.failure(boom);
    expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
    expect(stale).toEqual([]);
  });

  test('emits nothing on a closed circuit', () => {
    const { breaker } = breakerOnAClock();
    const seen = edges(breaker);
    breaker.close();
    expect(breaker.state).toBe('closed');
    expect(seen).toEqual([]);
  });
});
