import * as cockatiel from 'cockatiel';
import { bulkhead } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deferred, fakeTime, hang, type Runner, type Time, watch } from '../support.ts';
import { cockatielRunner } from './subjects.ts';

afterEach(() => vi.useRealTimers());

interface Subject {
  readonly time: Time;
  readonly runner: Runner;
}

/** Both run one and let one more wait. */
function ours(): Subject {
  const clock = new VirtualClock();
  return { time: clock, runner: bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: Infinity, clock }) };
}

function theirs(): Subject {
  return { time: fakeTime(), runner: cockatielRunner(cockatiel.bulkhead(1, 1)) };
}

describe('cockatiel 8: newcomers arrive about when a place is freed', () => {
  const MICROTASKS = [...Array(12).keys()];

  /** Two of them, so many microtasks after the work has ended. */
  async function script({ runner, time }: Subject, microtasks: number) {
    const started: string[] = [];
    const work = deferred();
    const start = (name: string) => () => {
      started.push(name);
      return name === 'first' ? work.promise : name;
    };
    watch(runner.run(start('first')));
    const waiting = watch(runner.run(start('waiting')));
    const newcomers = async () => {
      await work.promise;
      for (let hop = 0; hop < microtasks; hop++) await Promise.resolve();
      for (const name of ['newcomer', 'another']) watch(runner.run(start(name)));
    };
    const arrived = newcomers();
    work.resolve('done');
    await arrived;
    await time.advance(0);
    return { second: started[1], waiting: waiting.status };
  }

  test.each(MICROTASKS)(
    'holdfast hands the place to the one who waits, %d microtasks after',
    async (hops) => {
      expect(await script(ours(), hops)).toEqual({ second: 'waiting', waiting: 'resolved' });
    },
  );

  test('cockatiel has a moment in which newcomers overtake, and the one who waited is rejected', async () => {
    const seen = await Promise.all(MICROTASKS.map((hops) => script(theirs(), hops)));
    expect(seen).toContainEqual({ second: 'newcomer', waiting: 'rejected' });
  });
});

describe('cockatiel 8: a caller who waits in the queue aborts', () => {
  const reason = new Error('the user has left');

  async function script({ runner, time }: Subject) {
    const caller = new AbortController();
    watch(runner.run(hang));
    const waiting = watch(runner.run(() => 'never', { signal: caller.signal }));
    await time.advance(0);
    caller.abort(reason);
    await time.advance(0);
    const next = watch(runner.run(() => 'next'));
    await time.advance(3_600_000);
    return { aborted: waiting.status, byTheReason: waiting.error === reason, next: next.status };
  }

  test('holdfast settles it at once with the reason, and gives its place in the queue to the next', async () => {
    expect(await script(ours())).toEqual({ aborted: 'rejected', byTheReason: true, next: 'pending' });
  });

  test('cockatiel refuses the next one for its sake, and never settles it while the work hangs', async () => {
    expect(await script(theirs())).toEqual({ aborted: 'pending', byTheReason: false, next: 'rejected' });
  });
});
