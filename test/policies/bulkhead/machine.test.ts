import { expect, test } from 'vitest';
import { BulkheadMachine } from '../../../src/policies/bulkhead/machine.ts';

test('a newcomer does not overtake who waits for a place that has just come free', () => {
  const machine = new BulkheadMachine({ concurrency: 1, queue: 2 });
  expect([machine.arrive(), machine.arrive()]).toEqual(['admitted', 'queued']);
  machine.free();
  expect(machine.vacant).toBe(false);
  expect(machine.arrive()).toBe('queued');
  expect(machine.admitWaiter()).toBe(true);
  expect([machine.inFlight, machine.queued]).toEqual([1, 1]);
});
