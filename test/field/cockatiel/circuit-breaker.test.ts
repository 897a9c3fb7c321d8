import * as cockatiel from 'cockatiel';
import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type Breaker,
  DependencyDown,
  deferred,
  ending,
  fail,
  fakeTime,
  ignoringErrors,
  type Time,
  watch,
} from '../support.ts';
import { cockatielBreaker } from './subjects.ts';

afterEach(() => vi.useRealTimers());

interface Subject {
  readonly time: Time;
  readonly breaker: Breaker;
}

const OPEN_MS = 1_000;

/** Both open at the second failure in a row and admit one probe after a second. */
function ours(): Subject {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({
    consecutiveFailures: 2,
    openMs: OPEN_MS,
    judge: ({ error }) => (error === undefined || error instanceof DependencyDown ? undefined : 'ignore'),
    clock,
  });
  return { time: clock, breaker };
}

function theirs(): Subject {
  const time = fakeTime();
  const policy = cockatiel.circuitBreaker(cockatiel.handleType(DependencyDown), {
    breaker: new cockatiel.ConsecutiveBreaker(2),
    halfOpenAfter: OPEN_MS,
  });
  return { time, breaker: cockatielBreaker(policy) };
}

async function trip(breaker: Breaker): Promise<void> {
  await ignoringErrors(breaker.run(fail));
  await ignoringErrors(breaker.run(fail));
}

describe('cockatiel 1: a call that started while closed fails during half-open', () => {
  async function script({ breaker, time }: Subject) {
    const old = deferred();
    const stale = watch(breaker.run(() => old.promise));
    await trip(breaker);
    await time.advance(OPEN_MS);
    const work = deferred();
    const probe = watch(breaker.run(() => work.promise));
    old.reject(new DependencyDown('late'));
    await time.advance(0);
    const afterStale = breaker.state;
    work.resolve('fine');
    await time.advance(0);
    return { stale: stale.status, afterStale, probe: probe.status, afterProbe: breaker.state };
  }

  test('holdfast leaves the half-open alone, and the probe closes the circuit', async () => {
    expect(await script(ours())).toEqual({
      stale: 'rejected',
      afterStale: 'half-open',
      probe: 'resolved',
      afterProbe: 'closed',
    });
  });

  test('cockatiel reopens, and throws the good probe away', async () => {
    expect(await script(theirs())).toEqual({
      stale: 'rejected',
      afterStale: 'open',
      probe: 'resolved',
      afterProbe: 'open',
    });
  });
});

describe('cockatiel 2: 5,000 callers come while a probe is out', () => {
  const CALLERS = 5_000;

  async function script({ breaker, time }: Subject) {
    await trip(breaker);
    await time.advance(OPEN_MS);
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const operation = () => {
      most = Math.max(most, ++running);
      const work = deferred();
      ends.push(() => work.resolve('done'));
      return work.promise.finally(() => running--);
    };
    const probe = watch(breaker.run(operation));
    const abort = new AbortController();
    const surplus = Array.from({ length: CALLERS }, () =>
      watch(breaker.run(operation, { signal: abort.signal })),
    );
    await time.advance(0);
    const refusedAtOnce = surplus.filter(({ status }) => status === 'rejected').length;
    const impatient = new AbortController();
    const aborted = watch(breaker.run(operation, { signal: impatient.signal }));
    impatient.abort();
    await time.advance(0);
    const abortHeard = aborted.status !== 'pending';
    ends[0]?.();
    await time.advance(0);
    const result = { refusedAtOnce, abortHeard, probe: probe.status, most };
    for (const end of ends) end();
    await time.advance(0);
    return result;
  }

  test('holdfast refuses them at once, and nothing stampedes when the probe succeeds', async () => {
    expect(await script(ours())).toEqual({
      refusedAtOnce: CALLERS,
      abortHeard: true,
      probe: 'resolved',
      most: 1,
    });
  });

  test('cockatiel parks them without bound, deaf to their abort, and then lets all of them go at once', async () => {
    expect(await script(theirs())).toEqual({
      refusedAtOnce: 0,
      abortHeard: false,
      probe: 'resolved',
      most: CALLERS,
    });
  });
});

describe('cockatiel 3: a probe ends in what says nothing about the dependency', () => {
  const bug = new RangeError('a bug of the caller');
  const leavings = {
    'an error that is not handled': (breaker: Breaker) => breaker.run(() => Promise.reject(bug)),
    "the caller's own abort": (breaker: Breaker) => {
      const caller = new AbortController();
      const run = breaker.run(
        ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
        { signal: caller.signal },
      );
      caller.abort(new Error('the user has left'));
      return run;
    },
  };

  async function script({ breaker, time }: Subject, leaving: keyof typeof leavings) {
    await trip(breaker);
    await time.advance(OPEN_MS);
    const probe = watch(leavings[leaving](breaker));
    await time.advance(0);
    const afterProbe = breaker.state;
    const next = watch(breaker.run(() => 'fine'));
    await time.advance(0);
    return { probe: probe.status, afterProbe, next: next.status, afterNext: breaker.state };
  }

  const names = Object.keys(leavings) as (keyof typeof leavings)[];

  test.each(names)(
    'holdfast gives the place of the probe back after %s, and stays half-open',
    async (leaving) => {
      const seen = await script(ours(), leaving);
      expect(seen).toEqual({
        probe: 'rejected',
        afterProbe: 'half-open',
        next: 'resolved',
        afterNext: 'closed',
      });
    },
  );

  test.each(names)('cockatiel closes the circuit after %s', async (leaving) => {
    const seen = await script(theirs(), leaving);
    expect(seen).toEqual({ probe: 'rejected', afterProbe: 'closed', next: 'resolved', afterNext: 'closed' });
  });
});

