import {
  bulkhead,
  circuitBreaker,
  constant,
  type Layer,
  type Policy,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { inAWord, spyGate, watch, work } from '../support/spies.ts';

/** Every order of some policies. */
function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of orders([...items.slice(0, i), ...items.slice(i + 1)])) yield [item, ...rest];
  }
}

const KINDS = ['timeout', 'bulkhead', 'breaker', 'retry', 'spy'] as const;
const nameOf = (order: readonly string[]) => order.join(' > ');
const ALL = [...orders(KINDS)].map((order) => [nameOf(order), order] as const);

function build(order: readonly (typeof KINDS)[number][], clock: VirtualClock) {
  const places = bulkhead({ concurrency: 3, clock });
  const breaker = circuitBreaker({ consecutiveFailures: 1, clock });
  const spy = spyGate();
  const make: Record<(typeof KINDS)[number], Policy> = {
    timeout: timeout({ ms: 100, clock }),
    bulkhead: places,
    breaker,
    retry: retry({ retries: 0, clock }),
    spy,
  };
  return { subject: pipeline('p', ...order.map((kind) => make[kind])), places, breaker, spy };
}

describe.each(ALL)('in the order %s', (_, order) => {
  test('a timeout that gives up tells every gate at once, and the place is given back when the work ends', async () => {
    const clock = new VirtualClock();
    const { subject, places, breaker, spy } = build(order, clock);
    const job = work();
    const run = watch(subject.run(job.operation));
    await clock.advance(100);
    expect(run.error).toBeInstanceOf(TimeoutError);
    expect(inAWord(spy.learned[0])).toBe('TimeoutError');
    expect(breaker.state).toBe('open');
    expect(places).toMatchObject({ inFlight: 1, abandoned: 1 });
    expect(spy.log).toEqual(['enter', 'leave']);

    job.resolve('late');
    await clock.advance(0);
    expect(places).toMatchObject({ inFlight: 0, abandoned: 0 });
    expect(spy.log).toEqual(['enter', 'leave', 'release']);
    expect(breaker.state).toBe('open'); // the late success is stale
  });

  test("the caller's abort is told to every gate at once, and ignored by the breaker", async () => {
    const clock = new VirtualClock();
    const { subject, places, breaker, spy } = build(order, clock);
    const controller = new AbortController();
    const job = work();
    const reason = new Error('left');
    const run = watch(subject.run(job.operation, { signal: controller.signal }));
    controller.abort(reason);
    await clock.advance(0);
    expect(run.error).toBe(reason);
    expect(spy.learned).toMatchObject([{ ok: false, error: reason }]);
    expect(breaker.stats.calls).toBe(0);
    expect(places).toMatchObject({ inFlight: 1, abandoned: 1 });

    job.reject(new Error('late'));
    await clock.advance(0);
    expect(spy.log).toEqual(['enter', 'leave', 'release']);
    expect(breaker).toMatchObject({ state: 'closed', stats: { calls: 0 } });
    expect(places).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('the deadline of the run does what a timeout does', async () => {
    const clock = new VirtualClock();
    const { subject, places, breaker, spy } = build(order, clock);
    const job = work();
    const run = watch(subject.run(job.operation, { timeoutMs: 50 }));
    await clock.advance(50);
    expect(run.error).toMatchObject({ policy: 'deadline', ms: 50 });
    expect(inAWord(spy.learned[0])).toBe('TimeoutError');
    expect(breaker.state).toBe('open');
    expect(places.inFlight).toBe(1);
    job.resolve('late');
    await clock.advance(0);
    expect(places.inFlight).toBe(0);
  });
});

test('a gate that admits what was given up while it asked learns that it was not used', async () => {
  const clock = new VirtualClock();
  let admit: (ticket: number) => void = () => {};
  const asking = spyGate({
    answer: () =>
      new Promise<number>((resolve) => {
        admit = resolve;
      }),
  });
  const run = watch(pipeline('p', timeout({ ms: 10, clock }), asking).run(() => 1));
  await clock.advance(10);
  expect(run.error).toBeInstanceOf(TimeoutError);
  admit(1);
  await clock.advance(0);
  expect([asking.log, asking.learned]).toEqual([['enter', 'leave', 'release'], ['unused']]);
});

test('a gate around several pieces of work that were given up is released after the last of them', async () => {
  const clock = new VirtualClock();
  const spy = spyGate();
  const hedge: Layer = {
    around: (next) => (operation, call) => Promise.race([next(operation, call), next(operation, call)]),
  };
  const job = work();
  watch(pipeline('p', timeout({ ms: 10, clock }), spy, hedge).run(job.operation));
  await clock.advance(10);
  job.resolve('late', 0);
  await clock.advance(0);
  expect(spy.log).toEqual(['enter', 'leave']);
  job.resolve('later', 1);
  await clock.advance(0);
  expect(spy.log).toEqual(['enter', 'leave', 'release']);
});

describe('attempts that are given up one after the other', () => {
  test('hold their places until their own work ends, whichever ends first', async () => {
    const clock = new VirtualClock();
    const places = bulkhead({ concurrency: 3, clock });
    const job = work();
    const tries = retry({ retries: 2, backoff: constant(0), clock });
    const run = watch(pipeline('p', tries, timeout({ ms: 100, clock }), places).run(job.operation));
    await clock.advance(300);
    expect(run.state).toBe('rejected');
    expect(places).toMatchObject({ inFlight: 3, abandoned: 3 });
    job.resolve('late', 1);
    await clock.advance(0);
    expect(places).toMatchObject({ inFlight: 2, abandoned: 2 });
    job.resolve('late', 0);
    job.resolve('late', 2);
    await clock.advance(0);
    expect(places).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('a gate outside the retry learns only the end, and is released after all of the work', async () => {
    const clock = new VirtualClock();
    const spy = spyGate();
    const job = work();
    const tries = retry({ retries: 1, backoff: constant(0), clock });
    const run = watch(pipeline('p', spy, tries, timeout({ ms: 100, clock })).run(job.operation));
    await clock.advance(150);
    job.resolve('v'); // the second attempt; the first still runs
    await clock.advance(0);
    expect(run.value).toBe('v');
    expect(spy.learned.map(inAWord)).toEqual(['ok v']);
    expect(spy.log).toEqual(['enter', 'leave']);
    job.resolve('late', 0);
    await clock.advance(0);
    expect(spy.log).toEqual(['enter', 'leave', 'release']);
    expect(spy.learned.map(inAWord)).toEqual(['ok v']);
  });

  test('a gate between timeout and retry learns the time-out, where the second attempt was still at work', async () => {
    const clock = new VirtualClock();
    const spy = spyGate();
    const job = work();
    const tries = retry({ retries: 1, backoff: constant(10), clock });
    const run = watch(pipeline('p', timeout({ ms: 100, clock }), spy, tries).run(job.operation));
    job.reject(new Error('boom'));
    await clock.advance(100);
    expect(job.calls.length).toBe(2);
    expect(run.state).toBe('rejected');
    expect(spy.learned.map(inAWord)).toEqual(['TimeoutError']);
  });

  test('or how the first one ended, where the retry was asleep: no work was given up', async () => {
    const clock = new VirtualClock();
    const spy = spyGate();
    const controller = new AbortController();
    const tries = retry({ retries: 1, backoff: constant(10), clock });
    const failing = () => Promise.reject(new Error('boom'));
    const run = watch(pipeline('p', spy, tries).run(failing, { signal: controller.signal }));
    await clock.advance(5);
    controller.abort('left');
    await clock.advance(0);
    expect(run.error).toBe('left');
    expect(spy.learned.map(inAWord)).toEqual(['Error']);
  });

  test('never more than the limit of real work, with an operation that ignores its signal', async () => {
    const clock = new VirtualClock();
    const places = bulkhead({ concurrency: 2, queue: 10, queueTimeoutMs: Infinity, clock });
    const tries = retry({ retries: 2, backoff: constant(5), budget: false, clock });
    const subject = pipeline('p', tries, timeout({ ms: 20, clock }), places);
    let [running, most] = [0, 0];
    const runs = Array.from({ length: 8 }, () =>
      watch(
        subject.run(async () => {
          most = Math.max(most, ++running);
          await new Promise<void>((resolve) => void clock.setTimer(200, resolve));
          running--;
        }),
      ),
    );
    await clock.runAll();
    expect(runs.every(({ state }) => state === 'rejected')).toBe(true);
    expect(most).toBe(2);
    expect(places).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
  });
});

describe('a timeout that cooperates', () => {
  test('gives nothing up: gates learn when the work has ended', async () => {
    const clock = new VirtualClock();
    const [outer, inner] = [spyGate(), spyGate()];
    const job = work();
    const subject = pipeline('p', outer, timeout({ ms: 100, mode: 'cooperate', clock }), inner);
    const run = watch(subject.run(job.operation));
    await clock.advance(150);
    expect([...outer.log, ...inner.log]).toEqual(['enter', 'enter']);
    job.reject(new Error('stopped'));
    await clock.advance(0);
    expect(run.error).toBeInstanceOf(TimeoutError);
    expect(inAWord(outer.learned[0])).toBe('TimeoutError');
    expect(inner.log).toEqual(['enter', 'leave', 'release']);
  });

  test('a caller who aborts while it waits is not kept waiting', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    const controller = new AbortController();
    const subject = pipeline('p', timeout({ ms: 100, mode: 'cooperate', clock }), gate);
    const run = watch(subject.run(work().operation, { signal: controller.signal }));
    await clock.advance(150);
    controller.abort('left');
    await clock.advance(0);
    expect(run.error).toBe('left');
    expect(gate.learned).toMatchObject([{ ok: false, error: 'left' }]);
  });
});
