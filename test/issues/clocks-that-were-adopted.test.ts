// A policy adopted the clock of a pipeline that has one even where the pipeline was then not made.
import { pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';

test('a pipeline that is not made leaves the clocks of its policies alone', () => {
  const [a, b] = [new VirtualClock(), new VirtualClock()];
  const tries = retry();
  expect(() => pipeline({ name: 'p', clock: a }, tries, timeout({ ms: 1, clock: b }))).toThrow(TypeError);
  expect(() => pipeline({ name: 'p', clock: b }, tries)).not.toThrow();
});
