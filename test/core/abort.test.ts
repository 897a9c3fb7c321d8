import { bulkhead, circuitBreaker, constant, fallback, type Layer, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { countedSignal } from '../support/counted-signal.ts';
import { errorOf, spyGate, watch, work } from '../support/spies.ts';

const everything = (clock: VirtualClock) =>
  pipeline(
    { name: 'p', clock },
    fallback('plan b'),
    timeout({ ms: 10_000 }),
    retry({ retries: 3, backoff: constant(100) }),
    circuitBreaker(),
    timeout({ ms: 500 }),
    bulkhead({ concurrency: 1, queue: 5, queueTimeoutMs: 5_000 }),
  );

describe('aborted before the start', () => {
  test('the operation is never invoked, and the reason comes out by identity', async () => {
    const operation = vi.fn();
    const reason = { why: 'any value' };
    const signal = AbortSignal.abort(reason);
    expect(await errorOf(everything(new VirtualClock()).run(operation, { signal }))).toBe(reason);
    expect(operation).not.toHaveBeenCalled();
  });

  test('no gate is entered, and no listener is put on the signal', async () => {
    const gate = spyGate();
    const caller = countedSignal();
    caller.abort('early');
    expect(await errorOf(pipeline('p', gate).run(() => 1, { signal: caller.signal }))).toBe('early');
    expect(gate.log).toEqual([]);
    expect(caller.most).toBe(0);
  });

  test('a policy that runs alone does the same', async () => {
    const operation = vi.fn();
    for (const policy of [retry(), circuitBreaker(), bulkhead(), timeout({ ms: 1 }), fallback(1)]) {
      expect(await errorOf(policy.run(operation, { signal: AbortSignal.abort('early') }))).toBe('early');
    }
    expect(operation).not.toHaveBeenCalled();
  });
});

test('aborted by a listener of a gate that the run is just entering: the operation is never invoked', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const circuit = circuitBreaker({ openMs: 10, clock });
  circuit.open();
  circuit.on('state', () => controller.abort('the caller left'));
  await clock.advance(10);
  const operation = vi.fn();
  expect(await errorOf(circuit.run(operation, { signal: controller.signal }))).toBe('the caller left');
  expect(operation).not.toHaveBeenCalled();
  expect(circuit.state).toBe('half-open');
  expect(await circuit.run(() => 'v')).toBe('v');
});

describe('aborted later, the run settles at once with the reason by identity', () => {
  const reason = new Error('the caller left');

  test('while the operation runs and does not listen', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const run = watch(everything(clock).run(work().operation, { signal: controller.signal }));
    await clock.advance(10);
    controller.abort(reason);
    await clock.advance(0);
    expect(run.error).toBe(reason);
  });

  test('while it waits in a queue, which it leaves', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const places = bulkhead({ concurrency: 1, queue: 1, clock });
    places.tryAcquire();
    const operation = vi.fn();
    const run = watch(places.run(operation, { signal: controller.signal }));
    await clock.advance(10);
    expect(places.queued).toBe(1);
    controller.abort(reason);
    expect(places.queued).toBe(1); // the caller's stack executes none of it
    await clock.advance(0);
    expect(run.error).toBe(reason);
    expect(places).toMatchObject({ queued: 0, inFlight: 1 });
    expect(operation).not.toHaveBeenCalled();
  });

  test('while a retry sleeps, without waiting for the end of the sleep, and no attempt follows', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const operation = vi.fn(() => Promise.reject(new Error('boom')));
    const run = watch(
      retry({ retries: 5, backoff: constant(80), clock }).run(operation, { signal: controller.signal }),
    );
    await clock.advance(10);
    controller.abort(reason);
    await clock.advance(0);
    expect(run.error).toBe(reason);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1_000);
    expect(operation).toHaveBeenCalledOnce();
  });

  test('even where the operation fails with an error of its own when it sees the abort', async () => {
    const controller = new AbortController();
    const run = everything(new VirtualClock()).run(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cancelled')))),
      { signal: controller.signal },
    );
    controller.abort(reason);
    expect(await errorOf(run)).toBe(reason);
  });

  test('also where the reason is no reason was given: the AbortError that the platform makes', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const run = watch(everything(clock).run(work().operation, { signal: controller.signal }));
    controller.abort();
    await clock.advance(0);
    expect(run.error).toBe(controller.signal.reason);
  });
});

