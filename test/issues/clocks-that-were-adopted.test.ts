// A policy adopts the clock of a pipeline that has one, even where the pipeline is then not made, or where the policy
// stands in another one already, which is left with policies on two clocks.
import { circuitBreaker, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';

test('a pipeline that is not made leaves the clocks of its policies alone', () => {
  const [a, b] = [new VirtualClock(), new VirtualClock()];
  const tries = retry();
  expect(() => pipeline({ name: 'p', clock: a }, tries, timeout({ ms: 1, clock: b }))).toThrow(TypeError);
  expect(() => pipeline({ name: 'p', clock: b }, tries)).not.toThrow();
});

test('a policy of a pipeline on the default clock cannot be moved to another clock by a second pipeline', () => {
  const [tries, breaker] = [retry(), circuitBreaker()];
  pipeline('first', tries, breaker);
  try {
    pipeline({ name: 'second', clock: new VirtualClock() }, breaker);
  } catch {
    // To throw is the other good answer.
  }
  expect(breaker.clock).toBe(tries.clock);
});
