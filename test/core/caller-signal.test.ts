import { expect, test } from 'vitest';
import { unwatch, watch } from '../../src/core/caller-signal.ts';
import { Link } from '../../src/core/links.ts';

/** A run, as far as the signal's watch is concerned. */
class Interrupted extends Link {
  times = 0;
  interrupt(): void {
    this.times++;
  }
}

test('an abort interrupts each run once, also one that does not take itself out', () => {
  const controller = new AbortController();
  const runs = [new Interrupted(), new Interrupted()];
  for (const run of runs) watch(controller.signal, run);
  controller.abort();
  expect(runs.map(({ times }) => times)).toEqual([1, 1]);
});

test('a run that has ended is let alone, and those that go on are still interrupted', () => {
  const controller = new AbortController();
  const [ended, other] = [new Interrupted(), new Interrupted()];
  for (const run of [ended, other]) watch(controller.signal, run);
  unwatch(controller.signal, ended);
  controller.abort();
  expect([ended.times, other.times]).toEqual([0, 1]);
});

test('a signal that nobody watched any more is heard again', () => {
  const controller = new AbortController();
  const [ended, next] = [new Interrupted(), new Interrupted()];
  watch(controller.signal, ended);
  unwatch(controller.signal, ended);
  watch(controller.signal, next);
  controller.abort();
  expect([ended.times, next.times]).toEqual([0, 1]);
});
