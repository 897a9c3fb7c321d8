import { type Call, circuitBreaker, pipeline, retry, timeout } from 'holdfast';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../support/spies.ts';

const boom = new Error('boom');

describe('run', () => {
  test('gives what the operation gives, a value, a promise or a thenable', async () => {
    const subject = pipeline('p', retry(), circuitBreaker());
    const thenable = { then: (resolve: (value: number) => void) => resolve(3) };
    await expect(subject.run(() => 1)).resolves.toBe(1);
    await expect(subject.run(async () => 2)).resolves.toBe(2);
    await expect(subject.run(() => thenable as PromiseLike<number>)).resolves.toBe(3);
  });

  test('throws what the operation throws, by identity', async () => {
    const subject = pipeline('p', timeout({ ms: 1_000 }), circuitBreaker());
    expect(await errorOf(subject.run(() => Promise.reject(boom)))).toBe(boom);
  });

  test('always returns a promise, also where the operation throws at once', async () => {
    const subject = pipeline('p', retry({ retries: 0 }));
    const run = subject.run(() => {
      throw boom;
    });
    expect(run).toBeInstanceOf(Promise);
    expect(await errorOf(run)).toBe(boom);
  });

  test('tells the operation about the call', async () => {
    const subject = pipeline('p', retry());
    const call = await subject.run((given) => given, { context: { tenant: 7 } });
    const { attempt, remainingMs, context } = call;
    expect([attempt, remainingMs, call.pipeline, context]).toEqual([1, Infinity, 'p', { tenant: 7 }]);
    expect(call.signal).toBeInstanceOf(AbortSignal);
    expect(call.signal).toBe(call.signal);
    expect(call.signal.aborted).toBe(false);
  });

  test('works without any policy', async () => {
    const subject = pipeline('empty');
    expect(subject).toMatchObject({ name: 'empty', policies: [], warnings: [] });
    await expect(subject.run(() => 1)).resolves.toBe(1);
    expect(await errorOf(subject.run(() => 1, { signal: AbortSignal.abort('left') }))).toBe('left');
  });

  test('never aborts the signal of a call that succeeded', async () => {
    const controller = new AbortController();
    const subject = pipeline('p', timeout({ ms: 1_000 }), retry());
    const { signal } = await subject.run((call) => ({ signal: call.signal }), { signal: controller.signal });
    controller.abort();
    expect(signal.aborted).toBe(false);
  });

  test('is independent of this: run may not be detached, what wrap gives may', async () => {
    const wrapped = pipeline('p').wrap(() => 1);
    const { f } = { f: wrapped };
    await expect(f()).resolves.toBe(1);
  });
});

describe('wrap', () => {
  class Users {
    readonly names = new Map([['1', 'Ada']]);
    async get(id: string, fallbackName = 'nobody', ...more: number[]): Promise<string> {
      return `${this.names.get(id) ?? fallbackName} ${more.length}`;
    }
  }

  test('keeps the parameters', async () => {
    const users = new Users();
    const get = pipeline('p', retry()).wrap(users.get).bind(users);
    await expect(get('1')).resolves.toBe('Ada 0');
    await expect(get('2', 'somebody', 1, 2)).resolves.toBe('somebody 2');
  });

  test('keeps this', async () => {
    const users = Object.assign(new Users(), { get: pipeline('p', retry()).wrap(Users.prototype.get) });
    await expect(users.get('1')).resolves.toBe('Ada 0');
  });

  test('gives the function its own arguments again at each attempt', async () => {
    const seen: unknown[] = [];
    const flaky = (...args: unknown[]) => {
      seen.push(args);
      if (seen.length < 2) throw boom;
      return 'v';
    };
    const wrapped = pipeline('p', retry({ retries: 1, backoff: () => 0 })).wrap(flaky);
    await expect(wrapped('a', 1)).resolves.toBe('v');
    expect(seen).toEqual([
      ['a', 1],
      ['a', 1],
    ]);
  });

  test('does not hand the call to the function', async () => {
    const count = pipeline('p').wrap((...args: unknown[]) => args.length);
    await expect(count()).resolves.toBe(0);
  });

  test('turns what the function throws into a rejection', async () => {
    const wrapped = pipeline('p').wrap(() => {
      throw boom;
    });
    expect(await errorOf(wrapped())).toBe(boom);
  });

  test('wraps one function several times, each call a run of its own', async () => {
    const breaker = circuitBreaker();
    const wrapped = pipeline('p', breaker).wrap(async (n: number) => n);
    await expect(Promise.all([wrapped(1), wrapped(2)])).resolves.toEqual([1, 2]);
    expect(breaker.stats.calls).toBe(2);
  });
});

describe('wrapCall', () => {
  test('hands the call first, then the parameters, and keeps this', async () => {
    const client = {
      base: 'http://host',
      get: pipeline('p', retry()).wrapCall(function (this: { base: string }, call: Call, path: string) {
        return `${this.base}${path} ${call.attempt} ${call.pipeline} ${call.signal.aborted}`;
      }),
    };
    await expect(client.get('/a')).resolves.toBe('http://host/a 1 p false');
  });

  test('hands a new call at each attempt', async () => {
    const attempts: number[] = [];
    const wrapped = pipeline('p', retry({ retries: 1, backoff: () => 0 })).wrapCall(({ attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw boom;
    });
    await wrapped();
    expect(attempts).toEqual([1, 2]);
  });
});

describe('a policy alone', () => {
  test('runs, wraps and has a name as a pipeline does', async () => {
    const breaker = circuitBreaker();
    expect(breaker.name).toBe('circuit-breaker');
    expect(circuitBreaker({ name: 'db' }).name).toBe('db');
    await expect(breaker.run(({ pipeline: name }) => name)).resolves.toBeUndefined();
    await expect(breaker.wrap((n: number) => n + 1)(1)).resolves.toBe(2);
    await expect(breaker.wrapCall((call, n: number) => n + call.attempt)(1)).resolves.toBe(2);
    expect(breaker.stats.calls).toBe(3);
  });
});
