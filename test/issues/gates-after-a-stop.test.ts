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

test.each(['race', 'cooperate'] as const)(
  'a layer that passes the call on after its time is over (%s) leads into no gate',
  async (mode) => {
    const clock = new VirtualClock();
    const late: Layer = {
      around: (next) => async (operation, call) => {
        await new Promise<void>((resolve) => void clock.setTimer(50, resolve));
        return next(operation, call);
      },
    };
    const gate = spyGate();
    const run = watch(pipeline('p', timeout({ ms: 10, mode, clock }), late, gate).run(() => 1));
    await clock.advance(60);
    expect(run.state).toBe('rejected');
    expect(gate.log).toEqual([]);
  },
);
