import { circuitBreaker } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type Breaker,
  type Deferred,
  DependencyDown,
  deferred,
  fail,
  fakeTime,
  hang,
  ignoringErrors,
  type Time,
  watch,
} from '../support.ts';
import { opossum, opossumBreaker } from './subjects.ts';

afterEach(() => vi.useRealTimers());

interface Subject {
  readonly time: Time;
  readonly breaker: Breaker;
}

const OPEN_MS = 1_000;
const HOUR = 3_600_000;

/** Both open at half of at least three calls, and admit one probe after a second; opossum has no time-out here. */
function ours(): Subject {
  const clock = new VirtualClock();
  return {
    time: clock,
    breaker: circuitBreaker({ minimumCalls: 3, openMs: OPEN_MS, probeTimeoutMs: 30_000, clock }),
  };
}

function theirs(): Subject {
  const time = fakeTime();
  const breaker = opossum({
    timeout: false,
    resetTimeout: OPEN_MS,
    volumeThreshold: 3,
    errorThresholdPercentage: 50,
  });
  return { time, breaker: opossumBreaker(breaker) };
}

async function trip(breaker: Breaker): Promise<void> {
  for (let call = 0; call < 3; call++) await ignoringErrors(breaker.run(fail));
}

describe('opossum 1: a call that started while closed ends during half-open', () => {
  async function script({ breaker, time }: Subject, end: (work: Deferred<string>) => void) {
    const old = deferred();
    watch(breaker.run(() => old.promise));
    await trip(breaker);
    await time.advance(OPEN_MS);
    const work = deferred();
    watch(breaker.run(() => work.promise));
    const before = breaker.state;
    end(old);
    await time.advance(0);
    return { before, after: breaker.state };
  }

  const success = (work: Deferred<string>) => work.resolve('late');
  const failure = (work: Deferred<string>) => work.reject(new DependencyDown('late'));

  test('holdfast: its success decides nothing', async () => {
    expect(await script(ours(), success)).toEqual({ before: 'half-open', after: 'half-open' });
  });

  test('opossum: its success closes the circuit while the probe is still out', async () => {
    expect(await script(theirs(), success)).toEqual({ before: 'half-open', after: 'closed' });
  });

  test('holdfast: its failure decides nothing', async () => {
    expect(await script(ours(), failure)).toEqual({ before: 'half-open', after: 'half-open' });
  });

  test('opossum: its failure reopens the circuit while the probe is still out', async () => {
    expect(await script(theirs(), failure)).toEqual({ before: 'half-open', after: 'open' });
  });
});

describe('opossum 1: the very first call fails, all options at their defaults', () => {
  async function script(breaker: Breaker) {
    await ignoringErrors(breaker.run(fail));
    return breaker.state;
  }

  test('holdfast stays closed', async () => {
    expect(await script(circuitBreaker({ clock: new VirtualClock() }))).toBe('closed');
  });

  test('opossum opens', async () => {
    fakeTime();
    expect(await script(opossumBreaker(opossum({})))).toBe('open');
  });
});

describe('opossum 7: a probe hangs, and no time-out is set', () => {
  async function script({ breaker, time }: Subject) {
    await trip(breaker);
    await time.advance(OPEN_MS);
    watch(breaker.run(hang));
    await time.advance(HOUR);
    const next = watch(breaker.run(() => 'fine'));
    await time.advance(0);
    const afterNext = { next: next.status, state: breaker.state };
    await time.advance(HOUR);
    const anotherHour = watch(breaker.run(() => 'fine'));
    await time.advance(0);
    return { ...afterNext, anotherHour: anotherHour.status };
  }

  test('holdfast lets its place lapse, and the next probe closes the circuit', async () => {
    expect(await script(ours())).toEqual({ next: 'resolved', state: 'closed', anotherHour: 'resolved' });
  });

  test('opossum rejects for ever', async () => {
    expect(await script(theirs())).toEqual({ next: 'rejected', state: 'half-open', anotherHour: 'rejected' });
  });
});
