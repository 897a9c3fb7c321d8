import {
  bulkhead,
  circuitBreaker,
  constant,
  fallback,
  type Operation,
  pipeline,
  Rejection,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { errorOf, spyGate, watch } from '../support/spies.ts';
import { ROWS } from './bad-operations.rows.ts';

const noop = () => {};

function setup() {
  const clock = new VirtualClock();
  const places = bulkhead({ concurrency: 1, clock });
  const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, clock });
  const gate = spyGate();
  const tries = retry({ retries: 1, backoff: constant(1), clock });
  const limit = timeout({ ms: 100, clock });
  return { clock, places, breaker, gate, subject: pipeline('p', tries, limit, places, gate), tries, limit };
}

const ran = (operation: unknown) => operation as Operation<unknown>;

describe('an operation that', () => {
  test.each(ROWS)(
    '%s: the outcome is its own, no permit is lost, and no probe',
    async (_, operation, end) => {
      const { clock, places, breaker, gate, subject } = setup();
      const run = watch(subject.run(ran(operation)));
      await clock.advance(1);
      expect(run).toEqual(
        'value' in end ? { state: 'fulfilled', value: end.value } : { state: 'rejected', error: end.error },
      );
      expect(places).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
      const once = ['enter', 'leave', 'release'];
      expect(gate.log).toEqual('value' in end ? once : [...once, ...once]); // an error is tried again
      expect(clock.pendingTimers).toBe(0);

      // The same as the one probe of a half-open breaker: it decides, and its place is free.
      breaker.open();
      await clock.advance(1_000);
      const probe = watch(breaker.run(ran(operation)));
      await clock.advance(0);
      expect(probe.state).toBe(run.state);
      expect(breaker.state).toBe('value' in end ? 'closed' : 'open');
    },
  );

  test.each(ROWS)(
    '%s: the same from wrap and wrapCall, and a fallback gets its error',
    async (_, operation, end) => {
      const places = bulkhead({ concurrency: 1 });
      const subject = pipeline(
        'p',
        places,
        fallback((error) => ({ instead: error })),
      );
      const expected = 'value' in end ? end.value : { instead: end.error };
      expect(await subject.wrap(operation)()).toEqual(expected);
      expect(await subject.wrapCall(operation)()).toEqual(expected);
      expect(places.inFlight).toBe(0);
    },
  );
});

describe('an operation that is no function', () => {
  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
    [{}, '{}'],
    [Promise.resolve(1), 'an instance of Promise'],
  ])('%s: a rejection that says so, and no gate is entered', async (operation, shown) => {
    const { gate, places, subject } = setup();
    const error = await errorOf(subject.run(operation as never));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(`run: operation must be a function, got ${shown}`);
    expect(gate.log).toEqual([]);
    expect(places.inFlight).toBe(0);
  });
});

describe('an operation that never settles', () => {
  test('is given up by the timeout; its place stays, since the work may go on, and the breaker has learned', async () => {
    const { clock, places, breaker, limit } = setup();
    const run = watch(pipeline('p', breaker, limit, places).run(() => new Promise(noop)));
    await clock.advance(100);
    expect(run.error).toBeInstanceOf(TimeoutError);
    expect(breaker.state).toBe('open');
    expect(places).toMatchObject({ inFlight: 1, abandoned: 1 });
  });

  test('gives its place back after reclaimMs', async () => {
    const { clock, limit } = setup();
    const places = bulkhead({ concurrency: 1, reclaimMs: 500, clock });
    const run = watch(pipeline('p', limit, places).run(() => new Promise(noop)));
    await clock.advance(599);
    expect(places.inFlight).toBe(1);
    await clock.advance(1);
    expect(places).toMatchObject({ inFlight: 0, abandoned: 0 });
    expect(run.state).toBe('rejected');
  });

  test('is a probe that gives its place back when its caller aborts', async () => {
    const { clock, breaker } = setup();
    breaker.open();
    await clock.advance(1_000);
    const controller = new AbortController();
    const hung = watch(breaker.run(() => new Promise(noop), { signal: controller.signal }));
    expect(await errorOf(breaker.run(() => 1))).toBeInstanceOf(Rejection);
    controller.abort('left');
    await clock.advance(0);
    expect(hung.error).toBe('left');
    await expect(breaker.run(() => 1)).resolves.toBe(1);
    expect(breaker.state).toBe('closed');
  });

  test('ignored by its caller, holds its place and no more', async () => {
    const { clock, places } = setup();
    const run = watch(places.run(() => new Promise(noop)));
    await clock.advance(1e9);
    expect(run.state).toBe('pending');
    expect(places.inFlight).toBe(1);
  });
});
