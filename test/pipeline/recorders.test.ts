/** What writes down runs from the inside, and stands around them, as traces and metrics do. */
import {
  bulkhead,
  CircuitOpenError,
  circuitBreaker,
  constant,
  fallback,
  pipeline,
  retry,
  timeout,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';
import type { EventOrigin } from '../../src/core/events.ts';
import type { Recorder, Run } from '../../src/core/run.ts';
import { errorOf, watch as follow, work } from '../support/spies.ts';

const boom = new Error('boom');

/** Writes down all that it is told, with its name before each line. */
class Diary {
  readonly name: string;
  readonly lines: string[];
  readonly events: [string, EventOrigin][] = [];

  constructor(name: string, lines: string[] = []) {
    this.name = name;
    this.lines = lines;
  }

  readonly of = (run: Run): Recorder => {
    const write = (line: string): void => void this.lines.push(`${this.name}: ${line}`);
    return {
      around: (start) => {
        write('starts');
        return start();
      },
      invoke: (operation, call) => {
        write(`invokes ${call.attempt}`);
        const result = operation(call);
        write(`invoked ${call.attempt}`);
        return result;
      },
      began: (call) => write(`began ${call.attempt}`),
      ended: (call, { ok }) => write(`ended ${call.attempt} ${ok}`),
      gaveUp: (_, { error }) => write(`gave up: ${String(error)}`),
      waited: (policy, startMs) => write(`waited for ${run.owner.labelOf(policy)} since ${startMs}`),
      refused: (policy) => write(`refused by ${run.owner.labelOf(policy)}`),
      timedOut: (policy) => write(`timed out by ${policy && run.owner.labelOf(policy)}`),
      recovered: () => write('recovered'),
      emitted: (type, event) => this.events.push([type, event]),
      settled: ({ ok }) => write(`settled ${ok}`),
    };
  };
}

describe('what watches a run', () => {
  test('is told all of it, and is around the run and around each invocation', async () => {
    const clock = new VirtualClock();
    const subject = pipeline({ name: 'p', clock }, retry({ backoff: constant(50) }));
    const diary = new Diary('a');
    subject.record(diary.of);
    let tries = 0;
    const run = follow(
      subject.run(() => {
        diary.lines.push('operation');
        if (++tries === 1) throw boom;
        return 'v';
      }),
    );
    await clock.runAll();
    expect(run.value).toBe('v');
    const first = ['a: began 1', 'a: invokes 1', 'operation', 'a: ended 1 false'];
    const second = ['a: began 2', 'a: invokes 2', 'operation', 'a: invoked 2', 'a: ended 2 true'];
    const all = ['a: starts', ...first, 'a: waited for retry since 0', ...second, 'a: settled true'];
    expect(diary.lines).toEqual(all);
  });

  test('stands inside one that came before it, and both beside a report', async () => {
    const subject = pipeline('p');
    const lines: string[] = [];
    subject.record(new Diary('a', lines).of);
    subject.record(new Diary('b', lines).of);
    subject.on('call', ({ attempts }) => lines.push(`report of ${attempts.length}`));
    await subject.run(() => lines.push('operation'));
    const both = (line: string): string[] => [`a: ${line}`, `b: ${line}`];
    expect(lines).toEqual([
      ...both('starts'),
      ...both('began 1'),
      ...both('invokes 1'),
      'operation',
      'b: invoked 1',
      'a: invoked 1',
      ...both('ended 1 true'),
      'report of 1',
      ...both('settled true'),
    ]);
  });

  test('two are both told of refusals, waits and what is given up', async () => {
    const clock = new VirtualClock();
    const places = bulkhead({ concurrency: 1, queue: 1 });
    const subject = pipeline({ name: 'p', clock }, fallback('plan b'), timeout({ ms: 30 }), places);
    const lines: string[] = [];
    subject.record(new Diary('a', lines).of);
    subject.record(new Diary('b', lines).of);
    const permit = places.tryAcquire();
    follow(subject.run(() => new Promise(() => {})));
    expect(await subject.run(() => 'v')).toBe('plan b');
    permit?.release();
    await clock.runAll();
    const about = lines.filter((line) => /refused|waited|gave up|timed out|recovered/.test(line));
    expect(about).toEqual([
      'a: refused by bulkhead',
      'b: refused by bulkhead',
      'a: recovered',
      'b: recovered',
      'a: waited for bulkhead since 0',
      'b: waited for bulkhead since 0',
      'a: gave up: TimeoutError: p: timeout of 30 ms is over',
      'b: gave up: TimeoutError: p: timeout of 30 ms is over',
      'a: timed out by timeout',
      'b: timed out by timeout',
      'a: recovered',
      'b: recovered',
    ]);
  });

  test('need not care for events, whoever else does', async () => {
    const subject = pipeline('p', fallback('plan b'));
    const [quiet, diary] = [new Diary('a'), new Diary('b')];
    subject.record((run) => ({ ...quiet.of(run), emitted: undefined as never }));
    subject.record(diary.of);
    expect(await subject.run(() => Promise.reject(boom))).toBe('plan b');
    expect(diary.events.map(([type]) => type)).toEqual(['fallback']);
  });

  test('need not care for events that others listen to', async () => {
    const subject = pipeline('p', fallback('plan b'));
    const heard: string[] = [];
    subject.record((run) => ({ ...new Diary('a').of(run), emitted: undefined as never }));
    subject.on('fallback', ({ policy }) => heard.push(policy));
    expect(await subject.run(() => Promise.reject(boom))).toBe('plan b');
    expect(heard).toEqual(['fallback']);
  });

  test('may be nothing at all', async () => {
    const subject = pipeline('p');
    subject.record(() => undefined);
    expect(await subject.run(() => 'v')).toBe('v');
  });

  test('may let a run go unwatched', async () => {
    const subject = pipeline('p');
    const diary = new Diary('a');
    subject.record(() => undefined);
    subject.record(diary.of);
    subject.record(() => undefined);
    await subject.run(() => 'v');
    expect(diary.lines).toHaveLength(6);
  });

  test('is told nothing more of runs that start after it was let go', async () => {
    const subject = pipeline('p');
    const [a, b] = [new Diary('a'), new Diary('b')];
    const stop = subject.record(a.of);
    subject.record(b.of);
    const job = work();
    const run = subject.run(job.operation);
    stop();
    stop();
    job.resolve('v');
    await run;
    await subject.run(() => 'v');
    expect([a.lines.length, b.lines.length]).toEqual([6, 12]);
  });
});

describe('the events of a run', () => {
  test('are told under the labels of its pipeline, also where nobody listens', async () => {
    const shared = circuitBreaker({ consecutiveFailures: 1 });
    const subject = pipeline('p', circuitBreaker(), shared);
    const other = pipeline('q', shared);
    const [mine, others] = [new Diary('a'), new Diary('b')];
    subject.record(mine.of);
    other.record(others.of);
    expect(await errorOf(subject.run(() => Promise.reject(boom)))).toBe(boom);
    expect(await errorOf(subject.run(() => 'v'))).toBeInstanceOf(CircuitOpenError);
    expect(mine.events).toMatchObject([
      ['state', { policy: 'circuit-breaker-2', pipeline: 'p', from: 'closed', to: 'open', cause: boom }],
      ['reject', { policy: 'circuit-breaker-2', pipeline: 'p', state: 'open' }],
    ]);
    shared.close();
    expect(mine.events).toHaveLength(2);
    expect(others.events).toEqual([]);
  });

  test('are told beside those who listen, and to each of two', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const subject = pipeline('p', breaker);
    const heard: unknown[] = [];
    breaker.on('state', (event) => heard.push(event));
    const [a, b] = [new Diary('a'), new Diary('b')];
    subject.record(a.of);
    subject.record(b.of);
    await errorOf(subject.run(() => Promise.reject(boom)));
    expect(heard).toHaveLength(1);
    expect(a.events).toEqual([['state', heard[0]]]);
    expect(b.events).toEqual(a.events);
  });
});
