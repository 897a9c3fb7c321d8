/** What the machine holds to by itself, also where the gate around it never asks. */
import { expect, test } from 'vitest';
import { BreakerMachine, type BreakerRules } from '../../../src/policies/circuit-breaker/machine.ts';

const RULES: BreakerRules = {
  window: { calls: 4 },
  failureRate: 0.5,
  minimumCalls: 4,
  lowTrafficFailures: Infinity,
  consecutiveFailures: Infinity,
  slowRate: Infinity,
  probes: 2,
  probeTimeoutMs: 100,
  maxOpenMs: 1_000,
};

const closed = () => new BreakerMachine(RULES);

const halfOpen = () => {
  const machine = closed();
  machine.open(0, 50);
  machine.halfOpen();
  return machine;
};

test('numbers its generations and its probes upwards', () => {
  const machine = closed();
  machine.open(0, 50);
  expect(machine.generation).toBe(1);
  machine.halfOpen();
  expect(machine.generation).toBe(2);
  expect([machine.admit(50), machine.admit(50), machine.admit(50)]).toEqual([1, 2, 'half-open']);
});

test('the result of an older generation counts nothing', () => {
  const machine = closed();
  const before = { generation: machine.generation, probe: 0 };
  machine.isolate('ann', 0);
  expect(machine.record(before, true, false, 1)).toBeUndefined();
  expect(machine.window.calls).toBe(0);
});

test('a result that comes while it is open counts nothing', () => {
  const machine = closed();
  machine.open(0, 50);
  expect(machine.record({ generation: machine.generation, probe: 0 }, true, false, 1)).toBeUndefined();
  expect(machine.window.calls).toBe(0);
});

test('to open an open circuit, or to close a closed one, is no change of state', () => {
  const open = closed();
  open.open(0, 50);
  const { generation } = open;
  open.open(10, 50);
  expect(open.generation).toBe(generation);
  const machine = closed();
  machine.close(10);
  expect(machine.generation).toBe(0);
});

test('a circuit that is isolated while half-open admits no probe', () => {
  const machine = halfOpen();
  machine.isolate('ann', 60);
  expect(machine.admit(60)).toBe('isolated');
  expect(machine.remainingMs(60)).toBeUndefined();
});

test('a reason given twice stands there once', () => {
  const machine = closed();
  machine.isolate('works', 0);
  machine.isolate('works', 1);
  expect(machine.snapshot(1).reasons).toEqual(['works']);
});

test('to take back a reason that nobody gave begins nothing anew', () => {
  const machine = closed();
  machine.release('works', 0);
  expect(machine.generation).toBe(0);
});
