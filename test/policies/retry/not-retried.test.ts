import { bulkhead, circuitBreaker, constant, fallback, pipeline, retry, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { AbortError } from 'p-retry';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, scripted } from './support.ts';

const boom = new Error('boom');

function retrying(retries = 2) {
  const clock = new VirtualClock();
  return { clock, policy: retry({ backoff: constant(0), retries, budget: false, clock }) };
}

describe('by default', () => {
  test('an open circuit of this run is not tried again', async () => {
    const { clock, policy } = retrying();
    const breaker = circuitBreaker({ clock });
    breaker.open();
    const rejects: unknown[] = [];
    breaker.on('reject', (event) => rejects.push(event));
    const error = await errorOf(pipeline('p', policy, breaker).run(() => 1));
    expect(error).toMatchObject({ code: 'HOLDFAST_CIRCUIT_OPEN' });
    expect(rejects).toHaveLength(1);
  });

  test('a full bulkhead of this run is not tried again', async () => {
    const { clock, policy } = retrying();
    const full = bulkhead({ concurrency: 0, clock });
    const rejects: unknown[] = [];
    full.on('reject', (event) => rejects.push(event));
    await errorOf(pipeline('p', policy, full).run(() => 1));
    expect(rejects).toHaveLength(1);
  });

  test('the rejection of another run inside the operation is an ordinary error, and is', async () => {
    const { clock, policy } = retrying();
    const other = bulkhead({ concurrency: 0, clock });
    let calls = 0;
    const error = errorOf(
      policy.run(() => {
        calls++;
        return other.run(() => 1);
      }),
    );
    await clock.runAll();
    expect(await error).toMatchObject({ code: 'HOLDFAST_BULKHEAD_FULL' });
    expect(calls).toBe(3);
  });

  test('a TimeoutError of an inner attempt timeout is', async () => {
    const { clock, policy } = retrying();
    const { operation, attempts } = scripted(() => new Promise(() => {}), 'value');
    const result = pipeline('p', policy, timeout({ ms: 10, clock })).run(operation);
    await clock.advance(10);
    expect(await result).toBe('value');
    expect(attempts).toEqual([1, 2]);
  });

  test("the caller's abort is not, though the operation throws something else upon it", async () => {
    const { policy } = retrying();
    const controller = new AbortController();
    let calls = 0;
    const run = policy.run(
      ({ signal }) => {
        calls++;
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(boom)));
      },
      { signal: controller.signal },
    );
    controller.abort('gone');
    expect(await errorOf(run)).toBe('gone');
    expect(calls).toBe(1);
  });

  test('a TypeError that is a bug in the code is not; one that is a network error is', async () => {
    const { clock, policy } = retrying();
    const bug = scripted(new TypeError('x is not a function'));
    expect(await errorOf(policy.run(bug.operation))).toBeInstanceOf(TypeError);
    expect(bug.attempts).toEqual([1]);
    const network = scripted(new TypeError('fetch failed'), 'value');
    const result = policy.run(network.operation);
    await clock.runAll();
    expect(await result).toBe('value');
  });

  test.each([undefined, null, 'a string', 7, { status: 503 }, Object.freeze({ a: 1 })])(
    'a thrown %j, which is no error, is tried again and passed on as it is',
    async (thrown) => {
      const { clock, policy } = retrying();
      let calls = 0;
      const error = errorOf(
        policy.run(() => {
          calls++;
          throw thrown;
        }),
      );
      await clock.runAll();
      expect(await error).toBe(thrown);
      expect(calls).toBe(3);
    },
  );
});

describe("p-retry's AbortError", () => {
  test('ends the retrying, and its originalError is thrown', async () => {
    const { policy } = retrying();
    const { operation, attempts } = scripted(new AbortError(boom));
    expect(await errorOf(policy.run(operation))).toBe(boom);
    expect(attempts).toEqual([1]);
  });

  test('also on a later attempt', async () => {
    const { clock, policy } = retrying(9);
    const { operation, attempts } = scripted(new Error('first'), new AbortError(boom));
    const error = errorOf(policy.run(operation));
    await clock.runAll();
    expect(await error).toBe(boom);
    expect(attempts).toEqual([1, 2]);
  });

  test('made of a message, throws an error with that message', async () => {
    const { policy } = retrying();
    const error = await errorOf(policy.run(scripted(new AbortError('enough')).operation));
    expect(error).toMatchObject({ name: 'Error', message: 'enough' });
  });

  test("is known by its shape, since a bundled copy's class is not the user's", async () => {
    class AbortError extends Error {
      override name = 'AbortError';
      originalError = boom;
    }
    const { policy } = retrying();
    const { operation, attempts } = scripted(new AbortError('copy'));
    expect(await errorOf(policy.run(operation))).toBe(boom);
    expect(attempts).toEqual([1]);
  });

  test("an AbortError of the platform's, without an originalError, is tried again", async () => {
    const { clock, policy } = retrying();
    const { operation, attempts } = scripted(new DOMException('stopped', 'AbortError'), 'value');
    const result = policy.run(operation);
    await clock.runAll();
    expect(await result).toBe('value');
    expect(attempts).toEqual([1, 2]);
  });
});

test('the value of a fallback further in is no failure', async () => {
  vi.spyOn(console, 'warn').mockImplementationOnce(() => {}); // the order is a mistake, and warned of
  const { policy } = retrying();
  const { operation, attempts } = scripted(boom);
  expect(await pipeline('p', policy, fallback('spare')).run(operation)).toBe('spare');
  expect(attempts).toEqual([1]);
});
