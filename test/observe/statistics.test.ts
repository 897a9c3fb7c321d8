import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  keyed,
  type Pipeline,
  pipeline,
  retry,
  systemClock,
  timeout,
} from 'holdfast';
import { observe } from 'holdfast/observe';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { collectGarbage } from '../support/garbage.ts';
import { watch } from '../support/spies.ts';

const boom = new Error('boom');
const NOTHING = {
  calls: 0,
  throughput: 0,
  failures: 0,
  rejections: 0,
  errorRate: undefined,
  p50Ms: undefined,
  p95Ms: undefined,
  p99Ms: undefined,
  p999Ms: undefined,
};

/** Whether anything writes down the runs of the pipeline. */
const isWatched = (subject: Pipeline): Promise<boolean> =>
  subject.run((call) => (call as unknown as { run: { recorder: unknown } }).run.recorder !== undefined);

function setUp() {
  const clock = new VirtualClock({ startMs: 123 });
  const subject = pipeline({ name: 'p', clock });
  /** A call that takes so long. */
  const call = (ms: number, error?: unknown) =>
    watch(
      subject.run(
        () =>
          new Promise<void>((resolve, reject) => {
            clock.setTimer(ms, () => (error === undefined ? resolve() : reject(error)));
          }),
      ),
    );
  return { clock, subject, call, ...observe(subject) };
}

describe('the statistics of a pipeline', () => {
  test('are none before the first call', () => {
    const { snapshot } = setUp();
    expect(snapshot()).toEqual({
      last10s: { coveredMs: 0, ...NOTHING },
      last60s: { coveredMs: 0, ...NOTHING },
    });
  });

  test('say how many calls a second ended, what share failed and how long they took', async () => {
    const { clock, call, snapshot } = setUp();
    for (let i = 0; i < 99; i++) call(100);
    call(1_900, boom);
    await clock.advance(4_000);
    const { last10s, last60s } = snapshot();
    expect(last10s).toEqual({
      coveredMs: 4_000,
      calls: 100,
      throughput: 25,
      failures: 1,
      rejections: 0,
      errorRate: 0.01,
      p50Ms: expect.closeTo(100, -1),
      p95Ms: expect.closeTo(100, -1),
      p99Ms: expect.closeTo(100, -1),
      p999Ms: expect.closeTo(1_900, -2),
    });
    expect(last60s).toEqual(last10s);
  });

  test('forget after ten seconds, and after sixty', async () => {
    const { clock, call, snapshot } = setUp();
    call(0);
    await clock.advance(9_999);
    expect(snapshot().last10s.calls).toBe(1);
    await clock.advance(1);
    expect(snapshot().last10s).toEqual({ coveredMs: 9_000, ...NOTHING });
    expect(snapshot().last60s.calls).toBe(1);
    await clock.advance(49_999);
    expect(snapshot().last60s.calls).toBe(1);
    await clock.advance(1);
    expect(snapshot().last60s).toEqual({ coveredMs: 54_000, ...NOTHING });
  });

  test('count a call when it ends, with all its attempts and waits', async () => {
    const clock = new VirtualClock();
    const subject = pipeline({ name: 'p', clock }, retry({ retries: 1, backoff: constant(300) }));
    const { snapshot } = observe(subject);
    watch(subject.run(() => Promise.reject(boom)));
    await clock.advance(299);
    expect(snapshot().last10s.calls).toBe(0);
    await clock.advance(1);
    expect(snapshot().last10s).toMatchObject({ calls: 1, failures: 1, p50Ms: expect.closeTo(300, -1) });
  });

  test('tell rejections from other failures', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker();
    const subject = pipeline(
      { name: 'p', clock },
      breaker,
      timeout({ ms: 50 }),
      bulkhead({ concurrency: 1 }),
    );
    const { snapshot } = observe(subject);
    watch(subject.run(() => new Promise(() => {})));
    watch(subject.run(() => 1));
    await clock.advance(50);
    breaker.isolate('maintenance');
    watch(subject.run(() => 1));
    await clock.advance(0);
    expect(snapshot().last10s).toMatchObject({ calls: 3, failures: 3, rejections: 2 });
  });

  test("count the caller's own abort as a call, and not as a failure", async () => {
    const { clock, subject, snapshot } = setUp();
    const controller = new AbortController();
    watch(subject.run(() => new Promise(() => {}), { signal: controller.signal }));
    controller.abort(boom);
    await clock.advance(0);
    expect(snapshot().last10s).toMatchObject({ calls: 1, failures: 0, errorRate: 0 });
  });

  test('count as a success what a fallback answered', async () => {
    const subject = pipeline('p', fallback('plan b'));
    const { snapshot } = observe(subject);
    await subject.run(() => Promise.reject(boom));
    expect(snapshot().last10s).toMatchObject({ calls: 1, failures: 0 });
  });

  test('are of the calls that began after it', async () => {
    const clock = new VirtualClock();
    const subject = pipeline({ name: 'p', clock });
    watch(subject.run(() => new Promise<void>((resolve) => void clock.setTimer(10, resolve))));
    const { snapshot } = observe(subject);
    await clock.advance(10);
    expect(snapshot().last10s.calls).toBe(0);
  });

  test('stay as they are after a stop, and cost nothing any more', async () => {
    const { clock, subject, call, snapshot, stop } = setUp();
    call(5);
    await clock.advance(5);
    stop();
    stop();
    expect(await isWatched(subject)).toBe(false);
    call(5);
    await clock.advance(5);
    expect(snapshot().last10s.calls).toBe(1);
  });

  test('are kept by each observer for itself', async () => {
    const { clock, subject, call, snapshot, stop } = setUp();
    const second = observe(subject);
    call(5);
    await clock.advance(5);
    stop();
    call(5);
    await clock.advance(5);
    expect([snapshot().last10s.calls, second.snapshot().last10s.calls]).toEqual([1, 2]);
  });

  test('set no timer', async () => {
    const { clock, call, snapshot } = setUp();
    call(5);
    await clock.advance(5);
    const setTimer = vi.spyOn(clock, 'setTimer');
    snapshot();
    expect([setTimer.mock.calls.length, clock.pendingTimers]).toEqual([0, 0]);
  });

  test('take the same memory after a hundred thousand calls', async () => {
    const subject = pipeline('p');
    const { snapshot } = observe(subject);
    const call = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await subject.run(() => i);
    };
    await call(20_000); // until everything is compiled
    await collectGarbage();
    const before = process.memoryUsage();
    await call(100_000);
    await collectGarbage();
    const after = process.memoryUsage();
    expect(snapshot().last60s.calls).toBe(120_000);
    // Other buffers come and go; one more of these would be a hundred times as large.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1_000);
    // Less than a byte a call.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(100_000);
  }, 20_000);

  test('are asked for of a pipeline or a keyed, and of nothing else', () => {
    expect(() => observe([pipeline('p')] as never)).toThrow(
      /^observe: source must be a pipeline, or what keyed\(\) returned, got \[/,
    );
    expect(() => observe(undefined as never)).toThrow(TypeError);
  });
});

