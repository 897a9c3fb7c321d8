import {
  type BreakerSnapshot,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreaker,
  exponential,
  pipeline,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { feed, freePlaces } from './support.ts';

const overTheWire = (breaker: CircuitBreaker): BreakerSnapshot =>
  JSON.parse(JSON.stringify(breaker.snapshot())) as BreakerSnapshot;

const options = {
  openMs: exponential({ baseMs: 1_000, maxMs: 60_000, jitter: 'none' }),
  minimumCalls: 4,
} as const satisfies CircuitBreakerOptions;

/** The same breaker in another process, whose clock reads something else. */
function restart(breaker: CircuitBreaker, more: CircuitBreakerOptions = {}) {
  const clock = new VirtualClock({ startMs: 7_000_000 });
  return { clock, restored: circuitBreaker({ ...options, clock, restore: overTheWire(breaker), ...more }) };
}

test('is plain JSON', () => {
  const breaker = circuitBreaker({ clock: new VirtualClock() });
  feed(breaker, 'SF');
  expect(overTheWire(breaker)).toEqual(breaker.snapshot());
});

test('an opening goes on for what was left of it', async () => {
  const clock = new VirtualClock({ startMs: 123 });
  const breaker = circuitBreaker({ ...options, clock });
  feed(breaker, 'FFFF');
  await clock.advance(400);
  const { restored, clock: later } = restart(breaker);
  expect(restored.state).toBe('open');
  expect(restored.retryAfterMs).toBe(600);
  await later.advance(600);
  expect(restored.state).toBe('half-open');
});

test('the row of openings goes on', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ ...options, clock });
  feed(breaker, 'FFFF');
  await clock.advance(1_000);
  feed(breaker, 'F');
  const { restored, clock: later } = restart(breaker);
  expect(restored.retryAfterMs).toBe(2_000);
  await later.advance(2_000);
  feed(restored, 'F');
  expect(restored.retryAfterMs).toBe(4_000);
});

test('the time for which it has stayed closed goes on', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ ...options, clock });
  feed(breaker, 'FFFF');
  await clock.advance(1_000);
  feed(breaker, 'S');
  await clock.advance(600);
  const { restored, clock: later } = restart(breaker);
  await later.advance(400);
  feed(restored, 'FFFF');
  expect(restored.retryAfterMs).toBe(1_000);
});

test('what is restored from a snapshot shares nothing with it, nor with what else was restored from it', async () => {
  const clock = new VirtualClock();
  const original = circuitBreaker({ ...options, clock, probes: 3, window: { calls: 4 } });
  feed(original, 'SFS');
  const closed = original.snapshot();
  const sameWindow = { ...options, clock, probes: 3, window: { calls: 4 } } as const;
  const [one, other] = [1, 2].map(() => circuitBreaker({ ...sameWindow, restore: closed }));
  feed(one!, 'S');
  expect(other!.stats.calls).toBe(3);
  expect(original.snapshot()).toEqual(closed);

  original.open();
  await clock.advance(1_000);
  feed(original, 'S');
  const halfOpen = original.snapshot();
  const [first, second] = [1, 2].map(() => circuitBreaker({ ...sameWindow, restore: halfOpen }));
  feed(first!, 'S');
  expect(first!.state).toBe('closed');
  feed(second!, 'F');
  expect(second!.state).toBe('half-open');
  expect(original.snapshot()).toEqual(halfOpen);
});

describe('the window', () => {
  test('goes on, with the age of what it holds', async () => {
    const clock = new VirtualClock({ startMs: 123 });
    const breaker = circuitBreaker({ ...options, clock, window: { ms: 1_000 } });
    feed(breaker, 'F');
    await clock.advance(500);
    feed(breaker, 'SS');
    const { restored, clock: later } = restart(breaker, { window: { ms: 1_000 } });
    expect(restored.stats).toEqual(breaker.stats);
    await later.advance(499);
    expect(restored.stats).toMatchObject({ calls: 3, failures: 1 });
    await later.advance(1);
    expect(restored.stats).toMatchObject({ calls: 2, failures: 0 });
  });

  test('is empty where all that it held is too old', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ clock, window: { ms: 1_000 } });
    const empty = breaker.snapshot();
    feed(breaker, 'SF');
    await clock.advance(1_000);
    expect(breaker.snapshot().window).toEqual(empty.window);
  });

  test('goes on, in the order of the calls', () => {
    const window = { calls: 4 };
    const breaker = circuitBreaker({ window, failureRate: 1 });
    feed(breaker, 'FSFSSF');
    const { restored } = restart(breaker, { window, failureRate: 1 });
    expect(restored.stats).toMatchObject({ calls: 4, failures: 2 });
    feed(restored, 'S');
    expect(restored.stats).toMatchObject({ calls: 4, failures: 1 });
  });

  test('has to be the same', () => {
    const breaker = circuitBreaker({ window: { calls: 4 } });
    const restore = overTheWire(breaker);
    expect(() => circuitBreaker({ window: { calls: 5 }, restore })).toThrow(/circuitBreaker.*restore/);
    expect(() => circuitBreaker({ window: { ms: 4 }, restore })).toThrow(TypeError);
  });
});

