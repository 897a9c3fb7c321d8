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

describe('cockatiel 8: newcomers arrive in the very microtask that frees a place', () => {
  async function script({ runner, time }: Subject) {
    const started: string[] = [];
    const work = deferred();
    const start = (name: string) => () => {
      started.push(name);
      return name === 'first' ? work.promise : name;
    };
    const runs = { first: watch(runner.run(start('first'))), waiting: watch(runner.run(start('waiting'))) };
    const newcomers = work.promise.then(() => ({
      newcomer: watch(runner.run(start('newcomer'))),
      another: watch(runner.run(start('another'))),
    }));
    work.resolve('done');
    await time.advance(0);
    const all = { ...runs, ...(await newcomers) };
    const refused = Object.entries(all).filter(([, { status }]) => status === 'rejected');
    return { started, refused: refused.map(([name]) => name) };
  }

  test('holdfast hands the place to the one who waits, and refuses the newcomer too many', async () => {
    expect(await script(ours())).toEqual({ started: ['first', 'waiting', 'newcomer'], refused: ['another'] });
  });

  test('cockatiel lets the newcomers overtake, and rejects the one who waited', async () => {
    expect(await script(theirs())).toEqual({
      started: ['first', 'newcomer', 'another'],
      refused: ['waiting'],
    });
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
