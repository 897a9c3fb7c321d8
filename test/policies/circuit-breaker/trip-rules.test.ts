import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { feed, heard } from './support.ts';

describe('the failure rate', () => {
  const options = { window: { calls: 100 }, lowTrafficFailures: Infinity } as const;

  test('is judged from 20 calls on, unless told otherwise, however short a time the window spans', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock(), window: { ms: 5 }, lowTrafficFailures: 99 });
    feed(breaker, 'F'.repeat(19));
    expect(breaker.state).toBe('closed');
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });

  test('is not judged below minimumCalls, and reads undefined', () => {
    const breaker = circuitBreaker({ ...options, minimumCalls: 4 });
    feed(breaker, 'FFF');
    expect(breaker.state).toBe('closed');
    expect(breaker.stats).toMatchObject({ calls: 3, failureRate: undefined, slowRate: undefined });
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
    expect(breaker.stats).toMatchObject({ calls: 4, failureRate: 1, slowRate: 0 });
  });

  test('is judged after a success too: one that brings the count to the minimum can trip', () => {
    const breaker = circuitBreaker({ ...options, minimumCalls: 4 });
    feed(breaker, 'FFS');
    expect(breaker.state).toBe('closed');
    feed(breaker, 'S');
    expect(breaker.state).toBe('open');
  });

  test.each([
    [7, 100, 0.07],
    [29, 100, 0.29],
    [57, 100, 0.57],
    [1, 3, 1 / 3],
    [49, 49, 1],
  ])('%i of %i trips at a rate of %f, and one less does not', (failures, calls, failureRate) => {
    const window = { calls };
    const at = circuitBreaker({ window, minimumCalls: calls, failureRate, lowTrafficFailures: Infinity });
    feed(at, 'S'.repeat(calls - failures) + 'F'.repeat(failures));
    expect(at.state).toBe('open');
    const below = circuitBreaker({ window, minimumCalls: calls, failureRate, lowTrafficFailures: Infinity });
    feed(below, 'S'.repeat(calls - failures + 1) + 'F'.repeat(failures - 1));
    expect(below.state).toBe('closed');
  });

  test('is one half of at least twenty calls by default', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock() });
    feed(breaker, `${'S'.repeat(11)}${'F'.repeat(10)}`);
    expect(breaker.state).toBe('closed');
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });
});

describe('low traffic', () => {
  test('five failures and no success trip below the minimum, by default', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock() });
    feed(breaker, 'FFFF');
    expect(breaker.state).toBe('closed');
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });

  test('a service called once a second, all of its calls failing, is protected', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ clock });
    for (let second = 0; second < 4; second++) {
      feed(breaker, 'F');
      await clock.advance(1_000);
    }
    expect(breaker.state).toBe('closed');
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });

  test('one success in the window keeps it closed', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock(), lowTrafficFailures: 2 });
    feed(breaker, 'SFFFFFFFFF');
    expect(breaker.state).toBe('closed');
  });

  test('a success that has left the window does not', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ clock, lowTrafficFailures: 2 });
    feed(breaker, 'S');
    await clock.advance(5_000);
    feed(breaker, 'FF');
    expect(breaker.state).toBe('closed');
    await clock.advance(5_000);
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });

  test('Infinity turns it off', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock(), lowTrafficFailures: Infinity });
    feed(breaker, 'F'.repeat(19));
    expect(breaker.state).toBe('closed');
  });

  test('leaves the word to the rate from the minimum on', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock(), minimumCalls: 2, lowTrafficFailures: 2 });
    const events = heard(breaker, 'state');
    feed(breaker, 'FF');
    expect(events).toMatchObject([{ to: 'open', reason: 'failure-rate' }]);
  });
});

describe('consecutive failures', () => {
  const options = { window: { calls: 100 }, lowTrafficFailures: Infinity, consecutiveFailures: 3 } as const;

  test('trip by themselves, whatever the rate', () => {
    const breaker = circuitBreaker(options);
    feed(breaker, `${'S'.repeat(50)}FF`);
    expect(breaker.state).toBe('closed');
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });

  test('begin at zero with each success', () => {
    const breaker = circuitBreaker({ ...options, failureRate: 1 });
    feed(breaker, 'FFSFFSFF');
    expect(breaker.state).toBe('closed');
  });

  test('go on over an ignored call', () => {
    const breaker = circuitBreaker(options);
    feed(breaker, 'FF');
    breaker.tryAcquire()?.ignore();
    feed(breaker, 'F');
    expect(breaker.state).toBe('open');
  });

  test('are counted however far apart they come', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ clock, lowTrafficFailures: Infinity, consecutiveFailures: 3 });
    for (let i = 0; i < 3; i++) {
      await clock.advance(60_000);
      feed(breaker, 'F');
    }
    expect(breaker.state).toBe('open');
  });

  test('are not looked at unless asked for', () => {
    const breaker = circuitBreaker({ clock: new VirtualClock(), failureRate: 1 });
    feed(breaker, `S${'F'.repeat(1_000)}`);
    expect(breaker.state).toBe('closed');
  });
});

test('says which rule tripped', () => {
  const rules = [
    [{ consecutiveFailures: 2 }, 'FF', 'consecutive-failures'],
    [{ minimumCalls: 4 }, 'SSFF', 'failure-rate'],
    [{ lowTrafficFailures: 2 }, 'FF', 'low-traffic'],
  ] as const;
  for (const [options, calls, reason] of rules) {
    const breaker = circuitBreaker({ ...options, clock: new VirtualClock() });
    const events = heard(breaker, 'state');
    feed(breaker, calls);
    expect(events.map((event) => event.reason)).toEqual([reason]);
  }
});
