import { circuitBreaker, pipeline } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, it } from 'vitest';
import { spyGate, watch, work } from '../support/spies.ts';

it('work that answers in the moment of the abort has succeeded, though its caller is told the reason', async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const gate = spyGate();
  const breaker = circuitBreaker({ clock });
  const job = work();
  // The caller's own listener hears of it first, and ends the work with what there is.
  caller.signal.addEventListener('abort', () => job.resolve('all there is'));
  const run = watch(pipeline('p', gate, breaker).run(job.operation, { signal: caller.signal }));
  caller.abort('left');
  await clock.advance(0);
  expect(run.error).toBe('left');
  expect(gate.learned).toMatchObject([{ ok: true, value: 'all there is' }]);
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 0 });
});
