import { bulkhead, pipeline, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Call, deferred, fakeTime, hang, type Runner, type Time, watch } from '../support.ts';
import { opossum, opossumBreaker } from './subjects.ts';

afterEach(() => vi.useRealTimers());

interface Subject {
  readonly time: Time;
  readonly runner: Runner;
}

describe('opossum 4: room for one, and work that goes on after its time-out', () => {
  const TIMEOUT_MS = 10;
  const WORK_MS = 100;

  const orders = {
    'the timeout outside': (clock: VirtualClock) =>
      pipeline('one', timeout({ ms: TIMEOUT_MS, clock }), bulkhead({ concurrency: 1, clock })),
    'the bulkhead outside': (clock: VirtualClock) =>
      pipeline('one', bulkhead({ concurrency: 1, clock }), timeout({ ms: TIMEOUT_MS, clock })),
  };

  function ours(order: keyof typeof orders): Subject {
    const clock = new VirtualClock();
    return { time: clock, runner: orders[order](clock) };
  }

  function theirs(): Subject {
    const time = fakeTime();
    const breaker = opossum({ capacity: 1, timeout: TIMEOUT_MS, volumeThreshold: 1_000 });
    return { time, runner: opossumBreaker(breaker) };
  }

  /** Five calls, each made after the time-out of the one before it, none of which listens to its signal. */
  async function script({ runner, time }: Subject) {
    let running = 0;
    let most = 0;
    const ends: { at: number; end: () => void }[] = [];
    let now = 0;
    const pass = async (ms: number) => {
      for (const until = now + ms; now < until; ) {
        await time.advance(1);
        now++;
        for (const work of ends) if (work.at === now) work.end();
      }
      await time.advance(0);
    };
    const operation = () => {
      most = Math.max(most, ++running);
      const work = deferred();
      ends.push({ at: now + WORK_MS, end: () => work.resolve('late') });
      return work.promise.finally(() => running--);
    };
    for (let call = 0; call < 5; call++) {
      watch(runner.run(operation));
      await pass(TIMEOUT_MS + 5);
    }
    await pass(WORK_MS);
    const afterTheWork = watch(runner.run(() => 'fine'));
    await time.advance(0);
    return { most, afterTheWork: afterTheWork.status };
  }

  const names = Object.keys(orders) as (keyof typeof orders)[];

  test.each(names)('holdfast with %s holds the place until the work has ended', async (order) => {
    expect(await script(ours(order))).toEqual({ most: 1, afterTheWork: 'resolved' });
  });

  test('opossum gives the place away at the time-out, and five run at once', async () => {
    expect(await script(theirs())).toEqual({ most: 5, afterTheWork: 'resolved' });
  });
});

describe('opossum 5: one of two calls times out', () => {
  function ours(): Subject {
    const clock = new VirtualClock();
    return { time: clock, runner: timeout({ ms: 50, clock }) };
  }

  function theirs(): Subject {
    const time = fakeTime();
    const breaker = opossum({ timeout: 50, volumeThreshold: 1_000, abortController: new AbortController() });
    return { time, runner: opossumBreaker(breaker) };
  }

  async function script({ runner, time }: Subject) {
    const signals = new Map<string, AbortSignal>();
    const operation = (name: string) => (call: Call) => {
      signals.set(name, call.signal);
      return hang();
    };
    watch(runner.run(operation('slow')));
    await time.advance(40);
    watch(runner.run(operation('sibling')));
    await time.advance(10);
    watch(runner.run(operation('later')));
    await time.advance(10);
    return Object.fromEntries([...signals].map(([name, { aborted }]) => [name, aborted]));
  }

  test('holdfast aborts the signal of that call only', async () => {
    expect(await script(ours())).toEqual({ slow: true, sibling: false, later: false });
  });

  test('opossum aborts its sibling too, and every later call before it has begun', async () => {
    expect(await script(theirs())).toEqual({ slow: true, sibling: true, later: true });
  });
});
