import {
  type CommonEvents,
  circuitBreaker,
  constant,
  fallback,
  type Judge,
  type ListenerErrorEvent,
  pipeline,
  retry,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { errorOf, watch } from '../support/spies.ts';

const boom = new Error('boom');
const failing = () => Promise.reject(boom);

/** How often the operation is invoked by a retry without delay, and what the breaker inside it counts. */
async function judged(
  operation: () => unknown,
  judges: { policy?: Judge; run?: Judge; pipeline?: Judge } = {},
): Promise<{ invocations: number; failures: number; calls: number; faults: unknown[]; error: unknown }> {
  const clock = new VirtualClock();
  const breaker = circuitBreaker({ ...(judges.policy && { judge: judges.policy }), clock });
  const tries = retry({
    retries: 1,
    backoff: constant(0),
    ...(judges.policy && { judge: judges.policy }),
    clock,
  });
  const subject = pipeline(
    { name: 'p', clock, ...(judges.pipeline && { judge: judges.pipeline }) },
    tries,
    breaker,
  );
  const faults: unknown[] = [];
  subject.on('listener-error', ({ error }: CommonEvents['listener-error']) => faults.push(error));
  let invocations = 0;
  const run = watch(
    subject.run(() => {
      invocations++;
      return operation();
    }, judges.run && { judge: judges.run }),
  );
  await clock.runAll();
  expect(run.state).not.toBe('pending');
  const { failures, calls } = breaker.stats;
  return { invocations, failures, calls, faults, error: run.error };
}

describe('the default judge', () => {
  test('counts a value as success', async () => {
    expect(await judged(() => 1)).toMatchObject({ invocations: 1, calls: 1, failures: 0 });
  });

  test('counts an error as failure, and lets it be tried again', async () => {
    expect(await judged(failing)).toMatchObject({ invocations: 2, calls: 2, failures: 2 });
  });

  test('counts what is no Error as failure, and lets it be tried again', async () => {
    expect(await judged(() => Promise.reject(undefined))).toMatchObject({ invocations: 2, failures: 2 });
  });

  test('ignores a TypeError that is no network error, and does not try it again', async () => {
    const bug = new TypeError("Cannot read properties of undefined (reading 'id')");
    expect(await judged(() => Promise.reject(bug))).toMatchObject({ invocations: 1, calls: 0, error: bug });
  });

  test('counts the TypeError of a failed fetch as failure, and lets it be tried again', async () => {
    const network = new TypeError('fetch failed');
    expect(await judged(() => Promise.reject(network))).toMatchObject({ invocations: 2, failures: 2 });
  });

  test("ignores the caller's own abort", async () => {
    const breaker = circuitBreaker();
    const controller = new AbortController();
    const reason = new Error('enough');
    const run = breaker.run(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(boom))),
      { signal: controller.signal },
    );
    controller.abort(reason);
    expect(await errorOf(run)).toBe(reason);
    expect(breaker.stats.calls).toBe(0);
  });
});

describe('a judge that answers undefined passes to the next', () => {
  const ignore: Judge = () => 'ignore';
  const fail: Judge = () => 'failure';
  const pass: Judge = () => undefined;
  const nothing: Judge = () => {};

  test("the policy's own speaks first", async () => {
    const asked = vi.fn(fail);
    expect(await judged(failing, { policy: ignore, run: asked, pipeline: asked })).toMatchObject({
      calls: 0,
    });
    expect(asked).not.toHaveBeenCalled();
  });

  test("then the run's", async () => {
    const asked = vi.fn(fail);
    expect(await judged(failing, { policy: pass, run: ignore, pipeline: asked })).toMatchObject({ calls: 0 });
    expect(asked).not.toHaveBeenCalled();
  });

  test("then the pipeline's", async () => {
    const result = await judged(failing, { policy: pass, run: nothing, pipeline: ignore });
    expect(result).toMatchObject({ calls: 0, invocations: 1 });
  });

  test('then the default', async () => {
    const result = await judged(failing, { policy: pass, run: nothing, pipeline: pass });
    expect(result).toMatchObject({ failures: 2, invocations: 2 });
  });

  test('each is told the outcome and the call', async () => {
    const judge = vi.fn<Judge>(() => undefined);
    await pipeline('p', circuitBreaker({ judge })).run(() => 'v', { context: 'mine' });
    expect(judge).toHaveBeenCalledOnce();
    const [outcome, call] = judge.mock.calls[0]!;
    expect(outcome).toEqual({ ok: true, value: 'v', error: undefined });
    expect(call).toMatchObject({ attempt: 1, pipeline: 'p', context: 'mine' });
  });

  test('a null is no answer either', async () => {
    const result = await judged(failing, { policy: (() => null) as unknown as Judge, pipeline: ignore });
    expect(result).toMatchObject({ calls: 0, faults: [] });
  });
});

