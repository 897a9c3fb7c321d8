// A timeout that cooperates asks its call to stop, and waits. When a timeout further out had given the call up
// meanwhile, what the operation threw in the end still became the outcome of the whole call at the gates outside, and
// the `cause` of an error that had been handed out before.
import { type Layer, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { spyGate, watch, work } from '../support/spies.ts';

test('what an attempt throws late does not stand for the call', async () => {
  const clock = new VirtualClock();
  const gate = spyGate();
  const { operation, resolve, reject } = work();
  /** Keeps what comes out for a while. */
  const slow: Layer = {
    around: (next) => async (inner, call) => {
      const value = await next(inner, call);
      await new Promise<void>((on) => void clock.setTimer(50, on));
      return value;
    },
  };
  const run = watch(
    pipeline(
      { name: 'p', clock },
      gate,
      slow,
      retry({ backoff: () => 0 }),
      timeout({ ms: 20, name: 'given up' }),
      timeout({ ms: 10, mode: 'cooperate' }),
    ).run(operation),
  );
  await clock.advance(20);
  resolve('answer', 1);
  await clock.advance(1);
  reject(new Error('late'), 0);
  await clock.advance(50);
  expect(run).toMatchObject({ state: 'fulfilled', value: 'answer' });
  expect(gate.learned).toEqual([{ ok: true, value: 'answer' }]);
});

test('the error of a timeout does not change after its call was given up', async () => {
  const clock = new VirtualClock();
  const { operation, calls, reject } = work();
  const stopping = pipeline({ name: 'p', clock }, timeout({ ms: 10, mode: 'cooperate' }));
  watch(stopping.run(operation, { timeoutMs: 20 }));
  void calls[0]!.signal;
  await clock.advance(20);
  reject(new Error('late'));
  await clock.advance(0);
  const { reason } = calls[0]!.signal;
  expect(reason).toMatchObject({ policy: 'timeout' });
  expect(reason.cause).toBeUndefined();
});
