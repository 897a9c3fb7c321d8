/** A window by calls never reads the clock, and its snapshot held the clock's own reading as an age. */
import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';

const after = (startMs: number) => {
  const clock = new VirtualClock({ startMs });
  const breaker = circuitBreaker({ window: { calls: 4 }, clock });
  breaker.tryAcquire()?.success();
  return breaker.snapshot();
};

test('what it holds of the window does not depend on what the clock reads', () => {
  expect(after(86_400_000).window).toEqual(after(0).window);
});

test('a snapshot is good also where the clock reads less than 0', () => {
  expect(() => circuitBreaker({ window: { calls: 4 }, restore: after(-5) })).not.toThrow();
});