describe('the statistics of a keyed', () => {
  const setUpKeyed = (max?: number) => {
    const clock = new VirtualClock();
    const subject = keyed((name) => pipeline({ name, clock }, circuitBreaker()), { clock, max });
    return { clock, subject };
  };

  test('are of all its pipelines together, those that are made later included', async () => {
    const { clock, subject } = setUpKeyed();
    subject.get('a');
    const { snapshot, stop } = observe(subject);
    for (const key of ['a', 'b', 'b', 'c']) watch(subject.run(key, () => 1));
    await clock.advance(0);
    expect(snapshot().last10s.calls).toBe(4);
    stop();
    for (const key of ['a', 'd']) watch(subject.run(key, () => 1));
    await clock.advance(0);
    expect(snapshot().last10s.calls).toBe(4);
    for (const key of ['a', 'b', 'c', 'd']) expect(await isWatched(subject.get(key)), key).toBe(false);
  });

  test('go on after an eviction, for whoever still holds the pipeline', async () => {
    const { clock, subject } = setUpKeyed(1);
    const { snapshot, stop } = observe(subject);
    const held = subject.get('a');
    subject.get('b');
    watch(held.run(() => 1));
    await clock.advance(0);
    expect(snapshot().last10s.calls).toBe(1);
    stop();
    expect(await isWatched(held)).toBe(false);
  });

  test('are of those too that did not fit in', async () => {
    const { clock, subject } = setUpKeyed(1);
    const slow = (ms: number) => () => new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
    watch(subject.run('a', slow(50)));
    watch(subject.run('guest', slow(100)));
    const { snapshot } = observe(subject);
    watch(subject.run('guest', slow(100)));
    watch(subject.run('another', slow(100)));
    await clock.advance(60);
    // There is room by now: it is kept, the same pipeline as before, and not counted twice.
    watch(subject.run('guest', slow(1)));
    expect([...subject.entries()].map(([key]) => key)).toEqual(['guest']);
    await clock.advance(40);
    expect(snapshot().last10s.calls).toBe(3);
  });

  test('are timed by its clock, whatever clocks the pipelines have', async () => {
    const clock = new VirtualClock();
    const own = new VirtualClock({ startMs: 1e9 });
    const subject = keyed((name) => pipeline({ name, clock: own }), { clock });
    const { snapshot } = observe(subject);
    watch(subject.run('a', () => new Promise<void>((resolve) => void own.setTimer(500, resolve))));
    await clock.advance(20_000);
    await own.advance(500);
    expect(snapshot().last10s).toMatchObject({ calls: 1, p50Ms: expect.closeTo(500, -1) });
    await clock.advance(10_000);
    expect(snapshot().last10s.calls).toBe(0);
    expect(snapshot().last60s.calls).toBe(1);
  });

  test('keep no pipeline alive', async () => {
    const subject = keyed((name) => pipeline({ name }, circuitBreaker()), { max: 1 });
    const { snapshot } = observe(subject);
    const refs = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (key) => {
        await subject.run(key, () => 1);
        return new WeakRef(subject.get(key));
      }),
    );
    await collectGarbage();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBe(1);
    expect(snapshot().last10s.calls).toBe(4);
    expect(subject.clock).toBe(systemClock);
  });
});
