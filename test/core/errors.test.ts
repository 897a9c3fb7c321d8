import {
  type BulkheadFullError,
  bulkhead,
  CircuitOpenError,
  circuitBreaker,
  HoldfastError,
  isRejection,
  pipeline,
  Rejection,
  retry,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import { errorOf, watch, work } from '../support/spies.ts';

const boom = new Error('boom');

/** One of each error of the library, as a run of a pipeline throws it. */
async function thrown(
  options: { captureStack?: boolean } = {},
  policyOptions: { captureStack?: boolean } = {},
) {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000, ...policyOptions });
  const places = bulkhead({ concurrency: 0, ...policyOptions });
  const limit = timeout({ ms: 100 });
  const name = { name: 'payments', clock, ...options };
  const open = pipeline(name, breaker);
  await errorOf(open.run(() => Promise.reject(boom)));
  const slow = watch(pipeline(name, limit).run(work().operation));
  const late = watch(pipeline(name, retry()).run(work().operation, { timeoutMs: 50 }));
  await clock.advance(100);
  return {
    open: (await errorOf(open.run(() => 1))) as CircuitOpenError,
    full: (await errorOf(pipeline(name, places).run(() => 1))) as BulkheadFullError,
    slow: slow.error as TimeoutError,
    late: late.error as TimeoutError,
  };
}

describe('an error of the library', () => {
  test('says its class, a code, the policy and the pipeline', async () => {
    const { open, full, slow, late } = await thrown();
    const told = ({ name, code, policy, pipeline: from }: HoldfastError) => [name, code, policy, from];
    expect([open, full, slow, late].map(told)).toEqual([
      ['CircuitOpenError', 'HOLDFAST_CIRCUIT_OPEN', 'circuit-breaker', 'payments'],
      ['BulkheadFullError', 'HOLDFAST_BULKHEAD_FULL', 'bulkhead', 'payments'],
      ['TimeoutError', 'HOLDFAST_TIMEOUT', 'timeout', 'payments'],
      ['TimeoutError', 'HOLDFAST_TIMEOUT', 'deadline', 'payments'],
    ]);
  });

  test('says what varies in properties', async () => {
    const { open, full, slow, late } = await thrown();
    expect(open).toMatchObject({ retryAfterMs: 900, state: 'open', cause: boom });
    expect(full).toMatchObject({ reason: 'full', inFlight: 0, queued: 0, concurrency: 0, queue: 0 });
    expect([slow.ms, late.ms]).toEqual([100, 50]);
  });

  test('is an Error, a HoldfastError, and a Rejection only where the operation did not run', async () => {
    const { open, full, slow, late } = await thrown();
    for (const error of [open, full, slow, late]) {
      expect(error).toBeInstanceOf(Error);
      expect(error).toBeInstanceOf(HoldfastError);
    }
    expect([open, full, slow, late].map((error) => error instanceof Rejection)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([open, full, slow, late].map(isRejection)).toEqual([true, true, false, false]);
  });

  test('keeps its code and the rest in JSON', async () => {
    const { open, full, slow } = await thrown();
    const json = (error: unknown): unknown => JSON.parse(JSON.stringify(error));
    expect(json(open)).toEqual({
      code: 'HOLDFAST_CIRCUIT_OPEN',
      policy: 'circuit-breaker',
      pipeline: 'payments',
      retryAfterMs: 900,
      state: 'open',
    });
    expect(json(full)).toMatchObject({ code: 'HOLDFAST_BULKHEAD_FULL', reason: 'full', concurrency: 0 });
    expect(json(slow)).toEqual({
      code: 'HOLDFAST_TIMEOUT',
      policy: 'timeout',
      pipeline: 'payments',
      ms: 100,
    });
    expect(Object.hasOwn(slow, 'code')).toBe(true);
  });

  test('has the same message for the same policy, pipeline and state', async () => {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000 });
    const places = bulkhead({ concurrency: 2 });
    const [a, b] = [pipeline({ name: 'a', clock }, breaker), pipeline({ name: 'b', clock }, places)];
    await errorOf(a.run(() => Promise.reject(boom)));
    const open = (): Promise<unknown> => errorOf(a.run(() => 1));
    const messages = [(await open()) as Error];
    await clock.advance(300);
    messages.push((await open()) as Error);
    expect(new Set(messages.map(({ message }) => message)).size).toBe(1);

    watch(b.run(work().operation));
    watch(b.run(work().operation));
    const full = (await errorOf(b.run(() => 1))) as Error;
    places.resize({ concurrency: 1 });
    expect(((await errorOf(b.run(() => 1))) as Error).message).toBe(full.message);
    expect(full.message).toBe('b: bulkhead is full');
  });

  test('is made anew for each event', async () => {
    const places = bulkhead({ concurrency: 0 });
    expect(await errorOf(places.run(() => 1))).not.toBe(await errorOf(places.run(() => 1)));
  });

  test('of a policy that runs alone names no pipeline, neither in the message', async () => {
    const error = await errorOf(bulkhead({ concurrency: 0, name: 'pool' }).run(() => 1));
    expect(error).toMatchObject({ policy: 'pool', pipeline: undefined, message: 'pool is full' });
  });
});