describe('an abort that the operation itself causes before it settles', () => {
  test('wins over the value that it returns', async () => {
    const controller = new AbortController();
    const run = everything(new VirtualClock()).run(
      async () => {
        controller.abort('mid-flight');
        return 'too late';
      },
      { signal: controller.signal },
    );
    expect(await errorOf(run)).toBe('mid-flight');
  });

  test('starts no further attempt', async () => {
    const controller = new AbortController();
    const operation = vi.fn(async () => {
      controller.abort('mid-flight');
      throw new Error('boom');
    });
    const run = retry({ retries: 3, backoff: constant(0) }).run(operation, { signal: controller.signal });
    expect(await errorOf(run)).toBe('mid-flight');
    expect(operation).toHaveBeenCalledOnce();
  });
});

describe('an abort after the operation has succeeded', () => {
  test('does not abort the signal of the call, though the run goes on', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const lingering: Layer = {
      around: (next) => async (operation, call) => {
        const value = await next(operation, call);
        await new Promise<void>((resolve) => void clock.setTimer(50, resolve));
        return value;
      },
    };
    const seen: AbortSignal[] = [];
    const run = watch(
      pipeline({ name: 'p', clock }, lingering, timeout({ ms: 100 })).run(({ signal }) => seen.push(signal), {
        signal: controller.signal,
      }),
    );
    await clock.advance(10);
    controller.abort('left');
    await clock.advance(0);
    expect(run.error).toBe('left');
    expect(seen[0]?.aborted).toBe(false);
  });
});

describe('what an operation throws once its caller has aborted', () => {
  test('says nothing about the dependency, also where it comes before the run has taken notice', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const cancelled = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('cancelled')));
    });
    const run = breaker.run(() => cancelled, { signal });
    controller.abort('left');
    expect(await errorOf(run)).toBe('left');
    expect(breaker).toMatchObject({ state: 'closed', stats: { calls: 0 } });
  });
});

describe("listeners on the caller's signal", () => {
  test('at most one for a run, with seven policies and several attempts, and none afterwards', async () => {
    const clock = new VirtualClock();
    const caller = countedSignal();
    const run = watch(
      everything(clock).run(
        (call) => (call.signal.aborted || call.attempt < 3 ? Promise.reject(new Error('boom')) : 'v'),
        { signal: caller.signal, timeoutMs: 5_000 },
      ),
    );
    expect(caller.standing).toBe(1);
    await clock.advance(200);
    expect(run.value).toBe('v');
    expect(caller).toMatchObject({ standing: 0, most: 1 });
  });

  test.each([
    ['a failure', 0, () => Promise.reject(new TypeError('bug'))],
    ['a time-out', 10_000, () => new Promise(() => {})],
  ])('none after %s', async (_, ms, operation) => {
    const clock = new VirtualClock();
    const caller = countedSignal();
    const run = watch(
      pipeline({ name: 'p', clock }, timeout({ ms: 10_000 })).run(operation, { signal: caller.signal }),
    );
    await clock.advance(ms);
    expect(run.state).toBe('rejected');
    expect(caller).toMatchObject({ standing: 0, most: 1 });
  });

  test('none after the abort', async () => {
    const clock = new VirtualClock();
    const caller = countedSignal();
    const run = watch(everything(clock).run(work().operation, { signal: caller.signal }));
    caller.abort('left');
    await clock.advance(0);
    expect(run.error).toBe('left');
    expect(caller.standing).toBe(0);
  });
});

test('a gate around a retry that was asleep learns how the last attempt had ended, which counts', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const breaker = circuitBreaker({ clock });
  const subject = pipeline('p', breaker, retry({ backoff: constant(1_000), clock }));
  const run = watch(subject.run(() => Promise.reject(new Error('boom')), { signal: controller.signal }));
  await clock.advance(10);
  controller.abort('enough');
  await clock.advance(0);
  expect(run.error).toBe('enough');
  expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
});

test('the signal of an attempt that timed out keeps its reason, whoever aborts later', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const job = work();
  const tries = retry({ backoff: constant(10), clock });
  const subject = pipeline('p', tries, timeout({ ms: 100, clock }));
  const run = watch(subject.run(job.operation, { signal: controller.signal }));
  await clock.advance(150);
  controller.abort('enough');
  await clock.advance(0);
  expect(run.error).toBe('enough');
  const [first, second] = job.calls.map(({ signal }) => signal.reason as unknown);
  expect(first).toMatchObject({ name: 'TimeoutError', ms: 100 });
  expect(second).toBe('enough');
});
