import assert from 'node:assert/strict';
import { retry, systemClock, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { watch } from '../../support/spies.ts';
import { about, type Behaviour, hangs } from './behaviour.ts';

export const clocks: Behaviour[] = [
  ...about('the virtual clock', {
    'stands still until it is moved': async (clock) => {
      assert.equal(clock.now(), 0);
      await clock.advance(20.5);
      assert.equal(clock.now(), 20.5);
    },
    'begins where it is told to': () => assert.equal(new VirtualClock({ startMs: 500 }).now(), 500),
    'fires timers in order of time, and of those due together the one set first': async (clock) => {
      const fired: string[] = [];
      for (const [name, ms] of [
        ['b', 20],
        ['a', 10],
        ['c', 20],
        ['d', 30],
      ] as const)
        clock.setTimer(ms, () => fired.push(name));
      await clock.advance(20);
      assert.deepEqual(fired, ['a', 'b', 'c']);
    },
    'shows each timer the time at which it is due': async (clock) => {
      const seen: number[] = [];
      for (const ms of [30, 10, 20]) clock.setTimer(ms, () => seen.push(clock.now()));
      await clock.advance(100);
      assert.deepEqual(seen, [10, 20, 30]);
    },
    'fires at exactly the time, and once': async (clock) => {
      let fired = 0;
      clock.setTimer(10, () => fired++);
      await clock.advance(9.999);
      assert.equal(fired, 0);
      await clock.advance(0.001);
      await clock.advance(100);
      assert.equal(fired, 1);
    },
    'fires no timer that was cancelled': async (clock) => {
      let fired = 0;
      clock.setTimer(10, () => fired++).cancel();
      await clock.advance(20);
      assert.equal(fired, 0);
    },
    'fires in one advance what its timers set': async (clock) => {
      const at: number[] = [];
      clock.setTimer(10, () => clock.setTimer(10, () => at.push(clock.now())));
      await clock.advance(20);
      assert.deepEqual(at, [20]);
    },
    'lets all microtasks run between two timers': async (clock) => {
      const log: string[] = [];
      const chain = async () => {
        for (let i = 0; i < 500; i++) await null;
        log.push('microtasks');
      };
      clock.setTimer(10, () => void chain());
      clock.setTimer(10, () => log.push('next timer'));
      await clock.advance(10);
      assert.deepEqual(log, ['microtasks', 'next timer']);
    },
    'counts the timers that keep a process alive': (clock) => {
      const timer = clock.setTimer(10, () => {});
      clock.setTimer(10, () => {}).unref();
      assert.equal(clock.pendingTimers, 1);
      timer.cancel();
      assert.equal(clock.pendingTimers, 0);
    },
    'runs all that keeps a process alive': async (clock) => {
      const at: number[] = [];
      clock.setTimer(10, () => clock.setTimer(500, () => at.push(clock.now())));
      clock.setTimer(9_000, () => at.push(-1)).unref();
      await clock.runAll();
      assert.deepEqual([at, clock.now()], [[510], 510]);
    },
    'repeats its chance for the same seed': () => {
      const draw = (seed: number) => {
        const { random } = new VirtualClock({ seed });
        return [random(), random(), random()];
      };
      assert.deepEqual(draw(7), draw(7));
      assert.notDeepEqual(draw(7), draw(8));
    },
    'gives the same numbers in every runtime': () =>
      assert.deepEqual(
        Array.from({ length: 3 }, new VirtualClock({ seed: 1 }).random),
        [0.6270739405881613, 0.002735721180215478, 0.5274470399599522],
      ),
    'survives jumps of hours': async (clock) => {
      const run = watch(retry({ clock }).run(hangs, { timeoutMs: 50 }));
      await clock.advance(36e5 * 24 * 365);
      assert.equal(run.state, 'rejected');
    },
  }),
  ...about('a virtual clock that is installed', {
    'is what the default clock reads': async () => {
      using clock = VirtualClock.install();
      const before = systemClock.now();
      await clock.advance(250);
      assert.equal(systemClock.now() - before, 250);
    },
    'drives policies that have no clock': async () => {
      using clock = VirtualClock.install();
      const run = watch(timeout({ ms: 60_000 }).run(hangs));
      await clock.advance(60_000);
      assert.equal(run.state, 'rejected');
    },
    'makes way for no second one': () => {
      using _clock = VirtualClock.install();
      assert.throws(() => VirtualClock.install(), /one is installed already/);
    },
    'gives the default clock back': async () => {
      const clock = VirtualClock.install();
      clock.uninstall();
      const before = systemClock.now();
      await clock.advance(1e9);
      assert(systemClock.now() - before < 1e9);
    },
  }),
];