describe('stacks', () => {
  const frames = (error: Error): string[] =>
    (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));

  test('are not captured unless asked for', async () => {
    const { open, full, slow, late } = await thrown();
    for (const error of [open, full, slow, late]) {
      expect(frames(error)).toEqual([]);
      expect(error.stack).toContain(`${error.name}: ${error.message}`);
    }
  });

  test('are captured where the pipeline says so', async () => {
    const { open, full, slow, late } = await thrown({ captureStack: true });
    for (const error of [open, full, slow, late]) expect(frames(error).length).toBeGreaterThan(0);
  });

  test('are captured where the policy says so', async () => {
    const { open, full } = await thrown({}, { captureStack: true });
    for (const error of [open, full]) expect(frames(error).length).toBeGreaterThan(0);
  });

  test("are not captured where the policy says no, whatever its pipeline's", async () => {
    const { open, full, slow } = await thrown({ captureStack: true }, { captureStack: false });
    expect([...frames(open), ...frames(full)]).toEqual([]);
    expect(frames(slow).length).toBeGreaterThan(0);
  });

  test('of other errors are left alone', async () => {
    const before = Error.stackTraceLimit;
    await thrown();
    expect(Error.stackTraceLimit).toBe(before);
    expect(frames(new Error('mine')).length).toBeGreaterThan(0);
  });
});

describe('classes', () => {
  test("a subclass of one's own is known by its class, its base by the brand", () => {
    class QuotaError extends Rejection {}
    const quota = new QuotaError('no quota', { code: 'QUOTA', policy: 'quota', retryAfterMs: 5 });
    expect(quota).toBeInstanceOf(QuotaError);
    expect(quota).toBeInstanceOf(Rejection);
    expect(quota).toBeInstanceOf(HoldfastError);
    expect(isRejection(quota)).toBe(true);
    expect(new Rejection('other')).not.toBeInstanceOf(QuotaError);
    expect(quota).not.toBeInstanceOf(CircuitOpenError);
    expect(quota).toMatchObject({ code: 'QUOTA', policy: 'quota', retryAfterMs: 5, message: 'no quota' });
  });

  test('instanceof goes by the brand, so that another copy of the library is known', () => {
    const foreign = (brand: string) => ({ [Symbol.for(`holdfast.${brand}`)]: true });
    expect(foreign('Rejection')).toBeInstanceOf(Rejection);
    expect(foreign('Rejection')).not.toBeInstanceOf(TimeoutError);
    expect(foreign('CircuitOpenError')).toBeInstanceOf(CircuitOpenError);
    expect(isRejection(foreign('Rejection'))).toBe(true);
    expect(isRejection(foreign('TimeoutError'))).toBe(false);
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['a string', 'Rejection'],
    ['a symbol', Symbol.for('holdfast.Rejection')],
    ['a function', Rejection],
    ['a plain object', { name: 'Rejection', code: 'HOLDFAST_REJECTED' }],
    ['an object without a prototype', Object.create(null)],
    ['a frozen error', Object.freeze(new Error('x'))],
    ['a brand that is not true', { [Symbol.for('holdfast.Rejection')]: 1 }],
  ])('isRejection and instanceof say no to %s', (_, value) => {
    expect(isRejection(value)).toBe(false);
    expect((value as object) instanceof Rejection).toBe(false);
    expect((value as object) instanceof HoldfastError).toBe(false);
  });

  test('a name is not an own property, and can be told in an error of a subclass', () => {
    class Mine extends HoldfastError {
      override readonly name = 'Mine';
    }
    expect(Object.hasOwn(new Rejection('x'), 'name')).toBe(false);
    expect(String(new Rejection('x'))).toBe('Rejection: x');
    expect(String(new Mine('MINE', 'x'))).toBe('Mine: x');
  });

  test('a rejection does not keep the run that it refused alive: only a number stands in it', async () => {
    const error = (await errorOf(bulkhead({ concurrency: 0 }).run(() => 1))) as object;
    const held = [...Object.values(error), ...Object.getOwnPropertySymbols(error)];
    expect(held.filter((value) => typeof value === 'object' && value !== null)).toEqual([]);
  });

  test('a time-out has no cause unless there is one', async () => {
    const { slow } = await thrown();
    expect('cause' in slow).toBe(false);
  });
});
