import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  pipeline,
  retry,
  systemClock,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { errorOf, watch, work } from '../support/spies.ts';

describe("the pipeline's clock", () => {
  test('is its own, and becomes that of its policies without one', async () => {
    const clock = new VirtualClock();
    const policies = [retry(), circuitBreaker(), bulkhead(), timeout({ ms: 100 })] as const;
    const subject = pipeline({ name: 'p', clock }, ...policies);
    expect([subject, ...policies].map((each) => each.clock === clock)).toEqual(Array(5).fill(true));
    const run = watch(subject.run(work().operation));
    await clock.advance(99);
    expect(run.state).toBe('pending');
  });

  test('is else that of its first policy', () => {
    const clock = new VirtualClock();
    expect(pipeline('p', retry({ clock }), timeout({ ms: 1, clock })).clock).toBe(clock);
    expect(pipeline('p', retry()).clock).toBe(systemClock);
    expect(pipeline('p').clock).toBe(systemClock);
  });

  test('is no matter to a fallback, which has no time', () => {
    const clock = new VirtualClock();
    expect(pipeline('p', fallback(1), retry({ clock })).clock).toBe(clock);
    expect(() => pipeline({ name: 'p', clock }, fallback(1), retry({ clock }))).not.toThrow();
  });

  test('flows into nested pipelines', async () => {
    const clock = new VirtualClock();
    const limit = timeout({ ms: 100 });
    const subject = pipeline({ name: 'outer', clock }, pipeline('inner', limit));
    const run = watch(subject.run(work().operation));
    await clock.advance(100);
    expect(run.state).toBe('rejected');
    expect(limit.clock).toBe(clock);
  });

  test('keeps the time of the policies that run alone afterwards', async () => {
    const clock = new VirtualClock();
    const limit = timeout({ ms: 100 });
    pipeline({ name: 'p', clock }, limit);
    const run = watch(limit.run(work().operation));
    await clock.advance(100);
    expect(run.state).toBe('rejected');
  });

  test('gives its random to policies without one', async () => {
    const clock = new VirtualClock();
    const delays: number[] = [];
    const backoff = constant(100, { jitter: 'full' });
    const own = retry({ retries: 1, backoff, random: () => 0.25, name: 'own' });
    for (const tries of [retry({ retries: 1, backoff }), own]) {
      const subject = pipeline({ name: 'p', clock, random: () => 0.5 }, tries);
      subject.on('retry', ({ delayMs }) => delays.push(delayMs));
      watch(subject.run(() => Promise.reject(new Error('boom'))));
      await clock.runAll();
    }
    expect(delays).toEqual([50, 25]);
  });
});

describe('policies on different clocks throw', () => {
  const [a, b] = [new VirtualClock(), new VirtualClock()];

  test.each([
    ['two policies', () => pipeline('p', retry({ clock: a }), timeout({ ms: 1, clock: b }))],
    ['a policy and the pipeline', () => pipeline({ name: 'p', clock: a }, retry({ clock: b }))],
    ['a policy that has none, and one that has', () => pipeline('p', retry(), timeout({ ms: 1, clock: a }))],
    ['a nested one', () => pipeline({ name: 'p', clock: a }, pipeline('q', retry({ clock: b })))],
    [
      'a nested pipeline with a clock of its own',
      () => pipeline({ name: 'p', clock: a }, pipeline({ name: 'q', clock: b }, retry())),
    ],
  ])('%s', (_, make) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/clock/);
  });

  test('but agree if all have the same', async () => {
    const subject = pipeline(
      { name: 'p', clock: a },
      retry({ clock: a }),
      pipeline({ name: 'q', clock: a }, timeout({ ms: 1 })),
    );
    expect(await errorOf(subject.run(() => Promise.reject(new TypeError('bug'))))).toBeInstanceOf(TypeError);
  });
});
