import {
  bulkhead,
  type Call,
  circuitBreaker,
  constant,
  fallback,
  type Judge,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, it, vi } from 'vitest';
import { flush, Jobs, track } from '../support/jobs.ts';

const down = new Error('down');
const fails = () => Promise.reject(down);

describe('answers in place of an error', () => {
  it('with the value that it was given, whatever that is', async () => {
    for (const value of ['stale', undefined, null, 0, ['a', 'list'], Promise.resolve('later')]) {
      expect(await fallback(value).run(fails)).toBe(await value);
    }
  });

  it('with what its function makes of the error and the call, or with what its promise brings', async () => {
    const answer = vi.fn((error: unknown, call: Call) => ({
      error,
      attempt: call.attempt,
      id: call.context,
    }));
    expect(await fallback(answer).run(fails, { context: 7 })).toEqual({ error: down, attempt: 1, id: 7 });
    expect(await fallback(async () => 'later').run(fails)).toBe('later');
    expect(answer).toHaveBeenCalledOnce();
  });

  it('of any kind: thrown at once, undefined, no Error at all', async () => {
    const thrown = fallback((error) => ['got', error]);
    for (const error of [down, undefined, 'text', Object.freeze(new Error('frozen'))]) {
      const throws = () => {
        throw error;
      };
      expect(await thrown.run(throws)).toEqual(['got', error]);
      expect(await thrown.run(() => Promise.reject(error))).toEqual(['got', error]);
    }
  });

  it('and has no part in a value, not even one that is judged a failure', async () => {
    const answer = vi.fn(() => 'stale');
    const shop = pipeline({ name: 'shop', judge: () => 'failure' }, fallback(answer));
    expect(await shop.run(() => 'fresh')).toBe('fresh');
    expect(answer).not.toHaveBeenCalled();
  });

  it('and tells of it', async () => {
    const events: unknown[] = [];
    const policy = fallback('stale', { name: 'stale prices' }).on('fallback', (event) => events.push(event));
    await pipeline('shop', policy).run(fails);
    expect(events).toEqual([{ policy: 'stale prices', pipeline: 'shop', error: down }]);
  });
});

describe('answers in place of what other policies throw', () => {
  it.each([
    ['CircuitOpenError', () => circuitBreaker()],
    ['BulkheadFullError', () => bulkhead({ concurrency: 0 })],
  ])('the rejection %s', async (name, make) => {
    const policy = make();
    if ('open' in policy) policy.open();
    const operation = vi.fn();
    const shop = pipeline(
      'shop',
      fallback((error) => (error as Error).name),
      policy,
    );
    expect(await shop.run(operation)).toBe(name);
    expect(operation).not.toHaveBeenCalled();
  });

  it('a time-out further in', async () => {
    const clock = new VirtualClock();
    const shop = pipeline(
      'shop',
      fallback((error) => (error as Error).name),
      timeout({ ms: 10, clock }),
    );
    const call = track(shop.run(new Jobs().job()));
    await clock.advance(10);
    expect(call.value).toBe('TimeoutError');
  });

  it('the last error of a retry, once', async () => {
    const clock = new VirtualClock();
    const answer = vi.fn(() => 'stale');
    const shop = pipeline('shop', fallback(answer), retry({ backoff: constant(10), clock }));
    const call = track(shop.run(fails));
    await clock.advance(20);
    expect([call.value, answer.mock.calls]).toEqual(['stale', [[down, expect.anything()]]]);
  });
});

describe("leaves the caller's own abort alone", () => {
  it.each([
    ['before the start', 'before'],
    ['of an operation that does not listen', 'running'],
    ['of an operation that throws the reason', 'heeds'],
    ['of an operation that throws an error of its own', 'own'],
    ['by the operation itself, which then throws', 'itself'],
    ['of a waiter', 'queued'],
    ['of a sleeping retry', 'sleeping'],
  ])('%s', async (_what, when) => {
    const clock = new VirtualClock();
    const answer = vi.fn(() => 'stale');
    const limit = bulkhead({ concurrency: 1, queue: 1, clock });
    const shop = pipeline('shop', fallback(answer), retry({ backoff: constant(100), clock }), limit);
    if (when === 'queued') limit.tryAcquire();
    const caller = new AbortController();
    if (when === 'before') caller.abort('enough');
    const operation = ({ signal }: Call) => {
      if (when === 'itself') caller.abort('enough');
      if (when === 'sleeping' || when === 'itself') return fails();
      return new Promise((_, reject) => {
        if (when === 'running') return;
        signal.addEventListener('abort', () => reject(when === 'heeds' ? signal.reason : down));
      });
    };
    const call = track(shop.run(operation, { signal: caller.signal }));
    await clock.advance(1);
    caller.abort('enough');
    await flush();
    expect([call.error, answer.mock.calls]).toEqual(['enough', []]);
  });
});

