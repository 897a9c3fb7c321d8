/** What is counted of runs: each in exactly one outcome, with its attempts, retries, waits, refusals and time-outs. */
import {
  bulkhead,
  type CallReport,
  circuitBreaker,
  constant,
  fallback,
  type Policy,
  pipeline,
  Rejection,
  retry,
  retryBudget,
  TimeoutError,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test, vi } from 'vitest';
import { INSTRUMENTS } from '../../src/observe/instruments.ts';
import { watch, work } from '../support/spies.ts';
import { collecting } from './support.ts';

const {
  calls,
  callDuration,
  attemptDuration,
  abandoned,
  abandonedRunning,
  rejections,
  timeouts,
  retries,
  retrySleep,
  retryExhausted,
  bulkheadWait,
  circuitStale,
} = INSTRUMENTS;

const boom = new Error('boom');
const fail = () => Promise.reject(boom);

function setUp(...policies: Policy[]) {
  const clock = new VirtualClock();
  const subject = pipeline({ name: 'p', clock }, ...policies);
  const results: CallReport['result'][] = [];
  subject.on('call', ({ result }) => results.push(result));
  const collected = collecting();
  collected.watch([subject]);
  return { clock, subject, results, ...collected };
}

describe('the outcome of a call', () => {
  test('is a success or a failure as its pipeline judges, whatever it ended in', async () => {
    const clock = new VirtualClock();
    const judge = ({ value }: { value?: unknown }) => (value === 503 ? 'failure' : undefined);
    const subject = pipeline({ name: 'p', clock, judge });
    const { watch: count, counted } = collecting();
    count([subject]);
    await subject.run(() => 200);
    await subject.run(() => 503);
    await subject.run(() => 404, { judge: () => 'failure' });
    await subject.run(fail).catch(() => {});
    await subject.run(fail, { judge: () => 'success' }).catch(() => {});
    await subject.run(fail, { judge: () => 'ignore' }).catch(() => {});
    await subject.run(() => 1, { judge: () => 'ignore' });
    await subject.run(() => (undefined as never as string).trim()).catch(() => {});
    expect(counted(calls)).toEqual({
      'calls pipeline=p outcome=success': 3,
      'calls pipeline=p outcome=failure': 5,
    });
  });

  test('is a failure where the judge throws, which is reported each time that it is asked', async () => {
    const { subject, counted } = setUp();
    const faults: unknown[] = [];
    subject.on('listener-error', ({ error }) => faults.push(error));
    const judge = () => {
      throw boom;
    };
    await subject.run(() => 1, { judge });
    expect(counted(calls)).toEqual({ 'calls pipeline=p outcome=failure': 1 });
    // For the attempt and for the run; the report asks for itself.
    expect(faults).toEqual([boom, boom, boom]);
  });

  test('is a rejection only where this pipeline refused it', async () => {
    const { subject, counted } = setUp(bulkhead({ concurrency: 0 }));
    await subject.run(() => 1).catch(() => {});
    const other = pipeline('other', bulkhead({ concurrency: 0 }));
    const outer = setUp();
    await outer.subject.run(() => other.run(() => 1)).catch(() => {});
    await outer.subject.run(() => Promise.reject(new Rejection('made up'))).catch(() => {});
    expect(counted(calls)).toEqual({ 'calls pipeline=p outcome=rejected': 1 });
    expect(outer.counted(calls)).toEqual({ 'calls pipeline=p outcome=failure': 2 });
  });

  test('is a time-out only where the time of this pipeline was over', async () => {
    const { clock, subject, counted, results } = setUp(timeout({ ms: 10 }));
    watch(subject.run(work().operation));
    watch(subject.run(work().operation, { timeoutMs: 5 }));
    await clock.advance(10);
    await subject.run(() => Promise.reject(new TimeoutError('p', { ms: 1, pipeline: 'p' }))).catch(() => {});
    expect(counted(calls)).toEqual({
      'calls pipeline=p outcome=timeout': 2,
      'calls pipeline=p outcome=failure': 1,
    });
    expect(counted(timeouts)).toEqual({
      'timeouts pipeline=p policy=timeout': 1,
      'timeouts pipeline=p policy=deadline': 1,
    });
    expect(results).toEqual(['timeout', 'timeout', 'failure']);
  });

  test('is a time-out also where a later attempt, which timed out in a queue, never came to run', async () => {
    const { clock, subject, counted } = setUp(
      retry({ retries: 1, backoff: constant(0) }),
      timeout({ ms: 10 }),
      bulkhead({ concurrency: 1, queue: 1 }),
    );
    watch(subject.run(work().operation));
    await clock.advance(20);
    expect(counted(calls, timeouts)).toEqual({
      'calls pipeline=p outcome=timeout': 1,
      'timeouts pipeline=p policy=timeout': 2,
    });
  });

  test('is a time-out also where the timeout waits for the operation, which then throws', async () => {
    const { clock, subject, counted } = setUp(timeout({ ms: 10, mode: 'cooperate' }));
    const [heeds, gives] = [work(), work()];
    watch(subject.run(heeds.operation));
    watch(subject.run(gives.operation));
    await clock.advance(10);
    heeds.reject(boom);
    gives.resolve('late, but there');
    await clock.advance(0);
    expect(counted(calls, timeouts)).toEqual({
      'calls pipeline=p outcome=timeout': 1,
      'calls pipeline=p outcome=success': 1,
      'timeouts pipeline=p policy=timeout': 2,
    });
  });

  test('is the abort of the caller, before and during the work, and only by the reason of the caller', async () => {
    const { clock, subject, counted } = setUp();
    const caller = new AbortController();
    watch(subject.run(work().operation, { signal: caller.signal }));
    const other = work();
    const late = watch(subject.run(other.operation, { signal: AbortSignal.abort('before') }));
    caller.abort('enough');
    await clock.advance(0);
    expect([late.error, counted(calls)]).toEqual(['before', { 'calls pipeline=p outcome=aborted': 2 }]);
  });

  test('is a fallback only where the fallback had the last word', async () => {
    // A fallback inside a retry is a mistake, of which the pipeline warns.
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { subject, counted, results } = setUp(
      retry({
        retries: 1,
        backoff: constant(0),
        judge: ({ value }) => (value === 'kept' ? 'failure' : undefined),
      }),
      fallback(() => 'kept'),
    );
    await subject.run(() => 'real');
    await subject.run(({ attempt }) => (attempt === 1 ? fail() : 'real'));
    await subject.run(fail);
    expect(results).toEqual(['success', 'success', 'fallback']);
    expect(counted(calls)).toEqual({
      'calls pipeline=p outcome=success': 2,
      'calls pipeline=p outcome=fallback': 1,
    });
  });

  test('is what became of it where the fallback itself failed', async () => {
    const { subject, results } = setUp(
      fallback((error) => {
        throw error;
      }),
      bulkhead({ concurrency: 0 }),
    );
    await subject.run(() => 1).catch(() => {});
    expect(results).toEqual(['rejected']);
  });
});

