import { retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test, vi } from 'vitest';
import { failure } from '../../src/core/outcome.ts';
import { Run } from '../../src/core/run.ts';
import { sleep } from '../../src/structures/sleep.ts';
import { errorOf, watch } from '../support/spies.ts';

/** A run that can be stopped, on a clock of which each cancelled timer is counted. */
function stoppable() {
  const clock = new VirtualClock();
  const cancelled = vi.fn();
  const setTimer = clock.setTimer.bind(clock);
  vi.spyOn(clock, 'setTimer').mockImplementation((ms, fn) => {
    const timer = setTimer(ms, fn);
    return { ...timer, cancel: () => cancelled(timer.cancel()) };
  });
  const run = new Run(retry({ clock }), { signal: new AbortController().signal });
  return { clock, run, cancelled, stop: (error: unknown) => run.onStop(failure(error), true) };
}

test('ends when its time has come, and no sooner', async () => {
  const { clock, run } = stoppable();
  const slept = watch(sleep(run, 10));
  await clock.advance(9);
  expect(slept.state).toBe('pending');
  await clock.advance(1);
  expect(slept.state).toBe('fulfilled');
});

test('rejects with the reason as soon as what is around it stops, and leaves no timer', async () => {
  const { clock, run, stop } = stoppable();
  const slept = errorOf(sleep(run, 10));
  stop('enough');
  expect(await slept).toBe('enough');
  expect(clock.pendingTimers).toBe(0);
});

test('does not begin where that has stopped before', async () => {
  const { clock, run, stop } = stoppable();
  stop('enough');
  expect(await errorOf(sleep(run, 10))).toBe('enough');
  expect(clock.pendingTimers).toBe(0);
});

test('is let go of when it is over: a stop that comes later has nothing to cancel', async () => {
  const { clock, run, stop, cancelled } = stoppable();
  const slept = sleep(run, 10);
  await clock.advance(10);
  await slept;
  stop('enough');
  expect(cancelled).not.toHaveBeenCalled();
});
