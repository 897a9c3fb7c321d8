import { constant, type Judge, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { errorOf, heard, scripted } from './support.ts';

const boom = new Error('boom');

function within(timeoutMs: number, backoffMs: number, retryAfterMs?: number) {
  const clock = new VirtualClock();
  const judge: Judge = ({ ok }) => (ok ? undefined : { verdict: 'failure', retryAfterMs });
  const policy = retry({ backoff: constant(backoffMs), budget: false, retries: 5, clock, judge });
  const exhausted = heard(policy, 'exhausted');
  return { clock, policy, exhausted, run: { timeoutMs } };
}

test('a sleep that would reach the deadline of the run is not begun: the last outcome stands at once', async () => {
  const { clock, policy, exhausted, run } = within(100, 100);
  const { operation, attempts } = scripted(boom);
  expect(await errorOf(policy.run(operation, run))).toBe(boom);
  expect(clock.now()).toBe(0);
  expect(attempts).toEqual([1]);
  expect(exhausted).toMatchObject([{ reason: 'deadline', attempt: 1 }]);
});

test('one that ends before it is slept', async () => {
  const { clock, policy, exhausted, run } = within(100, 49);
  const { operation, attempts } = scripted(boom);
  const error = errorOf(policy.run(operation, run));
  await clock.runAll();
  expect(await error).toBe(boom);
  expect(attempts).toEqual([1, 2, 3]);
  expect(clock.now()).toBe(98);
  expect(exhausted).toMatchObject([{ reason: 'deadline', attempt: 3 }]);
});

test('the earliest deadline around counts', async () => {
  const { clock, policy } = within(1_000, 100);
  const guarded = pipeline('p', timeout({ ms: 250, clock }), policy);
  const { operation, attempts } = scripted(boom);
  const error = errorOf(guarded.run(operation, { timeoutMs: 1_000 }));
  await clock.runAll();
  expect(await error).toBe(boom);
  expect(attempts).toEqual([1, 2, 3]);
  expect(clock.now()).toBe(200);
});

test('an attempt timeout further in sets no deadline for the sleeps', async () => {
  const { clock, policy } = within(1_000, 500);
  const guarded = pipeline('p', policy, timeout({ ms: 10, clock }));
  const { operation, attempts } = scripted(boom, 'value');
  const result = guarded.run(operation);
  await clock.runAll();
  expect(await result).toBe('value');
  expect(attempts).toEqual([1, 2]);
});

test('a hint past the deadline ends the retrying; it is never shortened', async () => {
  const { clock, policy, exhausted, run } = within(1_000, 1, 1_000);
  const { operation, attempts } = scripted(boom);
  expect(await errorOf(policy.run(operation, run))).toBe(boom);
  expect(attempts).toEqual([1]);
  expect(clock.now()).toBe(0);
  expect(exhausted).toMatchObject([{ reason: 'hint', attempt: 1 }]);
});

test('what is not begun for the deadline costs no token', async () => {
  const clock = new VirtualClock();
  const policy = retry({ backoff: constant(100), clock });
  await errorOf(policy.run(scripted(boom).operation, { timeoutMs: 100 }));
  expect(policy.budget?.tokens(0)).toBe(10);
});

test('no attempt starts once the run has timed out', async () => {
  const { clock, policy } = within(100, 10);
  let calls = 0;
  const error = errorOf(
    policy.run(
      () => {
        calls++;
        return new Promise((_, reject) => clock.setTimer(150, () => reject(boom)));
      },
      { timeoutMs: 100 },
    ),
  );
  await clock.runAll();
  expect(await error).toMatchObject({ code: 'HOLDFAST_TIMEOUT', policy: 'deadline' });
  expect(calls).toBe(1);
});