describe('durations', () => {
  test('are those of the pipeline’s clock, by outcome, in seconds', async () => {
    const { clock, subject, values } = setUp(
      retry({ retries: 1, backoff: constant(100) }),
      timeout({ ms: 50 }),
    );
    const job = work();
    watch(subject.run(job.operation));
    await clock.advance(20);
    job.reject(boom);
    await clock.advance(130);
    job.resolve('v');
    await clock.advance(0);
    watch(subject.run(work().operation));
    await clock.advance(200);
    expect(values(callDuration)).toEqual({
      'call.duration pipeline=p outcome=success': [0.15],
      'call.duration pipeline=p outcome=timeout': [0.2],
    });
    expect(values(attemptDuration)).toEqual({
      'attempt.duration pipeline=p outcome=failure': [0.02],
      'attempt.duration pipeline=p outcome=success': [0.03],
      'attempt.duration pipeline=p outcome=timeout': [0.05, 0.05],
    });
  });

  test('of attempts that the caller gave up are of the outcome aborted, however the work ends', async () => {
    const { clock, subject, values } = setUp();
    const caller = new AbortController();
    const job = work();
    watch(subject.run(job.operation, { signal: caller.signal }));
    await clock.advance(30);
    caller.abort();
    await clock.advance(30);
    job.resolve(1);
    await clock.advance(0);
    expect(values(attemptDuration)).toEqual({ 'attempt.duration pipeline=p outcome=aborted': [0.03] });
  });

  test('of waits in the queue of a bulkhead are there of those that waited', async () => {
    const { clock, subject, values, counted } = setUp(
      bulkhead({ concurrency: 1, queue: 2, queueTimeoutMs: 100 }),
    );
    const job = work();
    for (let i = 0; i < 3; i++) watch(subject.run(job.operation));
    await clock.advance(40);
    job.resolve(1, 0);
    await clock.advance(200);
    expect(values(bulkheadWait)).toEqual({ 'bulkhead.wait pipeline=p policy=bulkhead': [0.04, 0.1] });
    expect(counted(rejections)).toEqual({
      'rejections pipeline=p policy=bulkhead reason=queue-timeout': 1,
    });
  });
});

