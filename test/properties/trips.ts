/** The breaker trips exactly when a plain list of outcomes, looked through anew each time, says so. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type BreakerStateEvent, circuitBreaker, type TripReason } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { property } from './property.ts';

interface Recorded {
  readonly atMs: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

type WindowOption = { readonly calls: number } | { readonly ms: number };

/** What the window still holds at `nowMs`, of all that was recorded. */
function held(window: WindowOption, all: readonly Recorded[], nowMs: number): readonly Recorded[] {
  if ('calls' in window) return all.slice(-window.calls);
  let kept: Recorded[] = [];
  let begin = 0;
  const tenth = (atMs: number): number => Math.floor(((atMs - begin) * 10) / window.ms);
  const forget = (now: number): void => {
    kept = kept.filter(({ atMs }) => tenth(atMs) > tenth(now) - 10);
  };
  for (const each of all) {
    forget(each.atMs);
    if (kept.length === 0) begin = each.atMs;
    kept.push(each);
  }
  forget(nowMs);
  return kept;
}

interface Rules {
  readonly window: WindowOption;
  readonly failureRate: number;
  readonly minimumCalls: number;
  readonly lowTrafficFailures: number;
  readonly consecutiveFailures: number | undefined;
  readonly slowCallMs: number | undefined;
  readonly slowRate: number | undefined;
}

function tripsBy(rules: Rules, all: readonly Recorded[], nowMs: number): TripReason | undefined {
  const now = held(rules.window, all, nowMs);
  const failures = now.filter(({ failed }) => failed).length;
  const slow = now.filter((each) => each.slow).length;
  const lastSuccess = all.map(({ failed }) => failed).lastIndexOf(false);
  const inARow = all.length - 1 - lastSuccess;
  if (inARow >= (rules.consecutiveFailures ?? Infinity)) return 'consecutive-failures';
  if (now.length < rules.minimumCalls) {
    return failures === now.length && failures >= rules.lowTrafficFailures ? 'low-traffic' : undefined;
  }
  if (failures / now.length >= rules.failureRate) return 'failure-rate';
  const slowCounts = rules.slowCallMs !== undefined;
  return slowCounts && slow / now.length >= (rules.slowRate ?? 0.5) ? 'slow-rate' : undefined;
}

const rate = fc.oneof(
  fc.constantFrom(0.07, 0.1, 1 / 3, 0.5, 0.75, 1),
  fc.double({ min: 0.01, max: 1, noNaN: true }),
);

/** Small enough that a few calls fill it and roll it over, mostly; and any other. */
const size = (small: number, most: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: small }) },
    { weight: 1, arbitrary: fc.integer({ min: small + 1, max: most }) },
  );

const rules: fc.Arbitrary<Rules> = fc
  .record({
    window: fc.oneof(
      size(40, 1_000).map((calls) => ({ calls })),
      size(500, 2 ** 31 - 1).map((ms) => ({ ms })),
    ),
    failureRate: rate,
    minimumCalls: fc.integer({ min: 1, max: 12 }),
    lowTrafficFailures: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant(Infinity)),
    consecutiveFailures: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
    slow: fc.option(fc.record({ slowCallMs: fc.integer({ min: 1, max: 20 }), slowRate: rate })),
  })
  .map(({ slow, ...rest }) => ({
    ...rest,
    minimumCalls: 'calls' in rest.window ? Math.min(rest.minimumCalls, rest.window.calls) : rest.minimumCalls,
    slowCallMs: slow?.slowCallMs,
    slowRate: slow?.slowRate,
  }));

const boom = new Error('boom');

const script = fc.record({
  rules,
  calls: fc.array(
    fc.record({
      gapMs: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 30 }) },
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 600 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 10_000_000_000 }) },
      ),
      durationMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 25 })),
      failed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  ),
});

export default property({
  number: 7,
  name: 'It trips exactly when the naive list says so, for windows of any size',
  file: 'trips',
  script,
  reaches: ['failure-rate', 'slow-rate', 'consecutive-failures', 'low-traffic'],
  async holds({ rules: given, calls }, reached) {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ ...given, clock });
    const events: BreakerStateEvent[] = [];
    breaker.on('state', (event) => events.push(event));
    let all: Recorded[] = [];
    for (const { gapMs, durationMs, failed } of calls) {
      if (gapMs > 0) await clock.advance(gapMs);
      const permit = breaker.tryAcquire();
      if (durationMs > 0) await clock.advance(durationMs);
      if (failed) permit?.failure(boom);
      else permit?.success();
      all.push({ atMs: clock.now(), failed, slow: durationMs > (given.slowCallMs ?? Infinity) });

      const now = held(given.window, all, clock.now());
      const failures = now.filter((each) => each.failed).length;
      const { stats } = breaker;
      assert.deepEqual(
        [stats.calls, stats.failures, stats.slow, stats.failureRate],
        [
          now.length,
          failures,
          now.filter((each) => each.slow).length,
          now.length < given.minimumCalls ? undefined : failures / now.length,
        ],
      );
      const reason = tripsBy(given, all, clock.now());
      assert.equal(breaker.state, reason === undefined ? 'closed' : 'open');
      if (reason === undefined) continue;
      const { to, reason: told } = events.pop() as BreakerStateEvent;
      assert.deepEqual([to, told], ['open', reason]);
      reached(reason);
      breaker.close();
      all = [];
    }
  },
});
