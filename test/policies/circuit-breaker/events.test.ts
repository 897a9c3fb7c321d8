import { type BreakerStateEvent, circuitBreaker, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test, vi } from 'vitest';
import { boom, feed, heard } from './support.ts';

const onAClock = () => {
  const clock = new VirtualClock({ startMs: 50 });
  return { clock, breaker: circuitBreaker({ clock, consecutiveFailures: 2, openMs: 1_000 }) };
};

test('a change of state says where from, where to, when, why, by which error, and what the window holds', () => {
  const { breaker } = onAClock();
  const events = heard(breaker, 'state');
  feed(breaker, 'SFF');
  expect(events).toEqual([
    {
      policy: 'circuit-breaker',
      pipeline: undefined,
      from: 'closed',
      to: 'open',
      atMs: 50,
      reason: 'consecutive-failures',
      unwellSinceMs: 50,
      cause: boom,
      stats: { calls: 3, failures: 2, slow: 0, failureRate: undefined, slowRate: undefined, openings: 1 },
    },
  ]);
});

test('since when it was unwell is said of a trip alone', () => {
  const { breaker } = onAClock();
  feed(breaker, 'F');
  const events = heard(breaker, 'state');
  breaker.isolate('by hand');
  breaker.release('by hand');
  breaker.open();
  expect(events.map((event) => (event as { unwellSinceMs?: number }).unwellSinceMs)).toEqual(
    Array(3).fill(undefined),
  );
});

test('half-open is said with the first admission, and dated when the wait was over', async () => {
  const { breaker, clock } = onAClock();
  feed(breaker, 'FF');
  const events = heard(breaker, 'state');
  await clock.advance(30_000);
  expect(breaker.state).toBe('half-open');
  expect(breaker.stats.calls).toBe(0);
  expect(events).toEqual([]);
  breaker.tryAcquire();
  expect(events).toMatchObject([{ from: 'open', to: 'half-open', atMs: 1_050, reason: 'wait-over' }]);
  breaker.tryAcquire();
  expect(events).toHaveLength(1);
});

test('the probes that closed it are the reason', async () => {
  const { breaker, clock } = onAClock();
  feed(breaker, 'FF');
  await clock.advance(1_200);
  const events = heard(breaker, 'state');
  feed(breaker, 'S');
  expect(events.at(-1)).toMatchObject({ from: 'half-open', to: 'closed', atMs: 1_250, reason: 'probes' });
});

test('only an opening has a cause', async () => {
  const { breaker, clock } = onAClock();
  const events = heard(breaker, 'state');
  feed(breaker, 'FF');
  await clock.advance(1_000);
  feed(breaker, 'S');
  expect(events.map(({ to, cause }) => [to, cause])).toEqual([
    ['open', boom],
    ['half-open', undefined],
    ['closed', undefined],
  ]);
});

test('the event comes after the state has changed', () => {
  const { breaker } = onAClock();
  const states: string[] = [];
  breaker.on('state', ({ to }) => states.push(breaker.state, to));
  feed(breaker, 'FF');
  expect(states).toEqual(['open', 'open']);
});

test('and before the call that caused it settles', async () => {
  const { breaker } = onAClock();
  const order: string[] = [];
  breaker.on('state', () => order.push('state'));
  feed(breaker, 'F');
  await breaker.run(() => Promise.reject(boom)).catch(() => order.push('settled'));
  expect(order).toEqual(['state', 'settled']);
});

test('a listener may change the state itself: each change is still told once', () => {
  const { breaker } = onAClock();
  const seen: string[] = [];
  breaker.on('state', ({ to }) => {
    if (to === 'open') breaker.close();
  });
  breaker.on('state', ({ from, to }) => seen.push(`${from}->${to}`));
  feed(breaker, 'FF');
  expect(breaker.state).toBe('closed');
  expect(seen.sort()).toEqual(['closed->open', 'open->closed']);
});

test('a state event names the pipeline whose run caused it', async () => {
  const { breaker } = onAClock();
  const events = heard(breaker, 'state');
  const guarded = pipeline('payments', breaker);
  for (let i = 0; i < 2; i++) await guarded.run(() => Promise.reject(boom)).catch(() => {});
  expect(events).toMatchObject([{ policy: 'circuit-breaker', pipeline: 'payments', to: 'open' }]);
});

test('every pipeline that shares a breaker hears its state, and the breaker counts it once', async () => {
  const { breaker } = onAClock();
  const [own, one, other]: BreakerStateEvent[][] = [[], [], []];
  breaker.on('state', (event) => own?.push(event));
  const first = pipeline('one', breaker).on('state', (event) => one?.push(event));
  pipeline('other', breaker).on('state', (event) => other?.push(event));
  for (let i = 0; i < 2; i++) await first.run(() => Promise.reject(boom)).catch(() => {});
  expect([own, one, other].map((events) => events?.map(({ to }) => to))).toEqual([
    ['open'],
    ['open'],
    ['open'],
  ]);
});

test('a rejection is told to the pipeline of its own run only', async () => {
  const { breaker } = onAClock();
  breaker.open();
  const [one, other] = [vi.fn(), vi.fn()];
  const first = pipeline('one', breaker).on('reject', one);
  pipeline('other', breaker).on('reject', other);
  await first.run(() => 1).catch(() => {});
  expect(one).toHaveBeenCalledExactlyOnceWith({
    policy: 'circuit-breaker',
    pipeline: 'one',
    state: 'open',
    retryAfterMs: 1_000,
  });
  expect(other).not.toHaveBeenCalled();
});

test('a listener that throws changes no state and no outcome', async () => {
  const { breaker } = onAClock();
  const faults: unknown[] = [];
  breaker.on('listener-error', ({ error }) => faults.push(error));
  breaker.on('state', () => {
    throw new Error('listener');
  });
  feed(breaker, 'F');
  await expect(breaker.run(() => Promise.reject(boom))).rejects.toBe(boom);
  expect(breaker.state).toBe('open');
  expect(faults).toMatchObject([{ message: 'listener' }]);
});