describe('nested pipelines', () => {
  test("the inner pipeline's judge speaks for its own policies before the outer one's", async () => {
    const breaker = circuitBreaker();
    const inner = pipeline({ name: 'inner', judge: () => 'ignore' }, breaker);
    await errorOf(pipeline({ name: 'outer', judge: () => 'failure' }, inner).run(failing));
    expect(breaker.stats.calls).toBe(0);
  });

  test("the outer pipeline's judge speaks where the inner one's does not", async () => {
    const breaker = circuitBreaker();
    const inner = pipeline({ name: 'inner', judge: () => undefined }, breaker);
    await errorOf(pipeline({ name: 'outer', judge: () => 'ignore' }, inner).run(failing));
    expect(breaker.stats.calls).toBe(0);
  });

  test("the inner pipeline's judge does not speak for policies around it", async () => {
    const breaker = circuitBreaker();
    const inner = pipeline({ name: 'inner', judge: () => 'ignore' }, circuitBreaker({ name: 'within' }));
    await errorOf(pipeline('outer', breaker, inner).run(failing));
    expect(breaker.stats.failures).toBe(1);
  });

  test("the run's judge comes before both pipelines'", async () => {
    const breaker = circuitBreaker();
    const inner = pipeline({ name: 'inner', judge: () => 'failure' }, breaker);
    const outer = pipeline({ name: 'outer', judge: () => 'failure' }, inner);
    await errorOf(outer.run(failing, { judge: () => 'ignore' }));
    expect(breaker.stats.calls).toBe(0);
  });

  test('three deep, the innermost speaks first', async () => {
    const asked: string[] = [];
    const tell = (name: string) => (): undefined => void asked.push(name);
    const innermost = pipeline({ name: 'c', judge: tell('c') }, circuitBreaker());
    const middle = pipeline({ name: 'b', judge: tell('b') }, innermost);
    await pipeline({ name: 'a', judge: tell('a') }, middle).run(() => 1);
    expect(asked).toEqual(['c', 'b', 'a']);
  });
});

describe('a judge that throws', () => {
  const bad = new Error('bad judge');
  const throwing: Judge = () => {
    throw bad;
  };

  test('the outcome stands, counts as failure and is not tried again', async () => {
    const result = await judged(failing, { policy: throwing });
    expect(result).toMatchObject({ invocations: 1, failures: 1, error: boom, faults: [bad, bad] });
  });

  test('a value stands too, and counts as failure', async () => {
    const breaker = circuitBreaker();
    breaker.on('listener-error', () => {});
    await expect(breaker.run(() => 'v', { judge: throwing })).resolves.toBe('v');
    expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
  });

  test('what was thrown goes to listener-error of the policy, which names it', async () => {
    const breaker = circuitBreaker({ name: 'gate-keeper', judge: throwing });
    const heard: ListenerErrorEvent[] = [];
    breaker.on('listener-error', (event) => heard.push(event));
    await pipeline('p', breaker).run(() => 1);
    expect(heard).toEqual([{ policy: 'gate-keeper', pipeline: 'p', error: bad }]);
  });

  test("or of the pipeline, if nobody listens to the policy's", async () => {
    const subject = pipeline('p', circuitBreaker({ judge: throwing }));
    const heard: ListenerErrorEvent[] = [];
    subject.on('listener-error', (event) => heard.push(event));
    await subject.run(() => 1);
    expect(heard).toEqual([{ policy: 'circuit-breaker', pipeline: 'p', error: bad }]);
  });

  test('a fallback answers all the same', async () => {
    const subject = fallback('plan b', { judge: throwing });
    subject.on('listener-error', () => {});
    await expect(subject.run(failing)).resolves.toBe('plan b');
  });
});

