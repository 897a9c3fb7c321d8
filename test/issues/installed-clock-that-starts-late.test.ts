// A virtual clock with a `startMs` made the default clock jump by that much when it was installed: an open circuit was
// half-open all of a sudden.
import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, expect, test } from 'vitest';

afterEach(() => VirtualClock.uninstall());

test('installing a virtual clock lets no time pass, wherever it starts', async () => {
  const breaker = circuitBreaker({ openMs: 5_000 });
  breaker.open();
  const clock = VirtualClock.install({ startMs: 1_700_000_000_000 });
  expect(breaker.state).toBe('open');
  await clock.advance(5_000);
  expect(breaker.state).toBe('half-open');
});