describe('work that is given up', () => {
  test('counts, and runs until it has really ended', async () => {
    const { clock, subject, counted } = setUp(timeout({ ms: 10 }));
    const job = work();
    watch(subject.run(job.operation));
    watch(subject.run(job.operation));
    await clock.advance(10);
    const running = { 'abandoned pipeline=p': 2, 'abandoned.running pipeline=p': 2 };
    expect(counted(abandoned, abandonedRunning)).toEqual(running);
    job.resolve(1, 0);
    await clock.advance(0);
    expect(counted(abandoned, abandonedRunning)).toEqual({ ...running, 'abandoned.running pipeline=p': 1 });
    job.reject(boom, 1);
    await clock.advance(0);
    expect(counted(abandoned, abandonedRunning)).toEqual({ 'abandoned pipeline=p': 2 });
  });

  test('is only what the timeout stands around', async () => {
    const { clock, subject, counted, values } = setUp(
      {
        around: (next) => async (operation, call) => {
          const first = next(operation, call).catch(() => 'late' as never);
          await new Promise<void>((resolve) => void clock.setTimer(6, resolve));
          await Promise.all([first, next(operation, call)]);
          return first;
        },
      },
      timeout({ ms: 10 }),
    );
    const job = work();
    watch(subject.run(job.operation));
    await clock.advance(10);
    expect(counted(abandonedRunning)).toEqual({ 'abandoned.running pipeline=p': 1 });
    job.resolve(2, 1);
    await clock.advance(0);
    expect(values(attemptDuration)).toEqual({
      'attempt.duration pipeline=p outcome=timeout': [0.01],
      'attempt.duration pipeline=p outcome=success': [0.004],
    });
  });

  test('is also what a layer of the user’s leaves running', async () => {
    const { clock, subject, counted, values } = setUp({
      around: (next) => (operation, call) => Promise.race([next(operation, call), next(operation, call)]),
    });
    const job = work();
    watch(subject.run(job.operation));
    job.resolve('first', 0);
    await clock.advance(0);
    expect(counted(abandonedRunning)).toEqual({ 'abandoned.running pipeline=p': 1 });
    await clock.advance(25);
    job.resolve('second', 1);
    await clock.advance(0);
    expect(counted(abandonedRunning)).toEqual({});
    expect(values(attemptDuration)).toEqual({
      'attempt.duration pipeline=p outcome=success': [0],
      'attempt.duration pipeline=p outcome=aborted': [0],
    });
  });
});

