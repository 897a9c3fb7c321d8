import { bulkhead, constant, type Judge, pipeline, retry } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { AbortError } from 'p-retry';
import { expect, test, vi } from 'vitest';
import { errorOf, heard, scripted } from './support.ts';

const boom = new Error('boom');

function retrying(judge: Judge, retries = 2) {
  const clock = new VirtualClock();
  return { clock, policy: retry({ backoff: constant(0), retries, budget: false, judge, clock }) };
}

test('a value that it calls a failure is tried again, and stands in the end', async () => {
  const { clock, policy } = retrying(({ value }) => (value === 503 ? 'failure' : undefined));
  const failing = scripted(503);
  const result = policy.run(failing.operation);
  await clock.runAll();
  expect(await result).toBe(503);
  expect(failing.attempts).toEqual([1, 2, 3]);
});

test('an error that it says not to try again is not', async () => {
  const { policy } = retrying(() => ({ verdict: 'failure', retry: false }));
  const { operation, attempts } = scripted(boom);
  expect(await errorOf(policy.run(operation))).toBe(boom);
  expect(attempts).toEqual([1]);
});

test.each(['success', 'ignore'] as const)('an error that it calls %s is not tried again', async (verdict) => {
  const { policy } = retrying(() => verdict);
  const { operation, attempts } = scripted(boom);
  expect(await errorOf(policy.run(operation))).toBe(boom);
  expect(attempts).toEqual([1]);
});

test('it can have a bug in the code tried again', async () => {
  const { clock, policy } = retrying(({ ok }) => (ok ? undefined : 'failure'));
  const { operation } = scripted(new TypeError('x is not a function'), 'value');
  const result = policy.run(operation);
  await clock.runAll();
  expect(await result).toBe('value');
});

test('it can have a rejection of this run tried again, if it says so', async () => {
  for (const [answer, entries] of [
    [{ verdict: 'failure', retry: true }, 3],
    ['failure', 1],
  ] as const) {
    const { clock, policy } = retrying(({ ok }) => (ok ? undefined : answer));
    const full = bulkhead({ concurrency: 0, clock });
    const rejects: unknown[] = [];
    full.on('reject', (event) => rejects.push(event));
    const error = errorOf(pipeline('p', policy, full).run(() => 1));
    await clock.runAll();
    expect(await error).toMatchObject({ code: 'HOLDFAST_BULKHEAD_FULL' });
    expect(rejects).toHaveLength(entries);
  }
});

test("it can have p-retry's AbortError tried again, if it says so", async () => {
  const { clock, policy } = retrying(({ ok }) => (ok ? undefined : { verdict: 'failure', retry: true }));
  const { operation, attempts } = scripted(new AbortError(boom));
  const error = errorOf(policy.run(operation));
  await clock.runAll();
  expect(await error).toBe(boom);
  expect(attempts).toEqual([1, 2, 3]);
});

test("it cannot have the caller's abort tried again, nor is it asked", async () => {
  const judge = vi.fn(() => ({ verdict: 'failure', retry: true }) as const);
  const { clock, policy } = retrying(judge);
  const controller = new AbortController();
  let calls = 0;
  const run = policy.run(
    () => {
      calls++;
      return new Promise(() => {});
    },
    { signal: controller.signal },
  );
  controller.abort(boom);
  expect(await errorOf(run)).toBe(boom);
  await clock.runAll();
  expect(calls).toBe(1);
  expect(judge).not.toHaveBeenCalled();
});

test('one that throws: the outcome stands, is not tried again, and what it threw is told', async () => {
  for (const script of [boom, 'value']) {
    const { policy } = retrying(() => {
      throw new Error('judge');
    });
    const faults: unknown[] = [];
    policy.on('listener-error', ({ error }) => faults.push(error));
    const { operation, attempts } = scripted(script);
    expect(await policy.run(operation).catch((error: unknown) => error)).toBe(script);
    expect(attempts).toEqual([1]);
    expect(faults).toMatchObject([{ message: 'judge' }]);
  }
});

test("is asked before the run's, the pipeline's and the default", async () => {
  const asked: string[] = [];
  const passes = (name: string): Judge => {
    return () => {
      asked.push(name);
    };
  };
  const policy = retry({ retries: 1, judge: passes('policy') });
  const guarded = pipeline({ name: 'p', judge: passes('pipeline') }, policy);
  await guarded.run(() => 1, { judge: passes('run') });
  expect(asked).toEqual(['policy', 'run', 'pipeline']);
});

test('is given the outcome and the call of each attempt', async () => {
  const seen: unknown[] = [];
  const { clock, policy } = retrying((outcome, { attempt, context }) => {
    seen.push([attempt, context, outcome.ok ? outcome.value : outcome.error]);
  });
  const result = policy.run(scripted(boom, 'value').operation, { context: 'order 7' });
  await clock.runAll();
  await result;
  expect(seen).toEqual([
    [1, 'order 7', boom],
    [2, 'order 7', 'value'],
  ]);
});

test('a value that it has tried again emits as a failure does', async () => {
  const { clock, policy } = retrying(({ value }) => (value === 503 ? 'failure' : undefined));
  const events = heard(policy, 'retry');
  const result = policy.run(scripted(503, 200).operation);
  await clock.runAll();
  expect(await result).toBe(200);
  expect(events).toMatchObject([{ attempt: 1, outcome: { ok: true, value: 503 } }]);
});
