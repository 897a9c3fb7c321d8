// A policy adopted the clock of a pipeline that has one even where the pipeline was then not made, or where the policy
// stood in another one already, which was left with policies on two clocks.
import { circuitBreaker, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { expect, test } from 'vitest';

test('a pipeline that is not made leaves the clocks of its policies alone', () => {
  const [a, b] = [new VirtualClock(), new VirtualClock()];
  const tries = retry();
  expect(() => pipeline({ name: 'p', clock: a }, tries, timeout({ ms: 1, clock: b }))).toThrow(TypeError);
  expect(() => pipeline({ name: 'p', clock: b }, tries)).not.toThrow();
});

test('a policy of a pipeline on the default clock cannot be moved to another clock by a second pipeline', () => {
  const [tries, breaker] = [retry(), circuitBreaker()];
  pipeline('first', tries, breaker);
  expect(() => pipeline({ name: 'second', clock: new VirtualClock() }, breaker)).toThrow(
    /clock of circuit-breaker/,
  );
  expect(breaker.clock).toBe(tries.clock);
});

test('but an inner pipeline moves as a whole', () => {
  const clock = new VirtualClock();
  const inner = pipeline('inner', retry(), circuitBreaker());
  expect(pipeline({ name: 'outer', clock }, inner).clock).toBe(clock);
  expect(inner.clock).toBe(clock);
});

test('what waits on the clock before is over at the latest with what begins on the new one', async () => {
  const before = VirtualClock.install();
  try {
    await before.advance(10_000);
    const limit = timeout({ ms: 100 });
    const ended: string[] = [];
    const never = (): Promise<never> => new Promise(() => {});
    limit.run(never).catch(() => ended.push('before'));
    const clock = new VirtualClock();
    pipeline({ name: 'p', clock }, limit)
      .run(never)
      .catch(() => ended.push('after'));
    await clock.advance(99);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(['before', 'after']);
  } finally {
    before.uninstall();
  }
});
