import assert from 'node:assert/strict';
import { type BreakerStateEvent, CircuitOpenError, circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { errorOf } from '../../support/spies.ts';
import { about, type Behaviour, DOWN, fails } from './behaviour.ts';

const edges = (clock: VirtualClock) => {
  const breaker = circuitBreaker({ consecutiveFailures: 2, openMs: 1_000, clock });
  const events: BreakerStateEvent[] = [];
  breaker.on('state', (event) => events.push(event));
  return { breaker, told: () => events.map(({ from, to, reason }) => `${from} > ${to}: ${reason}`), events };
};

export const breakerControl: Behaviour[] = [
  ...about('a circuit breaker that is controlled by hand', {
    'closes with an empty window': async (clock) => {
      const breaker = circuitBreaker({ clock });
      await breaker.run(fails).catch(() => {});
      breaker.open();
      breaker.close();
      assert.deepEqual([breaker.state, breaker.stats.calls], ['closed', 0]);
    },
    'is isolated while there is a reason': (clock) => {
      const breaker = circuitBreaker({ clock });
      breaker.isolate('deploy');
      breaker.isolate('incident');
      breaker.release('deploy');
      assert.equal(breaker.state, 'isolated');
      breaker.release('incident');
      assert.equal(breaker.state, 'closed');
    },
    'is not released by another reason': (clock) => {
      const breaker = circuitBreaker({ clock });
      breaker.isolate('deploy');
      breaker.release('incident');
      assert.equal(breaker.state, 'isolated');
    },
    'refuses while isolated, and cannot say for how long': async (clock) => {
      const breaker = circuitBreaker({ clock });
      breaker.isolate('deploy');
      const error = await errorOf(breaker.run(() => 1));
      assert(error instanceof CircuitOpenError);
      assert.deepEqual([error.state, error.retryAfterMs, error.cause], ['isolated', undefined, undefined]);
    },
    'returns from isolation to what open() set meanwhile': (clock) => {
      const breaker = circuitBreaker({ clock });
      breaker.isolate('deploy');
      breaker.open();
      assert.equal(breaker.state, 'isolated');
      breaker.release('deploy');
      assert.equal(breaker.state, 'open');
    },
    'counts nothing that ends while it is isolated': (clock) => {
      const breaker = circuitBreaker({ consecutiveFailures: 1, clock });
      const permit = breaker.tryAcquire()!;
      breaker.isolate('deploy');
      permit.failure(DOWN);
      breaker.release('deploy');
      assert.deepEqual([breaker.state, breaker.stats.calls], ['closed', 0]);
    },
  }),
  ...about('a circuit breaker that only observes', {
    'refuses nothing': async (clock) => {
      const breaker = circuitBreaker({ observeOnly: true, clock });
      breaker.open();
      assert.equal(await breaker.run(() => 1), 1);
    },
    'tells what it would have refused': async (clock) => {
      const seen: unknown[] = [];
      const breaker = circuitBreaker({ observeOnly: true, clock });
      breaker.on('reject', ({ state, observed }) => seen.push([state, observed]));
      breaker.open();
      await breaker.run(() => 1);
      assert.deepEqual(seen, [['open', true]]);
    },
    'trips as it would in earnest': async (clock) => {
      const breaker = circuitBreaker({ observeOnly: true, consecutiveFailures: 1, clock });
      await breaker.run(fails).catch(() => {});
      assert.equal(breaker.state, 'open');
    },
  }),
  ...about('a state event', {
    'comes once for each change, in order': async (clock) => {
      const { breaker, told } = edges(clock);
      for (const _ of 'ff') await breaker.run(fails).catch(() => {});
      await clock.advance(1_000);
      await breaker.run(() => 1);
      assert.deepEqual(told(), [
        'closed > open: consecutive-failures',
        'open > half-open: wait-over',
        'half-open > closed: probes',
      ]);
    },
    'says when the wait was over, not when that was noticed': async (clock) => {
      const { breaker, events } = edges(clock);
      breaker.open();
      await clock.advance(5_000);
      await breaker.run(() => 1);
      assert.deepEqual(
        events.map(({ atMs }) => atMs),
        [0, 1_000, 5_000],
      );
    },
    'comes before the call that caused it settles': async (clock) => {
      const { breaker, told } = edges(clock);
      await breaker.run(fails).catch(() => {});
      await breaker.run(fails).catch(() => assert.equal(told().length, 1));
    },
    'carries the error that tripped it': async (clock) => {
      const { breaker, events } = edges(clock);
      for (const _ of 'ff') await breaker.run(fails).catch(() => {});
      assert.deepEqual([events[0]?.cause, events[0]?.policy], [DOWN, 'circuit-breaker']);
    },
    'tells of isolation and release': (clock) => {
      const { breaker, told } = edges(clock);
      breaker.isolate('a');
      breaker.isolate('b');
      breaker.release('a');
      breaker.release('b');
      assert.deepEqual(told(), ['closed > isolated: isolation', 'isolated > closed: isolation']);
    },
    'does not come where open() finds it open': (clock) => {
      const { breaker, told } = edges(clock);
      breaker.open();
      breaker.open();
      assert.deepEqual(told(), ['closed > open: manual']);
    },
  }),
  ...about('a snapshot', {
    'is plain JSON': (clock) => {
      const snapshot = circuitBreaker({ clock }).snapshot();
      assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot);
    },
    'goes on with what was left of an opening, on any clock': async (clock) => {
      const breaker = circuitBreaker({ openMs: 1_000, clock });
      breaker.open();
      await clock.advance(400);
      const restore = JSON.parse(JSON.stringify(breaker.snapshot()));
      const later = new VirtualClock({ startMs: 77_000 });
      const restored = circuitBreaker({ openMs: 1_000, clock: later, restore });
      assert.deepEqual([restored.state, restored.retryAfterMs], ['open', 600]);
      await later.advance(600);
      assert.equal(restored.state, 'half-open');
    },
    'keeps what the window held': async (clock) => {
      const breaker = circuitBreaker({ clock });
      await breaker.run(fails).catch(() => {});
      await breaker.run(() => 1);
      assert.deepEqual(circuitBreaker({ clock, restore: breaker.snapshot() }).stats, breaker.stats);
    },
    'keeps the reasons for isolation': (clock) => {
      const breaker = circuitBreaker({ clock });
      breaker.isolate('deploy');
      assert.equal(circuitBreaker({ clock, restore: breaker.snapshot() }).state, 'isolated');
    },
  }),
];
