// A timeout whose call was given up from outside kept its place in the lane: the timer stayed ref'd, and when it rang
// a `timeout` event was emitted for a run that had settled long before.
import { pipeline, type TimeoutEvent, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { watch, work } from '../support/spies.ts';

const subject = (clock: VirtualClock) => pipeline({ name: 'p', clock }, timeout({ ms: 500 }));

describe('a timeout inside a run that was given up', () => {
  test('leaves no live timer after the caller has aborted', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const run = watch(subject(clock).run(work().operation, { signal: controller.signal }));
    controller.abort('left');
    await clock.advance(0);
    expect(run.state).toBe('rejected');
    expect(clock.pendingTimers).toBe(0);
  });

  test('leaves no live timer after the deadline of the run', async () => {
    const clock = new VirtualClock();
    const run = watch(subject(clock).run(work().operation, { timeoutMs: 100 }));
    await clock.advance(100);
    expect(run.state).toBe('rejected');
    expect(clock.pendingTimers).toBe(0);
  });

  test('leaves no live timer after a timeout around it', async () => {
    const clock = new VirtualClock();
    const inner = timeout({ ms: 500, name: 'inner' });
    const run = watch(
      pipeline({ name: 'p', clock }, timeout({ ms: 100, name: 'outer' }), inner).run(work().operation),
    );
    await clock.advance(100);
    expect(run.state).toBe('rejected');
    expect(clock.pendingTimers).toBe(0);
  });

  test('emits no timeout event later: an abort is no time-out', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const policies = subject(clock);
    const heard: TimeoutEvent[] = [];
    policies.on('timeout', (event) => heard.push(event));
    const run = watch(policies.run(work().operation, { signal: controller.signal }));
    controller.abort('left');
    await clock.advance(1_000);
    expect(run.error).toBe('left');
    expect(heard).toEqual([]);
  });

  test('gives the operation the reason of the abort', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const { operation, calls } = work();
    const run = watch(subject(clock).run(operation, { signal: controller.signal }));
    const { signal } = calls[0]!;
    controller.abort('left');
    await clock.advance(1_000);
    expect(run.error).toBe('left');
    expect(signal.reason).toBe('left');
  });
});