describe('cockatiel 4: nine failures, then an idle hour, then one failure', () => {
  interface Sampling extends Subject {
    failures(): number;
  }

  /** Both open at half of at least ten calls in ten seconds. */
  function oursSampling(): Sampling {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({
      window: { ms: 10_000 },
      failureRate: 0.5,
      minimumCalls: 10,
      lowTrafficFailures: Number.POSITIVE_INFINITY,
      clock,
    });
    return { time: clock, breaker, failures: () => breaker.stats.failures };
  }

  function theirsSampling(): Sampling {
    const time = fakeTime();
    const sampling = new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 1 });
    const policy = cockatiel.circuitBreaker(cockatiel.handleAll, {
      breaker: sampling,
      halfOpenAfter: OPEN_MS,
    });
    const failures = () => (sampling.state as { currentFailures: number }).currentFailures;
    return { time, breaker: cockatielBreaker(policy), failures };
  }

  async function script({ breaker, time, failures }: Sampling) {
    for (let second = 0; second < 9; second++) {
      await ignoringErrors(breaker.run(fail));
      await time.advance(1_000);
    }
    const before = breaker.state;
    await time.advance(3_600_000);
    await ignoringErrors(breaker.run(fail));
    return { before, counted: failures(), after: breaker.state };
  }

  test('holdfast counts the one, and stays closed', async () => {
    expect(await script(oursSampling())).toEqual({ before: 'closed', counted: 1, after: 'closed' });
  });

  test('cockatiel still counts the nine of an hour ago, and opens', async () => {
    expect(await script(theirsSampling())).toEqual({ before: 'closed', counted: 10, after: 'open' });
  });
});

describe('cockatiel 5: the clock on the wall is set back one hour while the circuit is open', () => {
  const HOUR = 3_600_000;

  /** Ours on its default clock: fake timers fake `Date` and `performance` alike, and only `Date` is set back. */
  function oursBySystemClock(): Subject {
    return { time: fakeTime(), breaker: circuitBreaker({ consecutiveFailures: 2, openMs: OPEN_MS }) };
  }

  async function script({ breaker, time }: Subject) {
    await trip(breaker);
    vi.setSystemTime(Date.now() - HOUR);
    await time.advance(OPEN_MS);
    const whenDue = watch(breaker.run(() => 'fine'));
    await time.advance(HOUR - 2 * OPEN_MS);
    const almostAnHourLater = watch(breaker.run(() => 'fine'));
    await time.advance(0);
    return { whenDue: whenDue.status, almostAnHourLater: almostAnHourLater.status };
  }

  test('holdfast admits a probe when the wait is over', async () => {
    expect(await script(oursBySystemClock())).toEqual({ whenDue: 'resolved', almostAnHourLater: 'resolved' });
  });

  test('cockatiel keeps the circuit open for about an hour', async () => {
    expect(await script(theirs())).toEqual({ whenDue: 'rejected', almostAnHourLater: 'rejected' });
  });
});

describe('cockatiel 11: an isolated circuit is saved, restored in a new process, and released there', () => {
  interface Restored {
    readonly breaker: Breaker;
    release(): void;
  }

  async function script({ breaker, release }: Restored) {
    const isolated = breaker.state;
    release();
    const released = breaker.state;
    const run = await ending(breaker.run(() => 'fine'));
    return { isolated, released, run: run.status };
  }

  const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  test('holdfast releases by the reason that isolated it', async () => {
    const clock = new VirtualClock();
    const before = circuitBreaker({ clock });
    before.isolate('maintenance');
    const restore = throughJson(before.snapshot()) as ReturnType<typeof before.snapshot>;
    const breaker = circuitBreaker({ restore, clock });
    const seen = await script({ breaker, release: () => breaker.release('maintenance') });
    expect(seen).toEqual({ isolated: 'isolated', released: 'closed', run: 'resolved' });
  });

  test('cockatiel gives no handle that could release it', async () => {
    const make = (initialState?: unknown) =>
      cockatiel.circuitBreaker(cockatiel.handleAll, {
        breaker: new cockatiel.ConsecutiveBreaker(2),
        halfOpenAfter: OPEN_MS,
        initialState,
      });
    const before = make();
    before.isolate();
    const policy = make(throughJson(before.toJSON()));
    const release = () => policy.isolate().dispose();
    const seen = await script({ breaker: cockatielBreaker(policy), release });
    expect(seen).toEqual({ isolated: 'isolated', released: 'isolated', run: 'rejected' });
  });
});
