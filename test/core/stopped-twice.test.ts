// A call may be stopped again from further out, after it was asked to stop or given up. What stopped it first stands.
import { type Layer, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { watch } from '../support/spies.ts';

/** Passes each call on 25 ms late, and keeps why it may not. */
function lateLayer(clock: VirtualClock): Layer & { readonly refusals: unknown[] } {
  const refusals: unknown[] = [];
  return {
    refusals,
    around: (next) => async (operation, call) => {
      await new Promise<void>((resolve) => void clock.setTimer(25, resolve));
      return next(operation, call).catch((error) => {
        refusals.push(error);
        throw error;
      });
    },
  };
}

test('asked to stop twice: what starts late is refused with the reason of the first', async () => {
  const clock = new VirtualClock();
  const late = lateLayer(clock);
  const outer = timeout({ ms: 20, mode: 'cooperate', name: 'outer' });
  const inner = timeout({ ms: 10, mode: 'cooperate', name: 'inner' });
  watch(pipeline({ name: 'p', clock }, outer, inner, late).run(() => 1));
  await clock.runAll();
  expect(late.refusals).toMatchObject([{ policy: 'inner' }]);
});

test('given up, and stopped once more from further out: the reason of the first stands', async () => {
  const clock = new VirtualClock();
  const late = lateLayer(clock);
  const outer = timeout({ ms: 20, name: 'outer' });
  const again = retry({ backoff: () => 0 });
  const inner = timeout({ ms: 8, name: 'inner' });
  watch(pipeline({ name: 'p', clock }, outer, again, inner, late).run(() => 1));
  await clock.runAll();
  expect(late.refusals).toMatchObject([{ policy: 'inner' }, { policy: 'inner' }, { policy: 'outer' }]);
});
