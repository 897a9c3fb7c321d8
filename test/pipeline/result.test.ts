/** What a run and its attempts count as, in one word: as reports, metrics and traces have it. */
import { bulkhead, type Layer, type Policy, pipeline, type RunOptions, timeout } from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import type { Recorder, Run } from '../../src/core/run.ts';
import { resultOfAttempt, resultOfGivenUp } from '../../src/pipeline/result.ts';
import { watch, work } from '../support/spies.ts';

const boom = new Error('boom');

function setUp(...policies: Policy[]) {
  const clock = new VirtualClock();
  const subject = pipeline({ name: 'p', clock }, ...policies);
  const attempts: string[] = [];
  const record = (run: Run): Recorder => ({
    began() {},
    ended: (call, outcome) => attempts.push(resultOfAttempt(call, outcome)),
    gaveUp: () => attempts.push(resultOfGivenUp(run)),
    waited() {},
    refused() {},
    timedOut() {},
    recovered() {},
    settled() {},
  });
  subject.record(record);
  const runs: string[] = [];
  subject.on('call', ({ result }) => runs.push(result));
  return { clock, subject, attempts, runs };
}

describe('an attempt', () => {
  test('that ends is a success or a failure, as the judges have it', async () => {
    const { subject, attempts } = setUp();
    const all: [() => unknown, RunOptions?][] = [
      [() => 1],
      [() => 1, { judge: () => 'failure' }],
      [() => Promise.reject(boom)],
      [() => Promise.reject(boom), { judge: () => 'success' }],
    ];
    for (const [operation, options] of all) await subject.run(operation, options).catch(() => {});
    expect(attempts).toEqual(['success', 'failure', 'failure', 'success']);
  });

  test('that ends because the caller has aborted is aborted, unless it has a value', async () => {
    const { subject, attempts } = setUp();
    const caller = new AbortController();
    const abortsThen = (end: () => unknown) => async () => {
      caller.abort('left');
      return end();
    };
    const { signal } = caller;
    await subject
      .run(
        abortsThen(() => Promise.reject(boom)),
        { signal },
      )
      .catch(() => {});
    const other = new AbortController();
    const job = work();
    const run = subject.run(job.operation, { signal: other.signal });
    job.resolve('v');
    await run;
    expect(attempts.filter((each) => each !== 'success')).toEqual(['aborted', 'aborted']);
    expect(attempts.at(-1)).toBe('success');
  });

  test('that is given up timed out, or was aborted', async () => {
    const { clock, subject, attempts } = setUp(timeout({ ms: 100 }));
    const caller = new AbortController();
    watch(subject.run(work().operation));
    await clock.advance(100);
    watch(subject.run(work().operation, { signal: caller.signal }));
    caller.abort('left');
    await clock.advance(0);
    expect([attempts[0], attempts.at(-1)]).toEqual(['timeout', 'aborted']);
  });
});

describe('a run', () => {
  test('that a layer answers without an invocation is a success, not a fallback', async () => {
    const cached: Layer = { around: () => async () => 'cached' as never };
    const { subject, runs } = setUp(cached);
    expect(await subject.run(() => 1)).toBe('cached');
    expect(runs).toEqual(['success']);
  });

  test('that was refused is a rejection, also where the caller aborts before that is told', async () => {
    const { subject, runs } = setUp(bulkhead({ concurrency: 0 }));
    const caller = new AbortController();
    const run = watch(subject.run(() => 1, { signal: caller.signal }));
    caller.abort('left');
    await new VirtualClock().advance(0);
    expect([run.state, runs]).toEqual(['rejected', ['rejected']]);
  });

  test('reports what its judge throws in the name of the pipeline', async () => {
    const { subject } = setUp();
    const faults: unknown[] = [];
    subject.on('listener-error', (event) => faults.push(event));
    await subject.run(() => 1, {
      judge: () => {
        throw boom;
      },
    });
    expect(faults).toContainEqual({ policy: 'p', pipeline: 'p', error: boom });
    expect(faults).toHaveLength(2);
  });
});
