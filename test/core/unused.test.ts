import {
  bulkhead,
  constant,
  fallback,
  type Layer,
  pipeline,
  Rejection,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { errorOf, inAWord, spyGate, watch, work } from '../support/spies.ts';

const boom = new Error('boom');
const refusing = () => spyGate({ name: 'refusing', answer: () => new Rejection('no') });
/** Answers without asking anybody further in. */
const cached = (value: unknown): Layer => ({ around: () => async () => value as never });
/** Ignores what comes from further in. */
const lying = (value: unknown): Layer => ({
  around: (next) => (operation, call) =>
    next(operation, call).then(
      () => value as never,
      () => value as never,
    ),
});

describe('a gate learns unused if the operation was not invoked between enter and leave', () => {
  test('whatever a gate further in refused', async () => {
    const outer = spyGate();
    await errorOf(pipeline('p', outer, refusing()).run(() => 1));
    expect(outer.learned).toEqual(['unused']);
    expect(outer.log).toEqual(['enter', 'leave', 'release']);
  });

  test('where a layer between them kept the gates apart', async () => {
    const outer = spyGate();
    await errorOf(pipeline('p', outer, retry({ retries: 0 }), refusing()).run(() => 1));
    expect(outer.learned).toEqual(['unused']);
  });

  test("whatever value came out: a fallback's", async () => {
    const outer = spyGate();
    await expect(pipeline('p', outer, fallback('plan b'), refusing()).run(() => 1)).resolves.toBe('plan b');
    expect(outer.learned).toEqual(['unused']);
  });

  test('whatever value came out: a cached one', async () => {
    const outer = spyGate();
    await expect(pipeline('p', outer, cached('old')).run(() => 1)).resolves.toBe('old');
    expect(outer.learned).toEqual(['unused']);
  });

  test('whatever time was spent in an inner queue', async () => {
    const clock = new VirtualClock();
    const outer = spyGate();
    const inner = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 50, clock });
    inner.tryAcquire();
    const run = watch(pipeline('p', outer, inner).run(() => 1));
    await clock.advance(49);
    expect(outer.learned).toEqual([]);
    await clock.advance(1);
    expect(run.state).toBe('rejected');
    expect(outer.learned).toEqual(['unused']);
  });

  test('where a timeout gave up on a call that was still queueing', async () => {
    const clock = new VirtualClock();
    const [outer, between] = [spyGate(), spyGate()];
    const inner = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: Infinity, clock });
    inner.tryAcquire();
    const run = watch(pipeline('p', outer, timeout({ ms: 10, clock }), between, inner).run(() => 1));
    await clock.advance(10);
    expect(run.error).toBeInstanceOf(TimeoutError);
    expect([...outer.learned, ...between.learned]).toEqual(['unused', 'unused']);
  });
});

describe('a gate learns the last real outcome if the operation was invoked', () => {
  test('a value, and an error', async () => {
    const gate = spyGate();
    const subject = pipeline('p', gate);
    await subject.run(() => 'v');
    await errorOf(subject.run(() => Promise.reject(boom)));
    expect(gate.learned).toMatchObject([
      { ok: true, value: 'v' },
      { ok: false, error: boom },
    ]);
  });

  test('the TimeoutError of a layer further in', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    const run = watch(pipeline('p', gate, timeout({ ms: 10, clock })).run(work().operation));
    await clock.advance(10);
    expect(run.state).toBe('rejected');
    expect(inAWord(gate.learned[0])).toBe('TimeoutError');
  });

  test('the error that a fallback further in replaced, not its value', async () => {
    const gate = spyGate();
    const subject = pipeline('p', gate, fallback('plan b'));
    await expect(subject.run(() => Promise.reject(boom))).resolves.toBe('plan b');
    expect(gate.learned).toMatchObject([{ ok: false, error: boom }]);
  });

  test('the value that a layer of a user replaced', async () => {
    const gate = spyGate();
    await expect(pipeline('p', gate, lying('lie')).run(() => 'truth')).resolves.toBe('lie');
    expect(gate.learned).toMatchObject([{ ok: true, value: 'truth' }]);
  });

  test('that of the last attempt that ran, where the next one was refused', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    let entered = 0;
    const once = spyGate({ name: 'once', answer: (n) => (entered++ === 0 ? n : new Rejection('no more')) });
    const tries = retry({ retries: 1, backoff: constant(1), clock });
    const run = watch(pipeline('p', gate, tries, once).run(() => Promise.reject(boom)));
    await clock.advance(1);
    expect(run.error).toBe(boom);
    expect(gate.learned).toMatchObject([{ ok: false, error: boom }]);
    expect(entered).toBe(2);
  });

  test('the time-out of an attempt whose work ended late, where the next one was refused', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    const job = work();
    const once = spyGate({ name: 'once', answer: (n) => (n === 1 ? n : new Rejection('no more')) });
    const tries = retry({ retries: 1, backoff: constant(10), clock });
    const run = watch(pipeline('p', gate, tries, timeout({ ms: 10, clock }), once).run(job.operation));
    await clock.advance(15);
    job.resolve('late');
    await clock.advance(5);
    expect(run.error).toBeInstanceOf(TimeoutError);
    expect(gate.learned.map(inAWord)).toEqual(['TimeoutError']);
  });

  test('that of the attempt that ran, where the next one timed out before it could', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    const stuck = spyGate({ name: 'stuck', answer: (n) => (n === 1 ? n : new Promise<number>(() => {})) });
    const tries = retry({ retries: 1, backoff: constant(1), clock });
    const subject = pipeline('p', gate, tries, timeout({ ms: 10, clock }), stuck);
    const run = watch(subject.run(() => Promise.reject(boom)));
    await clock.advance(11);
    expect(run.error).toBe(boom);
    expect(gate.learned).toMatchObject([{ ok: false, error: boom }]);
  });

  test('the last of several attempts', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    const run = watch(
      pipeline('p', gate, retry({ retries: 1, backoff: constant(1), clock })).run(({ attempt }) =>
        attempt === 1 ? Promise.reject(boom) : 'well',
      ),
    );
    await clock.advance(1);
    expect(run.value).toBe('well');
    expect(gate.learned).toMatchObject([{ ok: true, value: 'well' }]);
  });

  test('an ordinary error, where a rejection comes from a different run inside the operation', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    const other = pipeline('other', refusing());
    const subject = pipeline('p', retry({ retries: 1, backoff: constant(1), clock }), gate);
    let calls = 0;
    const run = watch(
      subject.run(() => {
        calls++;
        return other.run(() => 1);
      }),
    );
    await clock.advance(1);
    expect(run.error).toBeInstanceOf(Rejection);
    expect(calls).toBe(2); // it was tried again, as an ordinary error is
    expect(gate.learned.map(inAWord)).toEqual(['Rejection', 'Rejection']);
  });

  test('an ordinary error, where the different run is one of the same pipeline', async () => {
    const clock = new VirtualClock();
    const gate = spyGate();
    const door = { open: true };
    const guard = spyGate({ name: 'guard', answer: (n) => (door.open ? n : new Rejection('shut')) });
    const subject = pipeline('p', retry({ retries: 1, backoff: constant(1), clock }), gate, guard);
    const run = watch(
      subject.run(async () => {
        door.open = false;
        try {
          return await subject.run(() => 1);
        } finally {
          door.open = true;
        }
      }),
    );
    await clock.advance(1);
    expect(run.error).toBeInstanceOf(Rejection);
    // Outer attempt, its inner run (unused), and both again.
    expect(gate.learned.map(inAWord)).toEqual(['unused', 'Rejection', 'unused', 'Rejection']);
  });
});