describe('an answer that is no verdict is like a throw: counted as failure, not tried again, reported', () => {
  test.each([
    ['a word that is none', 'fail', 'got "fail"'],
    ['an object without a verdict', { retry: true }, 'judge: verdict must be'],
    ['true', true, 'judge: verdict must be'],
    ['a promise', Promise.resolve('failure'), 'judge: verdict must be'],
    [
      'a negative hint',
      { verdict: 'failure', retryAfterMs: -1 },
      'judge: retryAfterMs must be a number >= 0 (Infinity is allowed), got -1',
    ],
    ['a hint that is NaN', { verdict: 'failure', retryAfterMs: Number.NaN }, 'judge: retryAfterMs must be'],
  ])('%s', async (_, answer, message) => {
    const { invocations, failures, error, faults } = await judged(failing, {
      policy: (() => answer) as Judge,
    });
    expect({ invocations, failures, error }).toEqual({ invocations: 1, failures: 1, error: boom });
    expect(String((faults[0] as Error).message)).toContain(message);
  });
});

describe('a judgement with details', () => {
  test('a failure that may not be tried again', async () => {
    const judge: Judge = () => ({ verdict: 'failure', retry: false });
    expect(await judged(failing, { policy: judge })).toMatchObject({ invocations: 1, failures: 1 });
  });

  test('an ignored outcome that may be tried again', async () => {
    const judge: Judge = () => ({ verdict: 'ignore', retry: true });
    expect(await judged(failing, { policy: judge })).toMatchObject({ invocations: 2, calls: 0 });
  });

  test('a value that counts as failure is tried again, and given in the end', async () => {
    const clock = new VirtualClock();
    const judge: Judge = ({ value }) => (value === 503 ? 'failure' : undefined);
    const run = watch(retry({ retries: 2, backoff: constant(1), judge, clock }).run(() => 503));
    await clock.runAll();
    expect(run).toEqual({ state: 'fulfilled', value: 503 });
  });

  test('an error that counts as success is thrown, not tried again, and no failure', async () => {
    const result = await judged(failing, { pipeline: () => 'success' });
    expect(result).toMatchObject({ invocations: 1, calls: 1, failures: 0, error: boom });
  });
});

test('what a judge throws is told where somebody listens: to the policy first, else to the pipeline', async () => {
  const judge = (): never => {
    throw boom;
  };
  const [own, there]: unknown[][] = [[], []];
  const policy = circuitBreaker({ judge });
  const subject = pipeline('p', policy).on('listener-error', ({ error }) => there?.push(error));
  await subject.run(() => 1);
  expect([own, there]).toEqual([[], [boom]]);
  policy.on('listener-error', ({ error }) => own?.push(error));
  await subject.run(() => 1);
  expect([own, there]).toEqual([[boom], [boom]]);
});

test.each([
  [
    'an error with an originalError that is no AbortError',
    Object.assign(new Error('x'), { originalError: boom }),
  ],
  ['something of that shape that is no error', { name: 'AbortError', originalError: boom }],
])('%s may pass, and is tried again', async (_, thrown) => {
  const clock = new VirtualClock();
  const operation = vi.fn(() => Promise.reject(thrown));
  const run = watch(retry({ retries: 1, clock }).run(operation));
  await clock.runAll();
  expect(run.error).toBe(thrown);
  expect(operation).toHaveBeenCalledTimes(2);
});
