/** A breaker restored from a snapshot, and its original, cannot be told apart by anything that follows. */
import fc from 'fast-check';
import { type BreakerSnapshot, type CircuitBreaker, circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { breakerOptions, commands, Driven, drive } from './commands.ts';

/** All that can be seen of a breaker from outside. */
const seen = (breaker: CircuitBreaker) => ({
  state: breaker.state,
  stats: breaker.stats,
  retryAfterMs: breaker.retryAfterMs,
  snapshot: breaker.snapshot(),
});

/** All that it says from now on. */
function transcript(breaker: CircuitBreaker): unknown[] {
  const said: unknown[] = [];
  for (const type of ['state', 'reject', 'stale'] as const) {
    breaker.on(type, (event) => said.push([type, event]));
  }
  return said;
}

test('whatever came before, and whatever comes after', async () => {
  let informative = 0;
  await fc.assert(
    fc.asyncProperty(
      breakerOptions,
      fc.boolean(),
      fc.boolean(),
      commands(40),
      commands(40),
      async (given, observeOnly, watched, before, after) => {
        const clock = new VirtualClock({ startMs: 1_000 });
        const options = { ...given, observeOnly, clock };
        const original = new Driven(circuitBreaker(options));
        await drive(clock, [original], before);

        const restore = JSON.parse(JSON.stringify(original.breaker.snapshot())) as BreakerSnapshot;
        const restored = new Driven(circuitBreaker({ ...options, restore }));
        // Calls in flight are no part of a snapshot.
        for (const permit of original.permits.splice(0)) permit.ignore();
        if (original.breaker.state !== 'closed') informative++;

        const [one, other] = [transcript(original.breaker), transcript(restored.breaker)];
        if (watched) expect(seen(restored.breaker)).toEqual(seen(original.breaker));
        await drive(clock, [original, restored], after, ([first, second]) => {
          expect(second).toBe(first);
          // Looking makes the breaker notice the time, so half of the runs do not.
          if (watched) expect(seen(restored.breaker)).toEqual(seen(original.breaker));
        });
        expect(seen(restored.breaker)).toEqual(seen(original.breaker));
        expect(other).toEqual(one);
      },
    ),
    { numRuns: 400 },
  );
  expect(informative).toBeGreaterThan(100);
});
