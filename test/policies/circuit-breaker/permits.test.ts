import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test, vi } from 'vitest';
import { boom, freePlaces, heard } from './support.ts';

const fresh = () => circuitBreaker({ clock: new VirtualClock(), consecutiveFailures: 2, openMs: 1_000 });

test('work that is no function is admitted, and told how it ended', () => {
  const breaker = fresh();
  breaker.tryAcquire()?.success('value');
  breaker.tryAcquire()?.failure(boom);
  expect(breaker.stats).toMatchObject({ calls: 2, failures: 1 });
});

test('failures trip, with the error as the cause', () => {
  const breaker = fresh();
  const events = heard(breaker, 'state');
  breaker.tryAcquire()?.failure('first');
  breaker.tryAcquire()?.failure(boom);
  expect(events).toMatchObject([{ to: 'open', cause: boom }]);
});

test('where the circuit refuses, there is no permit, and a reject event says so', () => {
  const breaker = fresh();
  breaker.open();
  const rejects = heard(breaker, 'reject');
  expect(breaker.tryAcquire()).toBeUndefined();
  expect(rejects).toMatchObject([{ policy: 'circuit-breaker', state: 'open', retryAfterMs: 1_000 }]);
});

test('a success without a value is one', () => {
  const breaker = fresh();
  breaker.tryAcquire()?.success();
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 0 });
});

test('what the permit is told stands, whatever a judge would say of it', () => {
  const breaker = circuitBreaker({ clock: new VirtualClock(), judge: () => 'failure' });
  breaker.tryAcquire()?.success();
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 0 });
});

test('ignore counts nothing', () => {
  const breaker = fresh();
  breaker.tryAcquire()?.ignore();
  expect(breaker.stats.calls).toBe(0);
});

test('only the first word counts', () => {
  const breaker = fresh();
  const permit = breaker.tryAcquire();
  permit?.success();
  permit?.success();
  permit?.failure(boom);
  permit?.ignore();
  permit?.[Symbol.dispose]();
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 0 });
  const ignored = breaker.tryAcquire();
  ignored?.ignore();
  ignored?.failure(boom);
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 0 });
});

test('`using` ignores, and so gives the place of a probe back', async () => {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ clock, openMs: 1_000 });
  breaker.open();
  await clock.advance(1_000);
  {
    using permit = breaker.tryAcquire();
    expect(permit).toBeDefined();
    expect(freePlaces(breaker)).toBe(0);
  }
  expect(freePlaces(breaker)).toBe(1);
  expect(breaker.state).toBe('half-open');
});

test('`using` leaves what was said as it is', () => {
  const breaker = fresh();
  {
    using permit = breaker.tryAcquire();
    permit?.failure(boom);
  }
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
});

test('no judge is asked: the method says what it was', () => {
  const judge = vi.fn(() => 'ignore' as const);
  const breaker = circuitBreaker({ judge, clock: new VirtualClock() });
  breaker.tryAcquire()?.failure(new TypeError('a bug'));
  expect(judge).not.toHaveBeenCalled();
  expect(breaker.stats.failures).toBe(1);
});