describe('retries', () => {
  test('count by what came of each, with the time slept', async () => {
    const { clock, subject, counted } = setUp(retry({ retries: 2, backoff: constant(100), budget: false }));
    const until = (n: number) => subject.run(({ attempt }) => (attempt < n ? fail() : n)).catch(() => {});
    for (const n of [1, 2, 3, 4]) void until(n);
    await clock.advance(1_000);
    expect(counted(retries, retrySleep, retryExhausted)).toEqual({
      'retries pipeline=p policy=retry result=success': 2,
      'retries pipeline=p policy=retry result=failure': 3,
      'retry.sleep pipeline=p policy=retry': 0.5,
      'retry.exhausted pipeline=p policy=retry reason=retries': 1,
    });
  });

  test('that are refused further in are rejected', async () => {
    const { clock, subject, counted } = setUp(
      retry({ retries: 2, backoff: constant(1) }),
      circuitBreaker({ consecutiveFailures: 1 }),
    );
    void subject.run(fail).catch(() => {});
    await clock.advance(10);
    expect(counted(calls, retries, rejections)).toEqual({
      'calls pipeline=p outcome=failure': 1,
      'retries pipeline=p policy=retry result=rejected': 1,
      'rejections pipeline=p policy=circuit-breaker reason=open': 1,
    });
  });

  test('during which the caller gives up are aborted; a sleep that is cut short is no retry', async () => {
    const { clock, subject, counted } = setUp(retry({ retries: 2, backoff: constant(100) }));
    const [caller, other] = [new AbortController(), new AbortController()];
    const job = work();
    watch(subject.run(job.operation, { signal: caller.signal }));
    watch(subject.run(fail, { signal: other.signal }));
    job.reject(boom);
    await clock.advance(50);
    other.abort();
    await clock.advance(50);
    caller.abort();
    await clock.advance(0);
    expect(counted(calls, retries, retrySleep)).toEqual({
      'calls pipeline=p outcome=aborted': 2,
      'retries pipeline=p policy=retry result=aborted': 1,
      'retry.sleep pipeline=p policy=retry': 0.1,
    });
  });

  test('that a fallback answers for have failed, and so have those whose time is over', async () => {
    const { clock, subject, counted } = setUp(
      fallback('kept'),
      timeout({ ms: 150 }),
      retry({ retries: 1, backoff: constant(100) }),
    );
    watch(subject.run(fail));
    watch(subject.run(({ attempt }) => (attempt === 1 ? fail() : work().operation({} as never))));
    await clock.advance(200);
    expect(counted(calls, retries)).toEqual({
      'calls pipeline=p outcome=fallback': 2,
      'retries pipeline=p policy=retry result=failure': 2,
    });
  });

  test('that the budget refuses are counted as such', async () => {
    const budget = retryBudget({ burst: 1, minPerSecond: 0, ratio: 0 });
    const { clock, subject, counted } = setUp(retry({ budget, backoff: constant(0) }));
    void subject.run(fail).catch(() => {});
    await clock.advance(0);
    expect(counted(retryExhausted)).toEqual({ 'retry.exhausted pipeline=p policy=retry reason=budget': 1 });
  });
});

test('a gate of the user’s that refuses has a series too, under its name', async () => {
  const gate = { name: 'door', enter: () => new Rejection('shut'), leave() {} };
  const { subject, counted } = setUp(gate);
  await subject.run(() => 1).catch(() => {});
  expect(counted(rejections)).toEqual({ 'rejections pipeline=p policy=door reason=other': 1 });
});

test('a result that comes after the circuit has changed is stale, in the pipeline whose run it was', async () => {
  const breaker = circuitBreaker();
  const { clock, subject, counted } = setUp(breaker);
  const job = work();
  watch(subject.run(job.operation));
  breaker.open();
  job.resolve(1);
  await clock.advance(0);
  expect(counted(circuitStale)).toEqual({ 'circuit.stale_results pipeline=p policy=circuit-breaker': 1 });
});

test('calls through another pipeline are counted there, and not in the one that stands in it', async () => {
  const inner = pipeline('inner', retry({ retries: 1, backoff: constant(0) }));
  const outer = pipeline('outer', inner);
  const { watch: count, counted } = collecting();
  count([inner, outer]);
  await outer.run(({ attempt }) => (attempt === 1 ? fail() : 1));
  await inner.run(() => 1);
  expect(counted(calls, retries)).toEqual({
    'calls pipeline=inner outcome=success': 1,
    'calls pipeline=outer outcome=success': 1,
    'retries pipeline=outer policy=retry result=success': 1,
  });
});

test('a call whose arguments are bad is no call', async () => {
  const { subject, counted } = setUp();
  await subject.run('no function' as never).catch(() => {});
  await subject.run(() => 1, { timeoutMs: -1 }).catch(() => {});
  expect(counted()).toEqual({});
});
