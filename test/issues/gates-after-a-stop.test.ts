// Fused gates went on entering after a timeout that cooperates had stopped the call, where lone gates did not.
import { type Layer, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { spyGate, watch } from '../support/spies.ts';

const wall: Layer = { around: (next) => next };

test.each([
  ['fused', []],
  ['apart', [wall]],
])('no gate is entered once the time is over: %s', async (_, between) => {
  const clock = new VirtualClock();
  const waits = spyGate({
    answer: (n) => new Promise((resolve) => void clock.setTimer(50, () => resolve(n))),
  });
  const next = spyGate();
  const limit = timeout({ ms: 10, mode: 'cooperate', clock });
  const run = watch(pipeline('p', limit, waits, ...between, next).run(() => 1));
  await clock.advance(50);
  expect(run.state).toBe('rejected');
  expect(next.log).toEqual([]);
});
