import { CircuitOpenError, circuitBreaker, isRejection, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { boom, feed } from './support.ts';

const onAClock = () => {
  const clock = new VirtualClock();
  return { clock, breaker: circuitBreaker({ clock, consecutiveFailures: 1, openMs: 1_000 }) };
};

const rejectionOf = async (runs: { run(operation: () => unknown): Promise<unknown> }) => {
  let ran = false;
  const error = await runs
    .run(() => {
      ran = true;
    })
    .catch((caught: unknown) => caught);
  expect(ran).toBe(false);
  if (!(error instanceof CircuitOpenError)) throw error;
  return error;
};

test('is a CircuitOpenError with a code, and the operation did not run', async () => {
  const { breaker } = onAClock();
  feed(breaker, 'F');
  const error = await rejectionOf(breaker);
  expect(isRejection(error)).toBe(true);
  expect(error).toMatchObject({
    name: 'CircuitOpenError',
    code: 'HOLDFAST_CIRCUIT_OPEN',
    policy: 'circuit-breaker',
    pipeline: undefined,
    state: 'open',
  });
});

test('retryAfterMs is what is left of the opening', async () => {
  const { breaker, clock } = onAClock();
  feed(breaker, 'F');
  await clock.advance(250);
  expect((await rejectionOf(breaker)).retryAfterMs).toBe(750);
});

test('retryAfterMs is undefined while half-open, whose end nobody knows', async () => {
  const { breaker, clock } = onAClock();
  feed(breaker, 'F');
  await clock.advance(1_000);
  breaker.tryAcquire();
  expect(await rejectionOf(breaker)).toMatchObject({ state: 'half-open', retryAfterMs: undefined });
});

test('retryAfterMs and cause are undefined when isolated', async () => {
  const { breaker } = onAClock();
  feed(breaker, 'F');
  breaker.isolate('ann');
  const error = await rejectionOf(breaker);
  expect(error).toMatchObject({ state: 'isolated', retryAfterMs: undefined });
  expect(error).not.toHaveProperty('cause');
});

test('cause is the error that tripped it', async () => {
  const { breaker, clock } = onAClock();
  feed(breaker, 'F');
  expect((await rejectionOf(breaker)).cause).toBe(boom);
  await clock.advance(1_000);
  const later = new Error('of the probe');
  breaker.tryAcquire()?.failure(later);
  expect((await rejectionOf(breaker)).cause).toBe(later);
});

test('an opening by hand has no cause', async () => {
  const { breaker } = onAClock();
  feed(breaker, 'F');
  breaker.close();
  breaker.open();
  expect(await rejectionOf(breaker)).not.toHaveProperty('cause');
});

test('each is a new error, with the same message for the same state', async () => {
  const { breaker, clock } = onAClock();
  const payments = pipeline('payments', breaker);
  feed(breaker, 'F');
  const first = await rejectionOf(payments);
  await clock.advance(123);
  const second = await rejectionOf(payments);
  expect(second).not.toBe(first);
  expect(second.message).toBe(first.message);
  expect(first).toMatchObject({ pipeline: 'payments', policy: 'circuit-breaker' });
});

test('captures no stack unless asked to', async () => {
  const { breaker, clock } = onAClock();
  breaker.open();
  expect((await rejectionOf(breaker)).stack).not.toContain('\n    at ');
  const debugged = circuitBreaker({ clock, captureStack: true });
  debugged.open();
  expect((await rejectionOf(debugged)).stack).toContain('\n    at ');
});
