import {
  bulkhead,
  type CallReport,
  CircuitOpenError,
  circuitBreaker,
  constant,
  fallback,
  type Layer,
  type Policy,
  pipeline,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { spyGate, watch, work } from '../support/spies.ts';

const boom = new Error('boom');

function setup(...policies: Policy[]) {
  const clock = new VirtualClock({ startMs: 1_000 });
  const subject = pipeline({ name: 'p', clock }, ...policies);
  const reports: CallReport[] = [];
  subject.on('call', (report) => reports.push(report));
  return { clock, subject, reports };
}

describe('the report of a run', () => {
  test('says how it ended, when it began and how long it took', async () => {
    const { clock, subject, reports } = setup();
    const job = work();
    const run = watch(subject.run(job.operation, { context: { id: 7 } }));
    await clock.advance(25);
    job.resolve('v');
    await clock.advance(0);
    expect(run.value).toBe('v');
    expect(reports).toEqual([
      {
        policy: 'p',
        pipeline: 'p',
        outcome: { ok: true, value: 'v', error: undefined },
        result: 'success',
        startMs: 1_000,
        durationMs: 25,
        attempts: [
          { attempt: 1, startMs: 1_000, endMs: 1_025, outcome: { ok: true, value: 'v', error: undefined } },
        ],
        waits: [],
        rejections: [],
        context: { id: 7 },
      },
    ]);
  });

  test('lists each attempt with start, end and outcome, and the waits between', async () => {
    const { clock, subject, reports } = setup(retry({ retries: 2, backoff: constant(100) }));
    const job = work();
    watch(subject.run(job.operation));
    await clock.advance(10);
    job.reject(boom);
    await clock.advance(105);
    job.resolve('v');
    await clock.advance(0);
    const [report] = reports;
    expect(report?.attempts).toEqual([
      { attempt: 1, startMs: 1_000, endMs: 1_010, outcome: { ok: false, value: undefined, error: boom } },
      { attempt: 2, startMs: 1_110, endMs: 1_115, outcome: { ok: true, value: 'v', error: undefined } },
    ]);
    expect(report?.waits).toEqual([{ policy: 'retry', startMs: 1_010, endMs: 1_110 }]);
    expect(report?.durationMs).toBe(115);
  });

  test('lists a wait in a queue', async () => {
    const places = bulkhead({ concurrency: 1, queue: 1 });
    const { clock, subject, reports } = setup(places);
    const permit = places.tryAcquire();
    watch(subject.run(() => 'v'));
    await clock.advance(30);
    permit?.release();
    await clock.advance(0);
    expect(reports[0]?.waits).toEqual([{ policy: 'bulkhead', startMs: 1_000, endMs: 1_030 }]);
    expect(reports[0]?.attempts).toMatchObject([{ startMs: 1_030, endMs: 1_030 }]);
  });

  test('lists a wait that was cut short, by the timeout of an attempt and by one around all of them', async () => {
    const places = bulkhead({ concurrency: 1, queue: 1 });
    const { clock, subject, reports } = setup(
      timeout({ ms: 110, name: 'total' }),
      retry({ retries: 3, backoff: constant(50) }),
      timeout({ ms: 40 }),
      places,
    );
    places.tryAcquire();
    watch(subject.run(() => 'v'));
    await clock.advance(1_000);
    expect(reports).toMatchObject([{ durationMs: 110, attempts: [], outcome: { ok: false } }]);
    expect(reports[0]?.waits).toEqual([
      { policy: 'bulkhead', startMs: 1_000, endMs: 1_040 },
      { policy: 'retry', startMs: 1_040, endMs: 1_090 },
      { policy: 'bulkhead', startMs: 1_090, endMs: 1_110 },
    ]);
  });

  test("lists a wait that the caller's abort cut short", async () => {
    const { clock, subject, reports } = setup(retry({ backoff: constant(500) }));
    const controller = new AbortController();
    watch(subject.run(() => Promise.reject(boom), { signal: controller.signal }));
    await clock.advance(70);
    controller.abort('left');
    await clock.advance(0);
    expect(reports[0]?.waits).toEqual([{ policy: 'retry', startMs: 1_000, endMs: 1_070 }]);
  });

  /** A layer that makes two calls at once, of which the second begins later and has a timeout of its own. */
  const twice = (laterMs: number, timeoutMs: number): Layer => ({
    around: (next) => async (operation, call) => {
      const clock = (call as unknown as { run: { clock: VirtualClock } }).run.clock;
      const timed = timeout({ ms: timeoutMs, clock }).around(next);
      const first = next(operation, call);
      if (laterMs > 0) await new Promise<void>((resolve) => void clock.setTimer(laterMs, resolve));
      await timed(operation, call).catch(() => {});
      return first;
    },
  });

  test.each([
    ['began earlier', twice(20, 30), 50],
    ['began at the same moment', twice(0, 30), 30],
  ])('lists a wait once, with its own end, where one that %s goes on', async (_when, layer, cutMs) => {
    const places = bulkhead({ concurrency: 1, queue: 2 });
    const { clock, subject, reports } = setup(layer, places);
    const permit = places.tryAcquire();
    watch(subject.run(() => 'v'));
    await clock.advance(60);
    permit?.release();
    await clock.advance(0);
    // Of two that are alike it is all one which is which.
    const waits = reports[0]?.waits.map(({ startMs, endMs }) => `${startMs - 1_000} to ${endMs - 1_000}`);
    expect(waits?.sort()).toEqual(['0 to 60', `${cutMs - 30} to ${cutMs}`].sort());
  });

  test('lists each of two waits that went on at once and both came to their end', async () => {
    const places = bulkhead({ concurrency: 1, queue: 2 });
    const { clock, subject, reports } = setup(twice(0, 100), places);
    const permit = places.tryAcquire();
    watch(subject.run(() => new Promise<void>((resolve) => void clock.setTimer(5, resolve))));
    await clock.advance(60);
    permit?.release();
    await clock.advance(20);
    const ends = reports[0]?.waits.map(({ endMs }) => endMs - 1_000).sort();
    expect(ends).toEqual([60, 65]);
  });

  test('lists each of two waits that went on at once for different policies', async () => {
    const { clock, subject, reports } = setup(
      twice(0, 100),
      bulkhead({ concurrency: 1, queue: 1 }),
      spyGate({ answer: (n) => new Promise((resolve) => void clock.setTimer(30, () => resolve(n))) }),
    );
    watch(subject.run(() => 'v'));
    await clock.advance(100);
    expect(reports[0]?.waits.map(({ policy, endMs }) => [policy, endMs])).toEqual([
      ['bulkhead', 1_030],
      ['gate', 1_030],
      ['gate', 1_060],
    ]);
  });

  test('lists who rejected and why, also where a fallback answered', async () => {
    const breaker = circuitBreaker();
    const { clock, subject, reports } = setup(fallback('plan b'), breaker);
    breaker.open();
    const run = watch(subject.run(() => 'v'));
    await clock.advance(0);
    expect(run.value).toBe('plan b');
    expect(reports[0]).toMatchObject({ outcome: { ok: true, value: 'plan b' }, attempts: [] });
    expect(reports[0]?.rejections).toEqual([
      { policy: 'circuit-breaker', error: expect.any(CircuitOpenError) },
    ]);
  });

  test('lists a rejection that ended the retrying after a real failure, which the caller gets', async () => {
    const { clock, subject, reports } = setup(
      retry({ retries: 3, backoff: constant(1) }),
      circuitBreaker({ consecutiveFailures: 1 }),
    );
    const run = watch(subject.run(() => Promise.reject(boom)));
    await clock.advance(1);
    expect(run.error).toBe(boom);
    expect(reports[0]).toMatchObject({ outcome: { ok: false, error: boom } });
    expect(reports[0]?.attempts.length).toBe(1);
    expect(reports[0]?.rejections.map(({ policy }) => policy)).toEqual(['circuit-breaker']);
  });

  test('ends an attempt that was given up with the time-out, at that moment', async () => {
    const { clock, subject, reports } = setup(timeout({ ms: 50 }));
    const job = work();
    watch(subject.run(job.operation));
    await clock.advance(50);
    job.resolve('late');
    await clock.advance(0);
    expect(reports.length).toBe(1);
    expect(reports[0]).toMatchObject({ durationMs: 50, outcome: { ok: false } });
    expect(reports[0]?.attempts).toMatchObject([{ endMs: 1_050, outcome: { ok: false } }]);
    expect(reports[0]?.attempts[0]?.outcome?.error).toBeInstanceOf(TimeoutError);
  });

  test('keeps it so, when the work of that attempt ends during the next one', async () => {
    const { clock, subject, reports } = setup(
      retry({ retries: 1, backoff: constant(0) }),
      timeout({ ms: 50 }),
    );
    const job = work();
    watch(subject.run(job.operation));
    await clock.advance(60);
    job.resolve('late', 0);
    await clock.advance(10);
    job.resolve('v', 1);
    await clock.advance(0);
    expect(reports[0]?.attempts).toMatchObject([
      { attempt: 1, endMs: 1_050, outcome: { ok: false } },
      { attempt: 2, startMs: 1_050, endMs: 1_070, outcome: { ok: true, value: 'v' } },
    ]);
  });

  test('comes also where nothing ran: an abort before the start', async () => {
    const { clock, subject, reports } = setup(retry());
    watch(subject.run(() => 1, { signal: AbortSignal.abort('early') }));
    await clock.advance(0);
    expect(reports).toMatchObject([{ outcome: { ok: false, error: 'early' }, attempts: [], durationMs: 0 }]);
  });

  test("tells the caller's abort at work", async () => {
    const { clock, subject, reports } = setup(retry());
    const controller = new AbortController();
    watch(subject.run(work().operation, { signal: controller.signal }));
    await clock.advance(5);
    controller.abort('left');
    await clock.advance(0);
    expect(reports).toMatchObject([
      {
        outcome: { ok: false, error: 'left' },
        result: 'aborted',
        durationMs: 5,
        attempts: [{ endMs: 1_005, outcome: { error: 'left' } }],
      },
    ]);
  });

  test('comes before the caller gets the outcome', async () => {
    const { clock, subject, reports } = setup();
    let before = -1;
    void subject
      .run(() => 1)
      .then(() => {
        before = reports.length;
      });
    await clock.advance(0);
    expect(before).toBe(1);
  });

  test("is none for a mistake in the arguments, which is nobody's run", async () => {
    const { clock, subject, reports } = setup();
    watch(subject.run(undefined as never));
    watch(subject.run(() => 1, { timeoutMs: -1 }));
    await clock.advance(0);
    expect(reports).toEqual([]);
  });

  test('is complete with every policy around, under their labels', async () => {
    const { clock, subject, reports } = setup(
      retry({ retries: 1, backoff: constant(10) }),
      spyGate({ answer: async (n) => n }),
      timeout({ ms: 100 }),
      bulkhead({ concurrency: 0, name: 'pool' }),
    );
    watch(subject.run(() => 1));
    await clock.advance(0);
    expect(reports[0]?.rejections.map(({ policy }) => policy)).toEqual(['pool']);
    expect(reports[0]?.waits).toEqual([{ policy: 'gate', startMs: 1_000, endMs: 1_000 }]);
  });
});

describe('the context of a run', () => {
  test('is anything at all, by identity, in the call and in the report', async () => {
    const { subject, reports } = setup(retry());
    const seen: unknown[] = [];
    const contexts = [undefined, null, 0, { tenant: 1 }, Symbol('c')];
    for (const context of contexts) await subject.run((call) => seen.push(call.context), { context });
    expect(seen).toEqual(contexts);
    expect(reports.map(({ context }) => context)).toEqual(contexts);
    expect(seen[3]).toBe(contexts[3]);
  });

  test('is undefined where none was given, and in what wrap makes', async () => {
    const { subject } = setup();
    await expect(subject.run(({ context }) => context)).resolves.toBeUndefined();
    await expect(subject.wrapCall(({ context }) => context)()).resolves.toBeUndefined();
  });
});

test('work that heeds a cooperating timeout ends in the report when it does', async () => {
  const { clock, subject, reports } = setup(timeout({ ms: 100, mode: 'cooperate' }));
  const job = work();
  watch(subject.run(job.operation));
  await clock.advance(150);
  job.resolve('partial');
  await clock.advance(0);
  expect(reports[0]?.attempts).toMatchObject([
    { startMs: 1_000, endMs: 1_150, outcome: { value: 'partial' } },
  ]);
});

test('a timeout that gives up ends in the report what stands inside it, and nothing beside', async () => {
  const clock = new VirtualClock();
  const hedge: Layer = {
    around: (next) => (operation, call) => {
      const first = next(operation, call);
      return new Promise((resolve, reject) => {
        clock.setTimer(50, () => void next(operation, call).then(resolve, reject));
        first.catch(() => {});
      });
    },
  };
  const subject = pipeline({ name: 'p', clock }, hedge, timeout({ ms: 100 }));
  const reports: CallReport[] = [];
  subject.on('call', (report) => reports.push(report));
  const job = work();
  watch(subject.run(job.operation));
  await clock.advance(120);
  job.resolve('second');
  await clock.advance(0);
  expect(reports[0]?.attempts).toMatchObject([
    { startMs: 0, endMs: 100, outcome: { error: { name: 'TimeoutError' } } },
    { startMs: 50, endMs: 120, outcome: { value: 'second' } },
  ]);
});

describe('a report that others have does not change any more', () => {
  /** Answers at once, and leaves what is further in to itself. */
  const hasty: Layer = {
    around: (next) => (operation, call) => {
      next(operation, call).catch(() => {});
      return Promise.resolve('at once') as never;
    },
  };

  test('when an attempt ends for which the run has not waited', async () => {
    const { clock, subject, reports } = setup(hasty);
    const job = work();
    watch(subject.run(job.operation));
    await clock.advance(1);
    const before = structuredClone(reports[0]);
    job.resolve('late');
    await clock.advance(1);
    expect(before?.attempts).toEqual([{ attempt: 1, startMs: 1_000, endMs: undefined, outcome: undefined }]);
    expect(reports[0]).toEqual(before);
  });

  test('when a timeout gives such an attempt up', async () => {
    const { clock, subject, reports } = setup(hasty, timeout({ ms: 10 }));
    watch(subject.run(work().operation));
    await clock.advance(1);
    const before = structuredClone(reports[0]);
    await clock.advance(20);
    expect(reports[0]).toEqual(before);
  });
});
