// A timeout that cooperates asks its call to stop, and waits. When a deadline further out then gave the call up, an
// operation that looked at its signal only afterwards found the deadline there, where one that had looked before found
// the timeout.
import { pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { watch, work } from '../support/spies.ts';

test.each([
  ['before', true],
  ['only afterwards', false],
])('finds why it was asked to stop in its signal, looked at %s', async (_, before) => {
  const clock = new VirtualClock();
  const { operation, calls } = work();
  const stopping = pipeline({ name: 'p', clock }, timeout({ ms: 10, mode: 'cooperate' }));
  const run = watch(stopping.run(operation, { timeoutMs: 20 }));
  if (before) void calls[0]!.signal;
  await clock.advance(20);
  expect(run.error).toMatchObject({ policy: 'deadline' });
  expect(calls[0]!.signal.reason).toMatchObject({ policy: 'timeout' });
});
