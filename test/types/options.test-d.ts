import {
  type Backoff,
  bulkhead,
  circuitBreaker,
  constant,
  exponential,
  fallback,
  type Gate,
  type Judge,
  type Layer,
  linear,
  type Policy,
  pipeline,
  Rejection,
  retry,
  retryBudget,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expectTypeOf, test } from 'vitest';

// Type-checked, never called.
const unused = (_: () => unknown): void => {};

describe('wrong options are errors', () => {
  test('of retry', () => {
    // @ts-expect-error a string
    unused(() => retry({ retries: '3' }));
    // @ts-expect-error an unknown key
    unused(() => retry({ maxRetries: 3 }));
    // @ts-expect-error a backoff is a function
    unused(() => retry({ backoff: 100 }));
    // @ts-expect-error a budget, or false
    unused(() => retry({ budget: true }));
    // @ts-expect-error no verdict
    unused(() => retry({ judge: () => 'retry' }));
  });

  test('of the circuit breaker', () => {
    // @ts-expect-error either or
    unused(() => circuitBreaker({ window: {} }));
    // @ts-expect-error a number
    unused(() => circuitBreaker({ failureRate: '50%' }));
    // @ts-expect-error no boolean
    unused(() => circuitBreaker({ observeOnly: 'yes' }));
    // @ts-expect-error what opossum calls it
    unused(() => circuitBreaker({ errorThresholdPercentage: 50 }));
    // @ts-expect-error no reason
    unused(() => circuitBreaker().isolate());
  });

  test('of the others', () => {
    // @ts-expect-error ms is missing
    unused(() => timeout({}));
    // @ts-expect-error so is everything
    unused(() => timeout());
    // @ts-expect-error no such mode
    unused(() => timeout({ ms: 1, mode: 'aggressive' }));
    // @ts-expect-error an unknown key
    unused(() => bulkhead({ limit: 5 }));
    // @ts-expect-error an unknown key
    unused(() => bulkhead().resize({ queueTimeoutMs: 5 }));
    // @ts-expect-error there is no answer
    unused(() => fallback());
    // @ts-expect-error a fallback has no time
    unused(() => fallback(1, { clock: new VirtualClock() }));
    // @ts-expect-error an unknown key
    unused(() => retryBudget({ tokens: 5 }));
    // @ts-expect-error maxMs is missing
    unused(() => exponential({ baseMs: 5 }));
    // @ts-expect-error a jitter of exponential only
    unused(() => linear({ stepMs: 1, maxMs: 5, jitter: 'smooth' }));
    // @ts-expect-error a number
    unused(() => constant('5'));
    // @ts-expect-error a number
    unused(() => new VirtualClock({ seed: 'abc' }));
  });

  test('of pipeline and run', () => {
    // @ts-expect-error a name is missing
    unused(() => pipeline({}, retry()));
    // @ts-expect-error no policy
    unused(() => pipeline('p', () => 1));
    // @ts-expect-error no policy
    unused(() => pipeline('p', { enter: () => 1 }));
    // @ts-expect-error an unknown key
    unused(() => pipeline('p').run(() => 1, { timeout: 5 }));
    // @ts-expect-error the controller is no signal
    unused(() => pipeline('p').run(() => 1, { signal: new AbortController() }));
  });
});

describe('right ones are none', () => {
  test('undefined counts as left out', () => {
    unused(() => retry({ retries: undefined, backoff: undefined, judge: undefined }));
    unused(() => pipeline('p').run(() => 1, { signal: undefined, timeoutMs: undefined }));
  });

  test('options are readonly', () => {
    const options: Parameters<typeof retry>[0] = {};
    // @ts-expect-error
    options.retries = 5;
  });

  test('a judge may answer in each of the ways', () => {
    expectTypeOf<() => 'failure'>().toExtend<Judge>();
    expectTypeOf<() => undefined>().toExtend<Judge>();
    expectTypeOf<() => void>().toExtend<Judge>();
    expectTypeOf<() => { verdict: 'failure'; retry: false; retryAfterMs: number }>().toExtend<Judge>();
    expectTypeOf<() => Promise<'failure'>>().not.toExtend<Judge>();
  });

  test('a backoff is a function from the retry and what went before', () => {
    expectTypeOf<Backoff>().parameters.toEqualTypeOf<
      [
        retry: number,
        history: { readonly previousMs: number; readonly totalMs: number; readonly random: () => number },
      ]
    >();
    retry({ backoff: (n) => n * 100 });
    circuitBreaker({ openMs: exponential({ baseMs: 1, maxMs: 5 }) });
  });

  test("a user's own gates and layers are policies", () => {
    const gate: Gate<number> = {
      enter: ({ attempt }) => (attempt > 1 ? new Rejection('once only') : attempt),
      leave: (ticket, outcome) => {
        expectTypeOf(ticket).toEqualTypeOf<number>();
        if (outcome !== 'unused' && outcome.ok) expectTypeOf(outcome.value).toEqualTypeOf<unknown>();
      },
    };
    const layer: Layer = { around: (next) => (operation, call) => next(operation, call) };
    expectTypeOf(gate).toExtend<Policy>();
    expectTypeOf(pipeline('p', gate, layer, pipeline('q')).run(() => 1)).toEqualTypeOf<Promise<number>>();
  });
});