it('answers nobody where a timeout around has given up', async () => {
  const clock = new VirtualClock();
  const answer = vi.fn(() => 'stale');
  const shop = pipeline('shop', timeout({ ms: 10, clock }), fallback(answer));
  const jobs = new Jobs();
  const call = track(shop.run(jobs.job()));
  await clock.advance(10);
  jobs.started[0]?.fail(down);
  await flush();
  expect(call.error).toMatchObject({ name: 'TimeoutError' });
  expect(answer).not.toHaveBeenCalled();
});

describe('asks a judge', () => {
  it('and passes on what is ignored, by its own judge, the run’s or the pipeline’s', async () => {
    const judge: Judge = () => 'ignore';
    const own = track(fallback('stale', { judge }).run(fails));
    const runs = track(fallback('stale').run(fails, { judge }));
    const pipelines = track(pipeline({ name: 'shop', judge }, fallback('stale')).run(fails));
    await flush();
    expect([own.error, runs.error, pipelines.error]).toEqual([down, down, down]);
  });

  it('which by default ignores a bug in the code', async () => {
    const bug = new TypeError('x is not a function');
    const policy = fallback('stale');
    await expect(policy.run(() => Promise.reject(bug))).rejects.toBe(bug);
    await expect(policy.run(() => Promise.reject(bug), { judge: () => 'failure' })).resolves.toBe('stale');
  });

  it('and answers where that throws', async () => {
    const faults: unknown[] = [];
    const judge = () => {
      throw new Error('in the judge');
    };
    const policy = fallback('stale', { judge });
    policy.on('listener-error', ({ error }) => faults.push(error));
    expect(await policy.run(fails)).toBe('stale');
    expect(faults).toEqual([new Error('in the judge')]);
  });
});

describe('throws what its function throws', () => {
  it.each(['at once', 'later'])('%s, with the first error as the cause', async (when) => {
    const second = new Error('second');
    const answer = () => {
      if (when === 'later') return Promise.reject(second);
      throw second;
    };
    await expect(fallback(answer).run(fails)).rejects.toBe(second);
    expect(Object.getOwnPropertyDescriptor(second, 'cause')).toEqual({
      value: down,
      writable: true,
      configurable: true,
      enumerable: false,
    });
  });

  it('and leaves a cause that is there, a frozen error, a value that is no error, and the first error itself', async () => {
    const caused = new Error('second', { cause: 'its own' });
    const frozen = Object.freeze(new Error('frozen'));
    for (const second of [caused, frozen, 'text', undefined, down]) {
      const answer = () => {
        throw second;
      };
      const call = track(fallback(answer).run(fails));
      await flush();
      expect([call.state, call.error]).toEqual(['rejected', second]);
    }
    expect([caused.cause, frozen.cause, down.cause]).toEqual(['its own', undefined, undefined]);
  });
});

it('does not hide the failure from a breaker, wherever that stands', async () => {
  for (const order of ['around', 'inside']) {
    const clock = new VirtualClock();
    const breaker = circuitBreaker({ clock });
    const stale = fallback('stale');
    const shop = pipeline('shop', ...(order === 'around' ? [breaker, stale] : [stale, breaker]));
    expect(await shop.run(fails)).toBe('stale');
    expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
  }
});

it('is no outcome of an operation that never ran', async () => {
  const breaker = circuitBreaker();
  const shop = pipeline('shop', breaker, fallback('stale'), bulkhead({ concurrency: 0 }));
  expect(await shop.run(() => 'fresh')).toBe('stale');
  expect(breaker.stats.calls).toBe(0);
});
