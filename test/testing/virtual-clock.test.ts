import { retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import pRetry from 'p-retry';
import { describe, expect, test } from 'vitest';
import { errorOf, watch } from '../support/spies.ts';

describe('time', () => {
  test('stands still until it is moved', async () => {
    const clock = new VirtualClock({ startMs: 500 });
    expect(clock.now()).toBe(500);
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.now()).toBe(500);
    await clock.advance(20.5);
    expect(clock.now()).toBe(520.5);
    expect(new VirtualClock().now()).toBe(0);
  });

  test('is, in each timer, that at which it is due', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    for (const ms of [30, 10, 20]) clock.setTimer(ms, () => seen.push(clock.now()));
    await clock.advance(25);
    expect(seen).toEqual([10, 20]);
    expect(clock.now()).toBe(25);
    await clock.advance(5);
    expect(seen).toEqual([10, 20, 30]);
  });
});

describe('timers', () => {
  test('fire in order of time, and of those due together the one set first', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push('b'));
    clock.setTimer(10, () => fired.push('a'));
    clock.setTimer(20, () => fired.push('c'));
    await clock.advance(20);
    expect(fired).toEqual(['a', 'b', 'c']);
  });

  test('fire at exactly their time, and once', async () => {
    const clock = new VirtualClock();
    let fired = 0;
    clock.setTimer(10, () => fired++);
    await clock.advance(9.999);
    expect(fired).toBe(0);
    await clock.advance(0.001);
    await clock.advance(100);
    expect(fired).toBe(1);
  });

  test('let all microtasks run before the next, however many follow from one another', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const chain = async (name: string, length: number): Promise<void> => {
      for (let i = 0; i < length; i++) await null;
      log.push(name);
    };
    clock.setTimer(10, () => void chain('first', 500));
    clock.setTimer(10, () => log.push('second'));
    await clock.advance(10);
    expect(log).toEqual(['first', 'second']);
  });

  test('that are set by others fire in the same advance, if they are due in it', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const again = (): void => {
      fired.push(clock.now());
      clock.setTimer(10, again);
    };
    clock.setTimer(10, again);
    await clock.advance(35);
    expect(fired).toEqual([10, 20, 30]);
    expect(clock.pendingTimers).toBe(1);
  });

  test('that are set in a microtask after another fires too, and before a later one', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimer(
      10,
      () => void Promise.resolve().then(() => clock.setTimer(5, () => fired.push('nested'))),
    );
    clock.setTimer(20, () => fired.push('later'));
    await clock.advance(20);
    expect(fired).toEqual(['nested', 'later']);
  });

  test('of 0 ms wait for the next advance, be it of 0 ms', async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.setTimer(0, () => {
      fired = true;
    });
    expect(fired).toBe(false);
    await clock.advance(0);
    expect(fired).toBe(true);
  });

  test('that are cancelled do not fire, before or in the moment', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const early = clock.setTimer(10, () => fired.push('early'));
    early.cancel();
    const twin = clock.setTimer(20, () => fired.push('twin'));
    clock.setTimer(15, () => twin.cancel());
    await clock.advance(100);
    early.cancel();
    expect(fired).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('pendingTimers and runAll', () => {
  test("count timers that are ref'd only", () => {
    const clock = new VirtualClock();
    const [a, b] = [clock.setTimer(10, () => {}), clock.setTimer(20, () => {})];
    expect(clock.pendingTimers).toBe(2);
    a.unref();
    expect(clock.pendingTimers).toBe(1);
    a.ref();
    b.cancel();
    b.ref();
    expect(clock.pendingTimers).toBe(1);
  });

  test("runAll ends when no ref'd timer is left, and fires the others on the way", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimer(10, () => fired.push('unref, on the way')).unref();
    clock.setTimer(20, () => fired.push('ref'));
    clock.setTimer(30, () => fired.push('unref, after')).unref();
    await clock.runAll();
    expect(fired).toEqual(['unref, on the way', 'ref']);
    expect(clock.now()).toBe(20);
    await clock.advance(10);
    expect(fired.length).toBe(3);
  });

  test('runAll goes on with what timers set', async () => {
    const clock = new VirtualClock();
    let left = 5;
    const again = (): void => {
      if (--left > 0) clock.setTimer(1_000, again);
    };
    clock.setTimer(1_000, again);
    await clock.runAll();
    expect([left, clock.now()]).toEqual([0, 5_000]);
  });

  test('runAll without timers lets microtasks run, and no time pass', async () => {
    const clock = new VirtualClock();
    let done = false;
    void Promise.resolve().then(async () => {
      await null;
      done = true;
    });
    await clock.runAll();
    expect([done, clock.now()]).toEqual([true, 0]);
  });
});

describe('long chains between timers', () => {
  test('advance waits for those of p-retry', async () => {
    const clock = new VirtualClock();
    let attempts = 0;
    const run = watch(
      pRetry(
        async () => {
          attempts++;
          throw new Error('boom');
        },
        {
          retries: 5,
          minTimeout: 0,
          shouldRetry: () => new Promise<boolean>((resolve) => void clock.setTimer(100, () => resolve(true))),
        },
      ),
    );
    await clock.advance(500);
    expect(attempts).toBe(6);
    expect(run.state).toBe('rejected');
  });

  test('advance goes through all retries of a call at once', async () => {
    const clock = new VirtualClock();
    const starts: number[] = [];
    const run = watch(
      retry({ retries: 4, backoff: (n) => n * 10, clock }).run(() => {
        starts.push(clock.now());
        throw new Error('boom');
      }),
    );
    await clock.advance(100);
    expect(starts).toEqual([0, 10, 30, 60, 100]);
    expect(run.state).toBe('rejected');
  });

  test('what a timer throws comes out of advance, at its time, and the timer is gone', async () => {
    const clock = new VirtualClock();
    const bug = new Error('a bug in the timer');
    clock.setTimer(10, () => {
      throw bug;
    });
    expect(await errorOf(clock.advance(50))).toBe(bug);
    expect([clock.now(), clock.pendingTimers]).toEqual([10, 0]);
  });
});

describe('random', () => {
  const take = (clock: VirtualClock, count: number) => Array.from({ length: count }, () => clock.random());

  test('repeats itself for the same seed, and differs for another', () => {
    expect(take(new VirtualClock({ seed: 42 }), 20)).toEqual(take(new VirtualClock({ seed: 42 }), 20));
    expect(take(new VirtualClock(), 20)).toEqual(take(new VirtualClock({ seed: 1 }), 20));
    expect(take(new VirtualClock({ seed: 42 }), 20)).not.toEqual(take(new VirtualClock({ seed: 43 }), 20));
    expect(take(new VirtualClock({ seed: -1 }), 20)).not.toEqual(take(new VirtualClock({ seed: 1 }), 20));
  });

  test('is spread evenly over [0, 1)', () => {
    const numbers = take(new VirtualClock({ seed: 0 }), 10_000);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    for (let tenth = 0; tenth < 10; tenth++) {
      const inside = numbers.filter((number) => Math.floor(number * 10) === tenth);
      expect(Math.abs(inside.length - 1_000)).toBeLessThan(150);
    }
  });

  test('can be passed on without its clock', () => {
    const { random } = new VirtualClock({ seed: 9 });
    expect([random(), random()]).toEqual(take(new VirtualClock({ seed: 9 }), 2));
  });
});