test('a row of failures goes on', () => {
  const breaker = circuitBreaker({ clock: new VirtualClock(), consecutiveFailures: 3 });
  feed(breaker, 'SFF');
  const { restored } = restart(breaker, { minimumCalls: 20, consecutiveFailures: 3 });
  feed(restored, 'F');
  expect(restored.state).toBe('open');
});

test('the results of probes are kept, and the places of probes in flight are free', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ ...options, clock, probes: 3 });
  feed(breaker, 'FFFF');
  await clock.advance(1_000);
  feed(breaker, 'S');
  breaker.tryAcquire();
  breaker.tryAcquire();
  const { restored } = restart(breaker, { probes: 3 });
  expect(restored.state).toBe('half-open');
  expect(freePlaces(restored)).toBe(2);
  feed(restored, 'S');
  expect(restored.state).toBe('closed');
});

test('reasons of isolation are kept, and can be released', () => {
  const breaker = circuitBreaker({ clock: new VirtualClock() });
  breaker.isolate('ann');
  breaker.isolate('bob');
  breaker.open();
  const { restored } = restart(breaker);
  restored.release('ann');
  expect(restored.state).toBe('isolated');
  restored.release('bob');
  expect(restored.state).toBe('open');
});

test('the error that tripped it is dropped', async () => {
  const breaker = circuitBreaker({ clock: new VirtualClock(), consecutiveFailures: 1 });
  feed(breaker, 'F');
  const { restored } = restart(breaker);
  const error = await restored.run(() => 1).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ state: 'open' });
  expect(error).not.toHaveProperty('cause');
});

test('is placed in the time of a clock that the breaker gets from its pipeline', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ ...options, clock });
  feed(breaker, 'FFFF');
  await clock.advance(400);
  const restored = circuitBreaker({ ...options, restore: overTheWire(breaker) });
  pipeline({ name: 'p', clock: new VirtualClock({ startMs: 9e9 }) }, restored);
  expect(restored.retryAfterMs).toBe(600);
});

describe('a breaker that enters a pipeline keeps what it has learned', () => {
  test.each([
    ['on its own clock', {}],
    ['on that of the pipeline', { clock: new VirtualClock() }],
  ])('%s', (_, more) => {
    const breaker = circuitBreaker();
    feed(breaker, 'SF');
    breaker.isolate('ann');
    pipeline({ name: 'p', ...more }, breaker);
    expect(breaker.state).toBe('isolated');
  });

  test('after a snapshot was restored', () => {
    const clock = new VirtualClock();
    const restored = circuitBreaker({ clock, restore: overTheWire(circuitBreaker()) });
    feed(restored, 'SF');
    pipeline({ name: 'p', clock }, restored);
    expect(restored.stats).toMatchObject({ calls: 2, failures: 1 });
  });
});

test.each([
  ['a number', 1],
  ['an empty object', {}],
  ['another version', { version: 2 }],
  ['a phase that is none', { phase: { kind: 'ajar', forMs: 0 } }],
  ['a phase whose name ends as that of another', { phase: { kind: 'unclosed', failuresInARow: 0 } }],
  ['a phase whose name begins as that of another', { phase: { kind: 'closedish', failuresInARow: 0 } }],
  ['no phase', { phase: undefined }],
  ['no openings', { openings: undefined }],
  ['openings of which one number is bad', { openings: { count: 1, lastMs: -1, totalMs: 0 } }],
  ['no window', { window: undefined }],
  ['a negative age', { ageMs: -1 }],
  ['reasons that are no strings', { reasons: [1] }],
  ['a window that is none', { window: {} }],
])('%s is no snapshot', (_what, change) => {
  const good = circuitBreaker({ clock: new VirtualClock() }).snapshot();
  const empty = typeof change === 'object' && Object.keys(change).length === 0;
  const bad = typeof change === 'number' || empty ? change : { ...good, ...change };
  expect(() => circuitBreaker({ restore: bad as never })).toThrow(/restore/);
});
